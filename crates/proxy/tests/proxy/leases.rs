//! When a lease begins and when it ends.

use std::time::Duration;

use proofmark_proxy::{Ended, Event, SourceError};

use crate::client_process::ClientProcess;
use crate::support::{Bench, current_database, direct, error_of, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_test_meet_in_one_database_that_is_made_once() {
    let bench = Bench::start();
    let open = bench.databases.gate.clone().lock_owned().await;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let config: tokio_postgres::Config = bench.url("shop~crowd").parse().expect("a URL");
            tokio::spawn(async move { config.connect(tokio_postgres::NoTls).await })
        })
        .collect();
    eventually("the source is asked", || bench.databases.taken().pop());
    drop(open);
    let mut databases = Vec::new();
    for client in clients {
        let (client, connection) = client.await.expect("no panic").expect("it is let in");
        tokio::spawn(connection);
        databases.push(current_database(&client).await);
    }
    databases.dedup();
    assert_eq!(databases.len(), 1);
    assert_eq!(bench.databases.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_with_the_process_that_holds_it() {
    let bench = Bench::with(|options, _| {
        options.root_pid = Some(std::process::id());
        options.grace = Duration::from_mins(10);
    });
    let mut client = ClientProcess::start(&bench.url("shop"), &[("JEST_WORKER_ID", "9")]);
    client.ask("begin");
    let lease = bench.lease_of("JEST_WORKER_ID=9");
    assert_eq!(bench.databases.given_back(lease), None);
    client.kill();
    assert_eq!(bench.ended(lease), (Ended::ProcessEnded, false));
    let (failed, seen) = bench.given_back(lease);
    assert_eq!((failed, seen.sessions_left_in_transaction), (false, 1));
    let abrupt = bench.event(|event| match event {
        Event::SessionClosed { left_in_transaction, abrupt, .. } => {
            Some((*left_in_transaction, *abrupt))
        }
        _ => None,
    });
    assert_eq!(abrupt, (true, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_held_by_a_process_stays_while_nobody_is_connected() {
    let bench = Bench::with(|options, _| {
        options.root_pid = Some(std::process::id());
        options.grace = Duration::ZERO;
    });
    let own = bench.connect("shop").await;
    let database = current_database(&own).await;
    drop(own);
    bench.event(|event| matches!(event, Event::SessionClosed { .. }).then_some(()));
    // A lease that nobody holds ends meanwhile, so the look at idle leases has taken place.
    drop(bench.connect("shop~idle").await);
    let idle = bench.lease_of("idle");
    assert_eq!(bench.ended(idle), (Ended::Idle, false));
    assert_eq!(current_database(&bench.connect("shop").await).await, database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_lease_outlives_its_last_connection_by_the_grace_period() {
    let bench = Bench::with(|options, _| options.grace = Duration::from_mins(10));
    let first = bench.connect("shop~pool").await;
    let database = current_database(&first).await;
    drop(first);
    bench.event(|event| matches!(event, Event::SessionClosed { .. }).then_some(()));
    assert_eq!(current_database(&bench.connect("shop~pool").await).await, database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ended_gives_way_to_a_new_one() {
    let bench = Bench::with(|options, _| options.grace = Duration::ZERO);
    let first = bench.connect("shop~again").await;
    let database = current_database(&first).await;
    let lease = bench.lease_of("again");
    drop(first);
    bench.ended(lease);
    assert_ne!(current_database(&bench.connect("shop~again").await).await, database);
    assert_eq!(bench.databases.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_closes_sessions_and_gives_every_lease_back() {
    let mut bench = Bench::start();
    let (one, two) = (bench.connect("shop~one").await, bench.connect("shop~two").await);
    let sleeping = tokio::spawn(async move { two.batch_execute("select pg_sleep(600)").await });
    one.batch_execute("begin; insert into orders values (1, 1)").await.expect("it runs");
    let leases = [bench.lease_of("one"), bench.lease_of("two")];
    bench.shutdown();
    for lease in leases {
        assert!(bench.databases.given_back(lease).is_some());
    }
    let error = one.batch_execute("select 1").await.expect_err("the session is closed");
    assert!(error.is_closed() || error_of(&error).0 == "57P01");
    assert!(sleeping.await.expect("no panic").is_err());
    let ends = bench.events().into_iter().filter_map(|event| match event {
        Event::LeaseEnded { how, .. } => Some(how),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [Ended::Shutdown; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backend_is_gone_when_the_lease_is_given_back() {
    let bench = Bench::with(|options, _| options.grace = Duration::ZERO);
    let client = bench.connect("shop~gone").await;
    let database = current_database(&client).await;
    let lease = bench.lease_of("gone");
    drop(client);
    bench.given_back(lease);
    let admin = direct("postgres").await;
    let sql = "select count(*) from pg_stat_activity where datname = $1";
    let row = admin.query_one(sql, &[&database]).await.expect("a row");
    assert_eq!(row.get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_may_drop_its_database_and_make_others() {
    let bench = Bench::with(|options, databases| {
        options.grace = Duration::ZERO;
        databases.maintenance = vec!["postgres".to_owned()];
    });
    let client = bench.connect("shop~wild").await;
    let database = current_database(&client).await;
    client.batch_execute(&format!("create database {database}_extra")).await.expect("it may");
    let other = bench.connect("postgres").await;
    other.batch_execute(&format!("drop database {database}_extra")).await.expect("it may");
    other.batch_execute(&format!("drop database {database} (force)")).await.expect("it may");
    client.batch_execute("select 1").await.expect_err("the database is gone");
    let lease = bench.lease_of("wild");
    assert_eq!(bench.ended(lease), (Ended::Idle, false));
    bench.given_back(lease);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_test_made_itself_is_told_as_part_of_its_lease() {
    let made = format!("made_by_a_test_{}", std::process::id());
    let bench = Bench::with(|_, databases| {
        databases.maintenance = vec!["postgres".to_owned(), made.clone()];
    });
    let admin = bench.connect("postgres").await;
    let client = bench.connect("shop").await;
    client.batch_execute(&format!("create database {made}")).await.expect("it may");
    let own = bench.connect(&made).await;
    own.batch_execute("create table t (a int constraint t_a_positive check (a > 0))")
        .await
        .expect("it may");
    own.batch_execute("insert into t values (-1)").await.expect_err("the check refuses");
    let lease = bench.event(|event| match event {
        Event::Refused { lease, refusal, .. }
            if refusal.constraint.as_deref() == Some("t_a_positive") =>
        {
            Some(*lease)
        }
        _ => None,
    });
    let given = bench.event(|event| match event {
        Event::LeaseGiven { lease, .. } => Some(*lease),
        _ => None,
    });
    assert_eq!(lease, given);
    let opened = bench.events();
    let opened = opened.iter().filter(|event| matches!(event, Event::SessionOpened { .. }));
    assert_eq!(opened.count(), 2, "the first session came before there was a lease");
    drop(own);
    client.batch_execute(&format!("drop database {made} (force)")).await.expect("it may");
    drop(admin);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_gives_nothing_says_why() {
    let bench = Bench::start();
    bench.databases.refuse(SourceError::new("the disk is full", "free some space"));
    let refused = bench.try_connect("shop~x").await.expect_err("no lease");
    let expected = ("58000", "proofmark: no database could be given: the disk is full");
    let (code, message, hint, routine) = error_of(&refused);
    assert_eq!((code.as_str(), message.as_str()), expected);
    assert_eq!((hint.as_str(), routine.as_str()), ("free some space", "proofmark_proxy"));
    bench.try_connect("shop~x").await.expect_err("no lease");
    assert_eq!(bench.databases.taken().len(), 2, "every connection asks again");
}
