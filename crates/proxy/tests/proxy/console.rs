//! The console, with the simple and the extended protocol.

use proofmark_proxy::{Ended, Event, Identity, Lane};
use tokio_postgres::SimpleQueryMessage;

use crate::client_process::ClientProcess;
use crate::raw::Raw;
use crate::support::{Bench, current_database, direct, error_of};

/// Rows of a simple query, as text.
async fn rows(client: &tokio_postgres::Client, sql: &str) -> Vec<Vec<String>> {
    let messages = client.simple_query(sql).await.expect("the console answers");
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len()).map(|index| row.get(index).unwrap_or_default().to_owned()).collect(),
        ),
        _ => None,
    };
    messages.iter().filter_map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_taken_on_the_console_is_the_one_its_url_leads_to() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let [lease] = &rows(&console, "LEASE shop FOR 'orders::pays'").await[..] else {
        panic!("one row")
    };
    let [test, url, database, lane] = &lease[..] else { panic!("four columns") };
    assert_eq!((test.as_str(), lane.as_str()), ("orders::pays", "proxy"));
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the URL leads there");
    tokio::spawn(connection);
    assert_eq!(current_database(&client).await, *database);
    assert_eq!(rows(&console, "lease shop for 'orders::pays';").await[0][2], *database);
    assert_eq!(bench.databases.taken().len(), 1);
    let shown = rows(&console, "SHOW LEASES").await;
    assert_eq!(shown[0][1..], ["orders::pays", "shop", database, "console", "1"]);
    let identity = bench.event(|event| match event {
        Event::LeaseGiven { identity, .. } => Some(identity.clone()),
        _ => None,
    });
    assert_eq!(identity, Identity::Console);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_fits_no_url_is_addressed_by_number() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let plain = rows(&console, "LEASE shop FOR 'a.b-c_d~e'").await;
    assert!(plain[0][1].ends_with("/shop~a.b-c_d~e"), "{plain:?}");
    let odd = rows(&console, "LEASE shop FOR 'größe [10%]'").await;
    assert!(odd[0][1].ends_with("/shop~~2"), "{odd:?}");
    let (client, connection) =
        tokio_postgres::connect(&odd[0][1], tokio_postgres::NoTls).await.expect("it leads there");
    tokio::spawn(connection);
    assert_eq!(current_database(&client).await, odd[0][2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_direct_lane_goes_past_the_proxy() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let lease = rows(&console, "LEASE shop FOR 't' DIRECT").await;
    assert_eq!(lease[0][3], "direct");
    let (client, connection) =
        tokio_postgres::connect(&lease[0][1], tokio_postgres::NoTls).await.expect("it leads there");
    tokio::spawn(connection);
    assert_eq!(current_database(&client).await, lease[0][2]);
    assert!(!bench.events().iter().any(|event| matches!(event, Event::SessionOpened { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_on_the_direct_lane_was_refused_is_told_like_what_was_seen() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    rows(&console, "LEASE shop FOR 't' DIRECT").await;
    let told = r#"REFUSED shop FOR 't' AS '{
        "severity": "ERROR", "sqlstate": "23514", "schema": "public", "table": "orders",
        "column": "", "constraint": "orders_total_positive", "routine": "ExecConstraints",
        "detail": "Failing row contains (1, 4711).",
        "statement": "insert into orders values (1, 4711, ''secret'')"}'"#;
    console.batch_execute(told).await.expect("it is held on the direct lane");
    let event = bench.event(|event| match event {
        Event::Refused { .. } => Some(event.clone()),
        _ => None,
    });
    let Event::Refused { lease, lane, statement, refusal, .. } = &event else { unreachable!() };
    assert_eq!((*lease, *lane), (bench.lease_of("t"), Lane::Direct));
    assert_eq!(statement, "insert into orders values (?, ?, ?)");
    assert_eq!(refusal.sqlstate, "23514");
    assert_eq!(refusal.constraint.as_deref(), Some("orders_total_positive"));
    assert_eq!((refusal.table.as_deref(), refusal.column.as_deref()), (Some("orders"), None));
    let written = serde_json::to_string(&event).expect("an event is JSON");
    assert!(!written.contains("4711") && !written.contains("secret"), "{written}");
    console.batch_execute("RETURN 't'").await.expect("it is held");
    let (_, seen) = bench.given_back(*lease);
    assert_eq!(seen.failing_rows[0].row_text, "(1, 4711)");
    assert!(rows(&console, "SHOW TRACE").await.contains(&vec!["refusals".into(), "1".into()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_cannot_be_taken_is_refused_with_an_example() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    rows(&console, "LEASE shop FOR 'direct' DIRECT").await;
    rows(&console, "LEASE shop FOR 'watched'").await;
    for (sql, sqlstate, hint) in [
        ("REFUSED shop FOR 'nobody' AS '{}'", "42704", "SHOW LEASES"),
        ("REFUSED bank FOR 'direct' AS '{}'", "42704", "SHOW LEASES"),
        (r#"REFUSED shop FOR 'watched' AS '{"sqlstate": "23505"}'"#, "55000", "DIRECT"),
        ("REFUSED shop FOR 'direct' AS '{}'", "22023", "REFUSED shop FOR"),
        (r#"REFUSED shop FOR 'direct' AS '{"sqlstate": "no"}'"#, "22023", "REFUSED shop FOR"),
        ("REFUSED shop FOR 'direct'", "42601", "REFUSED shop FOR"),
    ] {
        let error = console.batch_execute(sql).await.expect_err(sql);
        let (code, message, told, _) = error_of(&error);
        assert_eq!(code, sqlstate, "{sql}: {message}");
        assert!(told.contains(hint), "{sql}: {told}");
    }
    assert!(!bench.events().iter().any(|event| matches!(event, Event::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_closes_the_sessions_and_waits_for_the_source() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let client = bench.connect("shop~t").await;
    client.batch_execute("begin").await.expect("it runs");
    let lease = bench.lease_of("t");
    console.batch_execute("RETURN 't' FAILED").await.expect("it is held");
    let (failed, seen) = bench.databases.given_back(lease).expect("the console waited");
    assert_eq!((failed, seen.sessions_left_in_transaction), (true, 1));
    assert_eq!(bench.ended(lease), (Ended::Returned, true));
    client.batch_execute("select 1").await.expect_err("the session is closed");
    let error = console.batch_execute("RETURN 't'").await.expect_err("it is not held any more");
    assert_eq!(error_of(&error).0, "42704");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_leaving_is_not_told_that_its_lease_has_ended() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    rows(&console, "LEASE shop FOR 't'").await;
    let mut leaving = Raw::start(bench.port, 0, "shop~t");
    leaving.until(b'Z');
    // Drivers that do not wait for their own goodbye return the lease in the same moment.
    leaving.send(b"X\0\0\0\x04");
    console.batch_execute("RETURN 't'").await.expect("it is held");
    assert!(leaving.message().is_none(), "the end, and no error before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_still_connected_at_the_return_is_counted_and_who_said_goodbye_is_not() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let stays = bench.connect("shop~t").await;
    let mut leaving = Raw::start(bench.port, 0, "shop~t");
    leaving.until(b'Z');
    leaving.send(b"X\0\0\0\x04");
    let lease = bench.lease_of("t");
    console.batch_execute("RETURN 't'").await.expect("it is held");
    assert_eq!(bench.given_back(lease).1.sessions_left_open, 1);
    stays.batch_execute("select 1").await.expect_err("the session is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_the_return_is_carried_out_although_nobody_waits_for_the_answer() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let mut hasty = Raw::start(bench.port, 0, "shop~t");
    hasty.until(b'Z');
    let lease = bench.lease_of("t");
    // A statement and the goodbye in one packet.
    let sql = b"insert into nowhere values (1)\0";
    let length = u32::try_from(sql.len() + 4).expect("it is short").to_be_bytes();
    hasty.send(&[b"Q", &length[..], &sql[..], b"X\0\0\0\x04"].concat());
    console.batch_execute("RETURN 't'").await.expect("it is held");
    assert_eq!(bench.given_back(lease).1.sessions_left_open, 0);
    let refused = bench.event(|event| match event {
        Event::Refused { statement, refusal, .. } => {
            Some((statement.clone(), refusal.sqlstate.clone()))
        }
        _ => None,
    });
    let shape = "insert into nowhere values (?)";
    assert_eq!(refused, (shape.to_owned(), "42P01".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn prepared_statements_and_parameters_are_understood() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    let statement = console.prepare("LEASE shop FOR $1").await.expect("it is prepared");
    assert_eq!(statement.params(), [tokio_postgres::types::Type::TEXT]);
    let names: Vec<_> = statement.columns().iter().map(tokio_postgres::Column::name).collect();
    assert_eq!(names, ["test", "url", "database", "lane"]);
    let row = console.query_one(&statement, &[&"it's"]).await.expect("a row");
    assert_eq!(row.get::<_, &str>("test"), "it's");
    assert_eq!(console.execute("RETURN $1", &[&"it's"]).await.expect("it is held"), 0);
    let shown = console.query("SHOW LEASES", &[]).await.expect("rows");
    assert_eq!(shown.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drivers_send_on_their_own_does_no_harm() {
    let bench = Bench::start();
    let mut console = bench.connect("proofmark").await;
    console.batch_execute("SET extra_float_digits = 3; SELECT 1; DISCARD ALL").await.expect("fine");
    let transaction = console.transaction().await.expect("it begins");
    let row = transaction.query_one("select version()", &[]).await.expect("a row");
    assert!(row.get::<_, &str>(0).contains("Proofmark"));
    transaction.commit().await.expect("it ends");
    let version = rows(&console, "SHOW VERSION").await;
    assert_eq!(version, [[format!("proofmark {}", env!("CARGO_PKG_VERSION"))]]);
    assert!(rows(&console, "SHOW HELP").await.len() > 5);
    console.batch_execute("").await.expect("nothing is nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_counts_what_was_seen() {
    let bench = Bench::start();
    let client = bench.connect("shop~t").await;
    client.batch_execute("select broken").await.expect_err("no such column");
    let console = bench.connect("proofmark").await;
    let trace = rows(&console, "SHOW TRACE").await;
    assert!(trace.contains(&vec!["leases given".to_owned(), "1".to_owned()]), "{trace:?}");
    assert!(trace.contains(&vec!["refusals".to_owned(), "1".to_owned()]), "{trace:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_statement_is_refused_with_the_commands() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    for sql in ["DROP TABLE orders", "LEASE shop"] {
        let simple = console.batch_execute(sql).await.expect_err("it is no command");
        let prepared = console.prepare(sql).await.expect_err("it is no command");
        for error in [simple, prepared] {
            let (code, message, hint, routine) = error_of(&error);
            assert_eq!((code.as_str(), routine.as_str()), ("42601", "proofmark_proxy"));
            assert!(message.starts_with("proofmark: "), "{message}");
            assert!(hint.contains("LEASE shop FOR 'name'"), "{hint}");
        }
    }
    let error = console.batch_execute("LEASE other FOR 't'").await.expect_err("no template");
    assert_eq!(error_of(&error).0, "3D000");
    console.batch_execute("SELECT 1").await.expect("the session survives");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_taken_by_a_process_of_the_command_ends_with_it() {
    let bench = Bench::with(|options, _| options.root_pid = Some(std::process::id()));
    let mut client = ClientProcess::start(&bench.url("proofmark"), &[]);
    assert_eq!(client.ask("LEASE shop FOR 'held'"), "held");
    let lease = bench.lease_of("held");
    assert_eq!(bench.databases.given_back(lease), None);
    client.kill();
    assert_eq!(bench.ended(lease), (Ended::ProcessEnded, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_nobody_has_connected_to_is_not_idle() {
    let bench = Bench::with(|options, _| options.grace = std::time::Duration::ZERO);
    let console = bench.connect("proofmark").await;
    rows(&console, "LEASE shop FOR 'waiting'").await;
    drop(bench.connect("shop~idle").await);
    let idle = bench.lease_of("idle");
    assert_eq!(bench.ended(idle), (Ended::Idle, false));
    let shown = rows(&console, "SHOW LEASES").await;
    assert_eq!(shown[0][1], "waiting");
    let real = &shown[0][3];
    direct(real).await.batch_execute("select 1").await.expect("the database is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_protocol_3_2_is_told_that_3_0_is_spoken() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 2, "proofmark");
    let greeting = raw.until(b'Z');
    assert_eq!(greeting[0], (b'v', vec![0, 3, 0, 0, 0, 0, 0, 0]));
    raw.query("SHOW VERSION");
    assert_eq!(raw.until(b'Z').iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), b"TDCZ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_ends_the_conversation() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 0, "proofmark");
    raw.until(b'Z');
    raw.send(&[b'Q', 0x40, 0, 0, 0]);
    let (code, _, routine) = raw.farewell();
    assert_eq!((code.as_str(), routine.as_str()), ("08P01", "proofmark_proxy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn return_tells_which_invariant_the_database_breaks_and_the_lease_has_ended_all_the_same() {
    let broken = "invariant `stock` is broken\n  level: 7";
    let bench = Bench::with(|_, databases| databases.broken.push(broken.to_owned()));
    let console = bench.connect("proofmark").await;
    rows(&console, "LEASE shop FOR 't'").await;
    let error = console.batch_execute("RETURN 't'").await.expect_err("something is broken");
    let refused = error.as_db_error().expect("the console's own");
    assert_eq!(refused.code().code(), "P0004");
    assert_eq!(refused.message(), format!("proofmark: {broken}"));
    assert_eq!(refused.hint(), Some("the lease has ended"));
    assert_eq!(rows(&console, "SHOW LEASES").await, Vec::<Vec<String>>::new());
}
