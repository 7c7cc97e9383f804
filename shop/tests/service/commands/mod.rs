//! The built program: what it says, what it leaves, and what its exit codes tell.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::client::Client;

fn shop(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    command.args(arguments).env("SHOP_DATA", data).env_remove("DATABASE_URL");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    shop(data, arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

/// Runs it and expects success; gives what it printed.
#[track_caller]
pub fn done(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

/// A service that was started and is ready.
#[derive(Debug)]
pub struct Serving {
    process: Child,
    said: Vec<String>,
    rest: BufReader<ChildStdout>,
}

impl Serving {
    pub fn start(data: &Path) -> Self {
        let mut command =
            shop(data, &["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        // Logs would fill a pipe that nobody reads.
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let rest = BufReader::new(process.stdout.take().unwrap());
        let mut serving = Self { process, said: Vec::new(), rest };
        while !serving.said.last().is_some_and(|line| line.starts_with("ready")) {
            let mut line = String::new();
            assert!(serving.rest.read_line(&mut line).unwrap() > 0, "it ended: {:?}", serving.said);
            serving.said.push(line.trim().to_owned());
        }
        serving
    }

    pub fn told(&self, name: &str) -> Option<String> {
        let line = self.said.iter().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next().map(ToOwned::to_owned)
    }

    /// Where it listens: `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        self.told("api").unwrap().trim_end_matches("/v1").to_owned()
    }

    pub fn client(&self, key: &str) -> Client {
        Client::new(&self.url()).with_token(key)
    }

    /// Ends it with a signal; its exit code, none when the signal was what ended it.
    pub fn end(mut self, signal: Signal) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        kill(pid, signal).unwrap();
        let mut last = String::new();
        drop(self.rest.read_to_string(&mut last));
        self.process.wait().unwrap().code()
    }
}

/// An order whose lines are missing, written with the triggers switched off.
async fn go_past_the_rules(data: &Path) {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(data.join("socket"))
        .port(5432)
        .username("postgres")
        .database("shop");
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::raw_sql(
        "SET session_replication_role = replica;
         INSERT INTO orders (id, email, currency, tax_included, lines_subtotal, grand_total)
         VALUES (gen_random_uuid(), 'a@example.org', 'EUR', true, 700, 700)",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
}

/// One story on one data directory, because making one takes a second or two.
#[tokio::test]
async fn the_service_keeps_its_data_its_keys_and_its_word() {
    let root = tempfile::tempdir().unwrap();
    // Where root runs the tests, the server runs as another user who has to pass through.
    std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .unwrap();
    let data = &root.path().join("data");

    let said = done(data, &["migrate"]);
    assert!(said.contains("migrated  0001_foundation.sql"), "{said}");
    assert!(done(data, &["migrate"]).contains("schema  up to date"));

    let first = Serving::start(data);
    let key = first.told("key").expect("the first key is shown");
    assert_eq!(first.client(&key).get("/health/ready").await.status, 200);
    let new = serde_json::json!({ "title": "Mug", "tax_class": "standard", "status": "active" });
    let product = first.client(&key).post("/v1/products", new).await.text_of(201, "id");
    let admin = Client::new(first.told("admin").unwrap().trim_end_matches('/'));
    assert!(admin.get("/").await.text.contains("<h1>Overview</h1>"));

    // One service has the directory; other commands join its server.
    let second = run(data, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second).contains("is in use by another process"), "{}", text(&second));
    let keys = done(data, &["keys", "list"]);
    assert!(keys.contains("first key") && keys.contains("18 scopes"), "{keys}");
    let secret = key.rsplit_once('_').unwrap().1;
    assert!(!keys.contains(secret), "a secret is shown once");
    let said = done(data, &["keys", "create", "a till", "--scope", "orders.read"]);
    let till = said.split_whitespace().nth(1).unwrap().to_owned();
    let refused = first.client(&till).get("/v1/products").await;
    refused.expect_problem(403, "scope_missing");
    let refused = run(data, &["keys", "create", "x", "--scope", "no.such"]);
    assert!(text(&refused).contains("there is no such scope"), "{}", text(&refused));

    // Killed: what was answered is there, and no second first key.
    assert_eq!(first.end(Signal::SIGKILL), None);
    let second = Serving::start(data);
    assert_eq!(second.told("key"), None);
    let shown = second.client(&key).get(&format!("/v1/products/{product}")).await;
    assert_eq!(shown.expect(200)["title"], "Mug");

    // A key that is rotated works until it ends; one that is revoked does not.
    let id = keys.lines().find_map(|line| line.split_whitespace().find(|w| w.starts_with("key_")));
    let rotated = done(data, &["keys", "rotate", id.unwrap(), "--hours", "1"]);
    let next = rotated.split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(second.client(&next).get("/v1/products").await.status, 200);
    done(data, &["keys", "revoke", id.unwrap()]);
    assert_eq!(second.end(Signal::SIGTERM), Some(0));
    let third = Serving::start(data);
    assert_eq!(third.client(&next).get("/v1/products").await.status, 200);
    third.client(&key).get("/v1/products").await.expect_problem(401, "credentials_invalid");

    // All invariants hold, until somebody goes past the rules.
    assert!(done(data, &["check"]).contains("0 are broken"));
    go_past_the_rules(data).await;
    let broken = run(data, &["check"]);
    assert_eq!(broken.status.code(), Some(10), "{}", text(&broken));
    assert!(text(&broken).contains("BROKEN  order_equals_its_lines"), "{}", text(&broken));
    assert_eq!(third.end(Signal::SIGINT), Some(0));
}

#[tokio::test]
async fn a_seed_gives_a_shop_in_which_every_rule_holds() {
    let root = tempfile::tempdir().unwrap();
    std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .unwrap();
    let data = &root.path().join("data");
    let said = done(data, &["seed", "--seed", "7"]);
    assert!(said.contains("24 products with"), "{said}");
    assert!(said.contains("40 customers, 57 orders, 3 open carts"), "{said}");
    let again = run(data, &["seed"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again).contains("the shop has products already"), "{}", text(&again));
    assert!(done(data, &["check"]).contains("0 are broken"));
}

#[test]
fn the_help_says_where_to_begin() {
    let nowhere = Path::new("/nonexistent");
    let help = done(nowhere, &["--help"]);
    assert!(help.contains("Begin with `shop serve`"), "{help}");
    for verb in ["serve", "worker", "migrate", "seed", "check", "keys", "openapi"] {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
        assert!(done(nowhere, &[verb, "--help"]).contains("Usage: shop"), "{verb}");
    }
    let document: serde_json::Value =
        serde_json::from_str(&done(nowhere, &["openapi"])).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let open = run(nowhere, &["serve", "--admin", "0.0.0.0:1", "--database-url", "nonsense"]);
    assert_eq!(open.status.code(), Some(1));
    assert!(text(&open).contains("DATABASE_URL is not a connection string"), "{}", text(&open));
}
