//! An error is told with the statement it belongs to, and without any value.

use futures_util::{SinkExt, pin_mut};
use proofmark_proxy::{Event, Refusal};

use crate::raw::Raw;
use crate::support::Bench;

/// Waits for the refusal by this name (or code), and gives its statement's shape.
fn refused(bench: &Bench, name: &str) -> (String, Refusal) {
    bench.event(|event| match event {
        Event::Refused { statement, refusal, .. }
            if refusal.constraint.as_deref() == Some(name) || refusal.sqlstate == name =>
        {
            Some((statement.clone(), refusal.clone()))
        }
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_constraint_and_the_statement_without_values() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    client
        .batch_execute("insert into orders values (1, 1); insert into orders values (7771, -8882)")
        .await
        .expect_err("the check refuses");
    let (statement, refusal) = refused(&bench, "orders_quantity_positive");
    assert_eq!(statement, "insert into orders values (?, -?)");
    let expected = Refusal {
        severity: "ERROR".to_owned(),
        sqlstate: "23514".to_owned(),
        schema: Some("public".to_owned()),
        table: Some("orders".to_owned()),
        column: None,
        datatype: None,
        constraint: Some("orders_quantity_positive".to_owned()),
        routine: Some("ExecConstraints".to_owned()),
    };
    assert_eq!(refusal, expected);
    let told = serde_json::to_string(&bench.events()).expect("events can be written down");
    assert!(!told.contains("7771") && !told.contains("8882"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_row_is_kept_for_the_end_of_the_lease() {
    let mut bench = Bench::start();
    let client = bench.connect("shop~rows").await;
    for sql in ["insert into orders values (1, -5)", "insert into orders values (2, null)"] {
        client.batch_execute(sql).await.expect_err("it is refused");
    }
    let lease = bench.lease_of("rows");
    drop(client);
    bench.shutdown();
    let (_, seen) = bench.given_back(lease);
    let rows: Vec<_> = seen
        .failing_rows
        .iter()
        .map(|row| {
            (
                row.table.as_str(),
                row.constraint.as_deref(),
                row.column.as_deref(),
                row.row_text.as_str(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("orders", Some("orders_quantity_positive"), None, "(1, -5)"),
            ("orders", None, Some("quantity"), "(2, null)"),
        ]
    );
    assert!(!format!("{seen:?}").contains("-5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_statement_is_named_when_it_is_refused_later() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    let insert = client.prepare("insert into orders values ($1, $2)").await.expect("prepared");
    let other = client.prepare("select 'other'").await.expect("prepared");
    client.query_one(&other, &[]).await.expect("a row");
    client.execute(&insert, &[&1, &-1]).await.expect_err("the check refuses");
    let (statement, _) = refused(&bench, "orders_quantity_positive");
    assert_eq!(statement, "insert into orders values ($1, $2)");
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_behind_a_failed_pipeline_are_not_confused_with_it() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    let good = client.prepare("insert into orders values ($1, $2)").await.expect("prepared");
    let bad = client.prepare("select 1 / $1").await.expect("prepared");
    let (first, failed, third, last) = tokio::join!(
        client.execute(&good, &[&1, &1]),
        client.execute(&bad, &[&0]),
        client.execute(&good, &[&2, &2]),
        client.execute(&good, &[&3, &-3]),
    );
    assert!(first.is_ok() && failed.is_err() && third.is_ok() && last.is_err());
    assert_eq!(refused(&bench, "22012").0, "select ? / $1");
    let (statement, _) = refused(&bench, "orders_quantity_positive");
    assert_eq!(statement, "insert into orders values ($1, $2)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_constraint_speaks_up_at_the_commit_or_at_the_sync() {
    let bench = Bench::start();
    let mut client = bench.connect("shop").await;
    let transaction = client.transaction().await.expect("it begins");
    transaction.execute("insert into lines values (1, 99)", &[]).await.expect("not checked yet");
    transaction.commit().await.expect_err("checked now");
    assert_eq!(refused(&bench, "lines_order").0, "COMMIT");
    client.execute("insert into lines values (2, 98)", &[]).await.expect_err("checked at once");
    let told = |statement: &str| {
        bench.event(|event| match event {
            Event::Refused { statement: told, refusal, .. } if told == statement => {
                Some(refusal.constraint.clone())
            }
            _ => None,
        })
    };
    assert_eq!(told("insert into lines values (?, ?)").as_deref(), Some("lines_order"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_copy_is_named() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    let sink = client.copy_in("copy orders from stdin").await.expect("COPY begins");
    pin_mut!(sink);
    sink.send(&b"1\t-1\n"[..]).await.expect("it is taken");
    sink.finish().await.expect_err("the check refuses");
    assert_eq!(refused(&bench, "orders_quantity_positive").0, "copy orders from stdin");
    client.batch_execute("select broken").await.expect_err("no such column");
    assert_eq!(refused(&bench, "42703").0, "select broken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_the_server_drops_during_copy_shifts_nothing() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 0, "shop");
    raw.until(b'Z');
    let mut bytes = Vec::new();
    let text = b"copy orders from stdin";
    proofmark_wire::frontend::Parse { name: b"", text, parameter_types: Vec::new() }
        .write(&mut bytes);
    proofmark_wire::frontend::Bind {
        portal: b"",
        statement: b"",
        parameter_formats: Vec::new(),
        parameters: Vec::new(),
        result_formats: Vec::new(),
    }
    .write(&mut bytes);
    proofmark_wire::frontend::Execute { portal: b"", rows_max: 0 }.write(&mut bytes);
    proofmark_wire::frame(&mut bytes, b'S', |_| {});
    raw.send(&bytes);
    raw.until(b'G');
    bytes.clear();
    proofmark_wire::frame(&mut bytes, b'd', |body| body.extend_from_slice(b"1\t1\n"));
    proofmark_wire::frame(&mut bytes, b'c', |_| {});
    proofmark_wire::frame(&mut bytes, b'S', |_| {});
    raw.send(&bytes);
    raw.until(b'Z');
    raw.query("select broken");
    raw.until(b'Z');
    assert_eq!(refused(&bench, "42703").0, "select broken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_tells_its_statements_and_errors_when_it_closes() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    client.batch_execute("select 1").await.expect("it runs");
    client.query_one("select $1::int", &[&1]).await.expect("it runs");
    client.batch_execute("select broken").await.expect_err("no such column");
    drop(client);
    let closed = bench.event(|event| match event {
        Event::SessionClosed { statements, errors, left_in_transaction, abrupt, .. } => {
            Some((*statements, *errors, *left_in_transaction, *abrupt))
        }
        _ => None,
    });
    assert_eq!(closed, (3, 1, false, false));
}
