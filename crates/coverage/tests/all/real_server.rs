//! A suite with known attempts against a real server, one lease per test.

use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use expect_test::{Expect, expect};
use proofmark_coverage::cover;
use proofmark_pool::{
    Ending, Format, Migrations, Pool, PoolOptions, Recipe, Session, Target, Template,
};
use proofmark_postgres::{Address, Cache, Search, Server, ServerOptions, base_image, find};
use proofmark_trace::{
    Entry, Event, Header, Identity, Lane, LeaseId, LeaseReturned, Record, Refusal, Run, RunId,
    SessionId, TestName, Trace,
};

use crate::shown::show;

/// One server for all tests, also of several processes; its keeper ends it after the last.
fn address() -> &'static Address {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let found = find(&Search::new()).expect("a PostgreSQL to test with");
            let image = base_image(&found.installation, &Cache::user()).expect("initdb works");
            let options = ServerOptions::default();
            Server::join_or_start("coverage-tests", &found.installation, &image, &options)
                .expect("it starts")
        })
        .address()
}

async fn pool(run: &str) -> Result<Pool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all");
    let recipe = Recipe {
        database: "shop".to_owned(),
        migrations: Migrations::Directory { path: root.join("migrations"), format: Format::Auto },
        seeds: Vec::new(),
        root,
    };
    let target = Target::private(address()).await?;
    let ingredients = recipe.read()?;
    let key = ingredients.key("shop", target.version());
    let (template, _) = Template::ensure(&target, &recipe, &ingredients, &key, &|_| {}).await?;
    let options =
        PoolOptions { run: format!("{run}_{}", std::process::id()), ..PoolOptions::default() };
    Ok(Pool::open(target, template, options).await?)
}

/// Runs each test in a lease of its own, every line of it as one message, and tells a trace what
/// a proxy would tell it.
async fn trace(run: &str, tests: &[(&str, &str)]) -> Result<Trace> {
    let pool = pool(run).await?;
    let mut records = Vec::new();
    for (number, (test, statements)) in (1..).zip(tests) {
        let lease = pool.lease().await?;
        let (id, session_id) = (LeaseId(number), SessionId(number));
        let session = Session::open(&pool.target().config(&lease.database)).await?;
        if number == 1 {
            let catalog = Box::new(proofmark_catalog::read(&session).await?);
            records.push(Record::Catalog { database: "shop".to_owned(), catalog });
        }
        records.push(Record::Proxy(Event::LeaseGiven {
            lease: id,
            database: "shop".to_owned(),
            test: TestName::new(test),
            identity: Identity::Process,
            real_database: lease.database.clone(),
            wait_us: 1,
        }));
        for statement in statements.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let Err(error) = session.batch_execute(statement).await else { continue };
            let error = error.as_db_error().context("an error of the server")?;
            records.push(Record::Proxy(Event::Refused {
                session: session_id,
                lease: id,
                lane: Lane::Proxy,
                statement: statement.to_owned(),
                refusal: Refusal {
                    severity: error.severity().to_owned(),
                    sqlstate: error.code().code().to_owned(),
                    schema: error.schema().map(str::to_owned),
                    table: error.table().map(str::to_owned),
                    column: error.column().map(str::to_owned),
                    datatype: error.datatype().map(str::to_owned),
                    constraint: error.constraint().map(str::to_owned),
                    routine: error.routine().map(str::to_owned),
                },
            }));
        }
        session.close().await;
        let returned = pool.give_back(&lease, Ending::default()).await?;
        records.push(Record::LeaseReturned(LeaseReturned {
            lease: id,
            database: "shop".to_owned(),
            test: TestName::new(test),
            failed: false,
            kept: None,
            written: returned.written,
            masked: Vec::new(),
            checked: 0,
            broken: Vec::new(),
            left: Vec::new(),
            how: proofmark_trace::How::default(),
            verified: false,
            differs: Vec::new(),
        }));
    }
    pool.close().await?;
    let mut finished = Run::new(Header::now(RunId::new(run)));
    for (seq, record) in (1..).zip(records) {
        finished.push(Entry { seq, at_us: seq, record });
    }
    Ok(Trace { runs: vec![finished] })
}

/// Only the promises that were tried, and what could not be attributed.
async fn check(run: &str, tests: &[(&str, &str)], expected: Expect) -> Result<()> {
    let coverage = cover(&trace(run, tests).await?);
    let tried: Vec<String> = show(&coverage)
        .lines()
        .filter(|line| !line.ends_with(" Never") && !line.contains("left out"))
        .map(str::to_owned)
        .collect();
    expected.assert_eq(&tried.join("\n"));
    Ok(())
}

#[tokio::test]
async fn rows_and_refusals_of_partitions_are_the_roots() -> Result<()> {
    check(
        "partitions",
        &[
            ("accepts", "INSERT INTO event VALUES (1, '2024-05-05', 'seeded', 5)"),
            ("check", "INSERT INTO event VALUES (1, '2025-05-05', 'seeded', 0)"),
            (
                "key",
                "INSERT INTO event VALUES (1, '2025-05-05', 'seeded', 5)
                 INSERT INTO event VALUES (1, '2025-05-05', 'seeded', 5)",
            ),
            ("reference", "INSERT INTO event VALUES (1, '2024-05-05', 'odd', 5)"),
            ("nowhere", "INSERT INTO event VALUES (1, '1999-05-05', 'seeded', 5)"),
        ],
        expect![[r#"
            public.event.event_key RefusedAndAccepted refused 1 in 1: key accepted 2 in 2: accepts key
            public.event.event_kind_known RefusedAndAccepted refused 1 in 1: reference accepted 2 in 2: accepts key
            public.event.event_seats_positive RefusedAndAccepted refused 1 in 1: check accepted 2 in 2: accepts key
            23514 Error(NoPartition) event refused 1 in 1: nowhere"#]],
    )
    .await
}

#[tokio::test]
async fn a_deferred_promise_speaks_at_commit() -> Result<()> {
    check(
        "deferred",
        &[
            ("refused", "BEGIN; INSERT INTO line VALUES (1, 9)\nCOMMIT"),
            ("rolled back", "BEGIN; INSERT INTO line VALUES (2, 9)\nROLLBACK"),
        ],
        expect![[r#"
            public.line.line_account RefusedOnly refused 1 in 1: refused
            public.line.line_key AcceptedOnly accepted 1 in 1: rolled back"#]],
    )
    .await?;
    check(
        "deferredkept",
        &[("kept", "INSERT INTO account (id) VALUES (1)\nINSERT INTO line VALUES (1, 1)")],
        expect![[r#"
            public.account.account_balance_covered AcceptedOnly accepted 1 in 1: kept
            public.account.account_email_once AcceptedOnly accepted 1 in 1: kept
            public.account.account_key AcceptedOnly accepted 1 in 1: kept
            public.line.line_account AcceptedOnly accepted 1 in 1: kept
            public.line.line_key AcceptedOnly accepted 1 in 1: kept"#]],
    )
    .await
}

#[tokio::test]
async fn on_conflict_is_an_acceptance_or_nothing_but_no_refusal() -> Result<()> {
    check(
        "onconflict",
        &[
            (
                "own row",
                "INSERT INTO account VALUES (1, 'a', 5)
                 INSERT INTO account VALUES (1, 'a', 5) ON CONFLICT DO NOTHING",
            ),
            ("seed", "INSERT INTO kind VALUES ('seeded') ON CONFLICT DO NOTHING"),
        ],
        expect![[r#"
            public.account.account_balance_covered AcceptedOnly accepted 1 in 1: own row
            public.account.account_email_once AcceptedOnly accepted 1 in 1: own row
            public.account.account_key AcceptedOnly accepted 1 in 1: own row"#]],
    )
    .await
}

#[tokio::test]
async fn an_error_that_a_function_swallowed_is_not_claimed() -> Result<()> {
    check(
        "swallowed",
        &[("check", "SELECT swallow('INSERT INTO account VALUES (1, ''a'', -5)')")],
        expect![[r#""#]],
    )
    .await
}

/// A limit: without the error on the wire, the statistics alone cannot tell this row from one that
/// was accepted and rolled back.
#[tokio::test]
async fn the_row_of_a_swallowed_duplicate_looks_like_one_that_was_rolled_back() -> Result<()> {
    check(
        "duplicate",
        &[("duplicate", "SELECT swallow('INSERT INTO kind VALUES (''seeded'')')")],
        expect!["public.kind.kind_key AcceptedOnly accepted 1 in 1: duplicate"],
    )
    .await
}

#[tokio::test]
async fn a_suite_that_rolls_everything_back_has_accepted_all_the_same() -> Result<()> {
    check(
        "rollback",
        &[("rolled back", "BEGIN\nINSERT INTO account VALUES (1, 'a', 5)\nROLLBACK")],
        expect![[r#"
            public.account.account_balance_covered AcceptedOnly accepted 1 in 1: rolled back
            public.account.account_email_once AcceptedOnly accepted 1 in 1: rolled back
            public.account.account_key AcceptedOnly accepted 1 in 1: rolled back"#]],
    )
    .await
}
