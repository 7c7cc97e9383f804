//! Logs: what is in them, and what never is.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use reqwest::Method;
use serde_json::Value;
use shop::telemetry::log::{Described, Format, subscriber};
use tracing_subscriber::fmt::MakeWriter;

use crate::client::{AuthedClient, key};
use crate::security::document::operations;

/// What is in every secret and personal value of these tests, and nowhere else.
const MARK: &str = "mark3d";

/// Every line of this process that names this file's requests or holds the mark. Tests run side by
/// side in one process, whose subscriber is one.
#[derive(Debug, Clone, Default)]
struct Lines {
    kept: Arc<Mutex<Vec<String>>>,
    all: Arc<AtomicUsize>,
}

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.all.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(line);
        if text.contains(MARK) || text.contains("telemetry-logs") {
            self.kept.lock().unwrap().push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Everything that this process logs from now on, of the service at its most talkative and of the
/// driver with every statement.
fn lines() -> Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    let begin = || {
        let lines = Lines::default();
        let all = subscriber(Format::Json, "info,shop=trace,sqlx=debug", lines.clone()).unwrap();
        tracing::subscriber::set_global_default(all).unwrap();
        lines
    };
    LINES.get_or_init(begin).clone()
}

fn of(lines: &Lines, id: &str) -> Vec<Value> {
    let kept = lines.kept.lock().unwrap();
    let own = kept.iter().filter(|line| line.contains(id));
    own.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[proofmark::test]
async fn a_request_is_one_line_with_its_id_route_and_status(client: AuthedClient) {
    let lines = lines();
    let request = client.request(Method::GET, "/v1/products?limit=7");
    request.header("x-request-id", "telemetry-logs-one").send().await.expect(200);
    let own = of(&lines, "telemetry-logs-one");
    let answered: Vec<_> = own.iter().filter(|line| line["message"] == "answered").collect();
    let [line] = answered[..] else { panic!("{own:#?}") };
    assert_eq!(line["status"], 200, "{line}");
    assert_eq!(line["span"]["route"], "/v1/products", "{line}");
    assert_eq!(line["span"]["method"], "GET", "{line}");
    assert!(line["duration_ms"].is_number(), "{line}");
    assert!(!line.to_string().contains("limit"), "no query: {line}");
}

/// A marked value in every place of every request, as secrets, and as what the database refuses.
#[proofmark::test]
async fn no_line_holds_what_somebody_sent(client: AuthedClient) {
    let lines = lines();
    let before = lines.all.load(Ordering::Relaxed);
    let document: Value = client.get("/openapi.json").await.expect(200).clone();
    let marked = [format!("{MARK}-1"), format!("{MARK}@example.org"), format!("{MARK}\u{0}")];
    for operation in &operations(&document) {
        let sample = operation.sample();
        for place in operation.places() {
            for text in &marked {
                let sample = sample.with(&place, text);
                let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
                let request = client
                    .request(method, &sample.target(&operation.path))
                    .header("user-agent", MARK)
                    .header("cookie", MARK)
                    .header("x-request-id", &format!("{MARK} with spaces"))
                    .key(&format!("{MARK}-{}", uuid::Uuid::new_v4()));
                match &sample.body {
                    Some(body) => request.json(body).send().await,
                    None => request.send().await,
                };
            }
        }
    }
    for token in [format!("shop_{MARK}_{MARK}"), MARK.to_owned()] {
        client.with_token(&token).get("/v1/products").await.expect(401);
    }
    client.get(&format!("/{MARK}/{MARK}?{MARK}={MARK}")).await.expect(404);
    let scopes = crate::client::every_scope(&client.make).await;
    let secret = key(&client.make, &scopes).await;
    client.with_token(&secret).get("/v1/products").await.expect(200);
    assert!(lines.all.load(Ordering::Relaxed) > before, "lines were written");
    let kept = lines.kept.lock().unwrap();
    let leaks: Vec<_> =
        kept.iter().filter(|line| line.contains(MARK) || line.contains(&secret[18..])).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// PostgreSQL repeats a value in what it says of it; the log does not.
#[proofmark::test]
async fn an_error_of_the_database_is_told_without_its_values(client: AuthedClient) {
    let db = &client.make.db;
    for (sql, told) in [
        ("SELECT 'v4lue'::uuid", "SQLSTATE 22P02"),
        (
            "INSERT INTO tax_class (code, name) VALUES ('v4lue', 'a'), ('v4lue', 'b')",
            "SQLSTATE 23505, table tax_class, constraint tax_class_identity",
        ),
    ] {
        let error = sqlx::raw_sql(sql).execute(db).await.unwrap_err();
        assert!(error.to_string().contains("v4lue") || format!("{error:?}").contains("v4lue"));
        assert_eq!(Described(&error).to_string(), told);
        let inside = shop::database::DatabaseError::from(error);
        assert_eq!(Described(&inside).to_string(), told, "also as the source of another");
    }
}
