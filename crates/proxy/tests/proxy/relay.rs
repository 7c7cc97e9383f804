//! Every part of the protocol passes.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{SinkExt, StreamExt, TryStreamExt, pin_mut};
use tokio_postgres::{AsyncMessage, NoTls};

use crate::raw::Raw;
use crate::support::{Bench, PATIENCE, direct};

#[tokio::test(flavor = "multi_thread")]
async fn simple_extended_and_pipelined_statements_pass() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    client
        .batch_execute("insert into orders values (1, 2); insert into orders values (2, 3)")
        .await
        .expect("a simple query of two statements");
    let statement =
        client.prepare("select quantity from orders where id = $1").await.expect("it is prepared");
    let (one, two, three) = tokio::join!(
        client.query_one(&statement, &[&1]),
        client.query_one(&statement, &[&2]),
        client.query_opt(&statement, &[&3]),
    );
    assert_eq!(one.expect("a row").get::<_, i32>(0), 2);
    assert_eq!(two.expect("a row").get::<_, i32>(0), 3);
    assert!(three.expect("no row").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_passes_both_ways() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    let sink = client.copy_in("copy orders from stdin").await.expect("COPY begins");
    pin_mut!(sink);
    for id in 0..10_000 {
        let line = format!("{id}\t{}\n", id + 1);
        sink.send(std::io::Cursor::new(line.into_bytes())).await.expect("it is taken");
    }
    assert_eq!(sink.finish().await.expect("COPY ends"), 10_000);
    let stream = client.copy_out("copy orders to stdout").await.expect("COPY begins");
    let bytes: Vec<_> = stream.try_collect().await.expect("COPY ends");
    let bytes = bytes.concat();
    assert_eq!(bytes.split(|byte| *byte == b'\n').count(), 10_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_comes_without_being_asked_for() {
    let bench = Bench::start();
    let config: tokio_postgres::Config = bench.url("shop").parse().expect("a URL");
    let (listener, mut connection) = config.connect(NoTls).await.expect("it is let in");
    let (sender, mut notified) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let messages =
            futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        pin_mut!(messages);
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message {
                sender.send(notification.payload().to_owned()).expect("the test waits");
            }
        }
    });
    listener.batch_execute("listen jobs").await.expect("it listens");
    let notifier = bench.connect("shop").await;
    notifier.batch_execute("notify jobs, 'seventeen'").await.expect("it notifies");
    let payload = tokio::time::timeout(PATIENCE, notified.recv()).await;
    assert_eq!(payload.expect("in time"), Some("seventeen".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_request_reaches_the_session_it_means() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    let token = client.cancel_token();
    let sleeping = tokio::spawn(async move { client.batch_execute("select pg_sleep(60)").await });
    // Cancelling is only of use once the statement runs, so it is repeated until it was.
    let deadline = std::time::Instant::now() + PATIENCE;
    while !sleeping.is_finished() && std::time::Instant::now() < deadline {
        token.cancel_query(NoTls).await.expect("the proxy takes it");
        tokio::task::yield_now().await;
    }
    let error = sleeping.await.expect("no panic").expect_err("it was cancelled");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("57014"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_request_with_a_wrong_key_does_nothing() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    let wrong = proofmark_wire::startup::CancelRequest::for_key(&[1, 2, 3, 4, 5, 6, 7, 8]);
    let mut raw = Raw::connect(bench.port);
    raw.send(wrong.packet());
    assert_eq!(raw.message(), None);
    client.batch_execute("select 1").await.expect("nothing was cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn protocol_3_2_is_negotiated_by_the_server() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 2, "shop");
    let greeting = raw.until(b'Z');
    let key = greeting.iter().find(|(tag, _)| *tag == b'K').expect("a key");
    let is_negotiated = greeting.iter().any(|(tag, _)| *tag == b'v');
    let speaks_3_2 = crate::support::server().installation().version().major >= 18;
    assert_eq!(is_negotiated, !speaks_3_2);
    assert_eq!(key.1.len(), if speaks_3_2 { 36 } else { 8 });

    raw.query("select pg_sleep(60)");
    let request = proofmark_wire::startup::CancelRequest::for_key(&key.1);
    let is_cancelled = AtomicBool::new(false);
    let answer = std::thread::scope(|scope| {
        // Cancelling is only of use once the statement runs, so it is repeated until it was.
        scope.spawn(|| {
            while !is_cancelled.load(Ordering::Relaxed) {
                let mut raw = Raw::connect(bench.port);
                raw.send(request.packet());
                assert_eq!(raw.message(), None);
            }
        });
        let answer = raw.until(b'Z');
        is_cancelled.store(true, Ordering::Relaxed);
        answer
    });
    let (_, error) = answer.iter().find(|(tag, _)| *tag == b'E').expect("an error");
    assert_eq!(proofmark_wire::backend::ErrorFields::new(error).sqlstate(), Some("57014"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_pass_in_bounded_memory() {
    let bench = Bench::start();
    let client = bench.connect("shop").await;
    client.batch_execute("select 1").await.expect("it runs");
    let before = peak_memory_kb();
    let stream = client
        .copy_out("copy (select repeat('x', 1000000) from generate_series(1, 100)) to stdout")
        .await
        .expect("COPY begins");
    pin_mut!(stream);
    let mut length = 0;
    while let Some(bytes) = stream.try_next().await.expect("COPY goes on") {
        length += bytes.len();
    }
    assert_eq!(length, 100 * 1_000_001);
    let row = client.query_one("select repeat('y', 50000000)", &[]).await.expect("a row");
    assert_eq!(row.get::<_, &str>(0).len(), 50_000_000);
    // The client in this process holds the row of 50 MB about twice; the proxy holds none of it.
    let grown = peak_memory_kb() - before;
    assert!(grown < 200_000, "the process grew by {grown} kB");
}

/// The most memory this process has held (VmHWM of proc_pid_status(5)).
fn peak_memory_kb() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        eprintln!("SKIPPED the measurement of memory: there is no /proc here");
        return 0;
    };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_holds_the_server_back_and_gets_everything_later() {
    let bench = Bench::start();
    let mut raw = Raw::start(bench.port, 0, "shop~slow");
    raw.until(b'Z');
    raw.query("select repeat('x', 1000), generate_series(1, 40000)");
    let admin = direct("postgres").await;
    let waiting = "select count(*) from pg_stat_activity
                   where query like 'select repeat%' and wait_event = 'ClientWrite'";
    let deadline = std::time::Instant::now() + PATIENCE;
    while admin.query_one(waiting, &[]).await.expect("a row").get::<_, i64>(0) == 0 {
        assert!(std::time::Instant::now() < deadline, "the server never has to wait");
    }
    let rows = raw.until(b'Z').iter().filter(|(tag, _)| *tag == b'D').count();
    assert_eq!(rows, 40_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_read_holds_the_client_back_and_gets_everything_later() {
    const LINES: i32 = 400_000;
    let bench = Bench::start();
    let mut holder = bench.connect("shop~locked").await;
    let lock = holder.transaction().await.expect("it begins");
    lock.batch_execute("lock orders").await.expect("nobody else has it");
    let port = bench.port;
    let copying = std::thread::spawn(move || {
        let mut raw = Raw::start(port, 0, "shop~locked");
        raw.until(b'Z');
        raw.query("copy orders from stdin");
        // The server does not read before it has the lock; the data is far more than the
        // system's buffers take.
        for id in 0..LINES {
            let mut bytes = Vec::new();
            proofmark_wire::frame(&mut bytes, b'd', |body| {
                body.extend_from_slice(format!("{id}\t1\n").as_bytes());
            });
            raw.send(&bytes);
        }
        let mut bytes = Vec::new();
        proofmark_wire::frame(&mut bytes, b'c', |_| {});
        raw.send(&bytes);
        raw.until(b'Z');
    });
    let waiting = "select count(*) from pg_locks where not granted
                   and database = (select oid from pg_database where datname = current_database())";
    let deadline = std::time::Instant::now() + PATIENCE;
    while lock.query_one(waiting, &[]).await.expect("a row").get::<_, i64>(0) == 0 {
        assert!(std::time::Instant::now() < deadline, "the COPY never has to wait");
    }
    lock.rollback().await.expect("it ends");
    copying.join().expect("everything was sent and answered");
    let row = holder.query_one("select count(*) from orders", &[]).await.expect("a row");
    assert_eq!(row.get::<_, i64>(0), i64::from(LINES));
}
