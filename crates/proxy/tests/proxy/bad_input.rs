//! What should not happen, each with its own error and event.

use std::time::Duration;

use proofmark_proxy::{Event, TurnedAway};

use crate::raw::Raw;
use crate::support::{Bench, direct, error_of};

fn turned_away(bench: &Bench) -> TurnedAway {
    bench.event(|event| match event {
        Event::TurnedAway { reason } => Some(reason.clone()),
        _ => None,
    })
}

fn closed_abruptly(bench: &Bench) -> bool {
    bench.event(|event| match event {
        Event::SessionClosed { abrupt, .. } => Some(*abrupt),
        _ => None,
    })
}

#[test]
fn a_malformed_startup_packet_is_refused_as_such() {
    for (packet, code) in [
        (&[0, 0, 0, 4][..], "08P01"),
        (&[0, 0, 0, 0], "08P01"),
        (&[0x7f, 0xff, 0xff, 0xff], "08P01"),
        (&[0, 0, 0x27, 0x11, 0, 3, 0, 0], "08P01"),
        (b"GET / HTTP/1.1\r\n\r\n", "08P01"),
        (&[0, 0, 0, 9, 0, 2, 0, 0, 0], "0A000"),
        (&[0, 0, 0, 12, 0, 3, 0, 0, b'u', b's', b'e', b'r'], "08P01"),
    ] {
        let bench = Bench::start();
        let mut raw = Raw::connect(bench.port);
        raw.send(packet);
        let (sqlstate, message, routine) = raw.farewell();
        assert_eq!((sqlstate.as_str(), routine.as_str()), (code, "proofmark_proxy"), "{packet:?}");
        assert!(message.starts_with("proofmark: "), "{message}");
        assert_eq!(turned_away(&bench), TurnedAway::MalformedStartup);
    }
}

#[test]
fn a_connection_that_never_says_what_it_wants_is_closed_at_the_deadline() {
    for half in [&[][..], &[0, 0], &[0, 0, 0, 50, 0, 3, 0, 0, b'u']] {
        let bench = Bench::with(|options, _| options.startup_deadline = Duration::from_millis(50));
        let mut raw = Raw::connect(bench.port);
        raw.send(half);
        assert_eq!(raw.farewell().0, "08P01");
        assert_eq!(turned_away(&bench), TurnedAway::StartupTimeout);
    }
}

#[test]
fn a_connection_that_leaves_at_once_is_told_apart() {
    let bench = Bench::start();
    drop(Raw::connect(bench.port));
    assert_eq!(turned_away(&bench), TurnedAway::LeftDuringStartup);
}

#[test]
fn direct_tls_is_closed_without_a_word() {
    let bench = Bench::start();
    let mut raw = Raw::connect(bench.port);
    raw.send(&[0x16, 0x03, 0x01]);
    assert_eq!(raw.message(), None);
    assert_eq!(turned_away(&bench), TurnedAway::DirectTls);
}

#[test]
fn encryption_is_declined_once_each_and_nothing_may_be_sent_behind_the_request() {
    let ssl = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let gss = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
    let bench = Bench::start();
    let mut raw = Raw::connect(bench.port);
    raw.send(&gss);
    assert_eq!(raw.byte(), b'N');
    raw.send(&ssl);
    assert_eq!(raw.byte(), b'N');
    raw.send(&ssl);
    assert_eq!(raw.farewell().0, "08P01");
    assert_eq!(turned_away(&bench), TurnedAway::BytesBehindNegotiation);

    let bench = Bench::start();
    let mut raw = Raw::connect(bench.port);
    raw.send(&[&ssl[..], b"injected"].concat());
    assert_eq!(raw.farewell().0, "08P01");
    assert_eq!(turned_away(&bench), TurnedAway::BytesBehindNegotiation);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_database_is_refused_with_what_there_is() {
    let bench = Bench::start();
    for database in ["nope", "nope~t", "shop~~99x", "postgres", "template1"] {
        let error = bench.try_connect(database).await.expect_err("there is none");
        let (code, message, hint, routine) = error_of(&error);
        assert_eq!((code.as_str(), routine.as_str()), ("3D000", "proofmark_proxy"));
        assert_eq!(message, format!("proofmark: there is no database \"{database}\" in this run"));
        assert!(hint.contains("\"shop\""), "{hint}");
    }
    assert_eq!(turned_away(&bench), TurnedAway::UnknownDatabase { database: "nope".to_owned() });
    let error = bench.try_connect("shop~~99").await.expect_err("there is none");
    assert_eq!(error_of(&error).0, "57P01");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_too_many_is_refused() {
    let bench = Bench::with(|options, _| options.sessions_max = 1);
    let first = bench.connect("shop~t").await;
    let error = bench.try_connect("shop~t").await.expect_err("it is full");
    let (code, _, _, routine) = error_of(&error);
    assert_eq!((code.as_str(), routine.as_str()), ("53300", "proofmark_proxy"));
    assert_eq!(turned_away(&bench), TurnedAway::TooManySessions);
    first.batch_execute("select 1").await.expect("the first goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_in_the_middle_of_a_copy_leaves_nothing_behind() {
    let bench = Bench::with(|options, _| options.grace = Duration::ZERO);
    let mut raw = Raw::start(bench.port, 0, "shop~copy");
    raw.until(b'Z');
    raw.query("copy orders from stdin");
    raw.until(b'G');
    raw.send(&[b'd', 0, 0, 0, 200, b'1', b'\t']);
    drop(raw);
    assert!(closed_abruptly(&bench));
    let lease = bench.lease_of("copy");
    bench.given_back(lease);
    let sql = "select count(*) from pg_stat_activity where query like 'copy orders from stdin%'
               and datname = $1";
    let real = bench.event(|event| match event {
        Event::LeaseGiven { real_database, .. } => Some(real_database.clone()),
        _ => None,
    });
    let row = direct("postgres").await.query_one(sql, &[&real]).await.expect("a row");
    assert_eq!(row.get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_rows_come_ends_the_query() {
    let bench = Bench::with(|options, _| options.grace = Duration::ZERO);
    let mut raw = Raw::start(bench.port, 0, "shop~rows");
    raw.until(b'Z');
    raw.query("select repeat('x', 1000), generate_series(1, 1000000000)");
    raw.until(b'T');
    drop(raw);
    assert!(closed_abruptly(&bench));
    let lease = bench.lease_of("rows");
    bench.given_back(lease);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_sending_still_gets_its_answer() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 0, "shop~half");
    raw.until(b'Z');
    raw.query("select 17");
    raw.close_writing();
    let tags: Vec<_> = raw.until(b'Z').iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, b"TDCZ");
    assert_eq!(raw.message(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_ends_is_passed_on_with_its_reason() {
    let bench = Bench::start();
    let client = bench.connect("shop~t").await;
    let row = client.query_one("select pg_backend_pid()", &[]).await.expect("a row");
    let pid: i32 = row.get(0);
    let admin = direct("postgres").await;
    admin.query_one("select pg_terminate_backend($1)", &[&pid]).await.expect("a row");
    let told = bench.event(|event| match event {
        Event::Refused { refusal, statement, .. } => {
            Some((refusal.sqlstate.clone(), refusal.severity.clone(), statement.clone()))
        }
        _ => None,
    });
    assert_eq!(told, ("57P01".to_owned(), "FATAL".to_owned(), String::new()));
    closed_abruptly(&bench);
    assert!(!bench.events().iter().any(|event| matches!(event, Event::ServerLost { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_without_a_word_is_told_as_lost() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let bench = Bench::with(|_, databases| {
        databases.address = Some(proofmark_proxy::Upstream::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
            user: "anybody".to_owned(),
            password: None,
        });
    });
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut server, _) = listener.accept().await.expect("the proxy connects");
        server.read_u8().await.expect("a startup message");
        let greeting = [&b"R\0\0\0\x08\0\0\0\0"[..], b"Z\0\0\0\x05I"].concat();
        server.write_all(&greeting).await.expect("the proxy reads");
        server.read_buf(&mut Vec::new()).await.expect("the rest of it");
    });
    let mut raw = Raw::start(bench.port, 0, "shop~lost");
    raw.until(b'Z');
    let (code, message, routine) = raw.farewell();
    assert_eq!((code.as_str(), routine.as_str()), ("08006", "proofmark_proxy"));
    assert!(message.contains("closed this session without a word"), "{message}");
    bench.event(|event| matches!(event, Event::ServerLost { .. }).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_told_as_unreachable() {
    let bench = Bench::with(|_, databases| {
        databases.address = Some(proofmark_proxy::Upstream::Socket {
            directory: "/nonexistent".into(),
            port: 5432,
        });
    });
    let error = bench.try_connect("shop~t").await.expect_err("nobody is there");
    assert_eq!(error_of(&error).0, "08006");
    assert!(matches!(turned_away(&bench), TurnedAway::ServerUnreachable { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_a_session_is_the_servers_to_refuse() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 0, "shop~t");
    raw.until(b'Z');
    raw.send(&[b'!', 0, 0, 0, 0, 1, 2, 3]);
    let (code, _, routine) = raw.farewell();
    assert_eq!(code, "08P01");
    assert_ne!(routine, "proofmark_proxy");
}
