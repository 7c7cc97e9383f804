//! Backends that serve one client after the other.

use std::time::Duration;

use proofmark_proxy::{Event, LeaseId, Seen, WarmOptions};
use tokio_postgres::{Client, NoTls};

use crate::raw::Raw;
use crate::support::{Bench, PATIENCE, Slot, current_database, direct, error_of, eventually};

/// A proxy whose leases all get the same database, as a slot is handed out again and again.
async fn bench(set: impl FnOnce(&mut WarmOptions)) -> (Bench, String) {
    let Slot(slot) = Slot::make().await;
    let mut warm = WarmOptions { across_leases: true, ..WarmOptions::default() };
    set(&mut warm);
    let bench = Bench::with(|options, databases| {
        options.warm = Some(warm);
        options.grace = Duration::from_mins(10);
        databases.real_database = Some(slot.clone());
    });
    (bench, slot)
}

async fn pid(client: &Client) -> i32 {
    client.query_one("select pg_backend_pid()", &[]).await.expect("a row").get(0)
}

async fn text(client: &Client, sql: &str) -> Option<String> {
    client.query_one(sql, &[]).await.expect("a row").get(0)
}

/// Ends a client and waits until its session has ended.
fn leave(bench: &Bench, client: Client) {
    let closed = |bench: &Bench| {
        let closed = |event: &&Event| matches!(event, Event::SessionClosed { .. });
        bench.events().iter().filter(closed).count()
    };
    let before = closed(bench);
    drop(client);
    eventually("the session ends", || (closed(bench) > before).then_some(()));
}

/// How often a client got a backend that was there already, and how often one of its own.
fn hits(bench: &Bench) -> (usize, usize) {
    let events = bench.events();
    let opened = |warm: bool| {
        let fits =
            |event: &&Event| matches!(event, Event::SessionOpened { warm: it, .. } if *it == warm);
        events.iter().filter(fits).count()
    };
    (opened(true), opened(false))
}

/// Ends a lease on the console.
async fn take_back(bench: &Bench, name: &str) -> (LeaseId, Seen) {
    let lease = bench.lease_of(name);
    let console = bench.connect("proofmark").await;
    console.batch_execute(&format!("RETURN '{name}'")).await.expect("it is held");
    (lease, bench.databases.given_back(lease).expect("the console waited").1)
}

async fn connected_to(admin: &Client, database: &str) -> Vec<i32> {
    let sql = "select pid from pg_stat_activity where datname = $1";
    let rows = admin.query(sql, &[&database]).await.expect("rows");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_client_gets_the_backend_of_the_last() {
    let (bench, _) = bench(|_| {}).await;
    let first = bench.connect("shop~a").await;
    first.execute("insert into orders values (1, 1)", &[]).await.expect("it runs");
    let used = pid(&first).await;
    leave(&bench, first);
    let second = bench.connect("shop~a").await;
    assert_eq!(pid(&second).await, used);
    let count: i64 =
        second.query_one("select count(*) from orders", &[]).await.expect("a row").get(0);
    assert_eq!(count, 1);
    // Two at once are two backends.
    let third = bench.connect("shop~a").await;
    assert_ne!(pid(&third).await, used);
    assert_eq!(hits(&bench), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_session_is_left_to_the_next() {
    let (bench, _) = bench(|_| {}).await;
    let first = bench.connect("shop~a").await;
    first
        .batch_execute(
            "do $$ begin create role warm_role; exception when duplicate_object then null; end $$;
             create table counted (id serial)",
        )
        .await
        .expect("it runs");
    let used = pid(&first).await;
    first
        .batch_execute(
            "insert into counted default values;
             set timezone = 'Asia/Tokyo'; set search_path = pg_catalog;
             set statement_timeout = '1h'; set standard_conforming_strings = off;
             set session characteristics as transaction read only;
             create temp table scratch (a int);
             create function pg_temp.f() returns int language sql as 'select 1';
             prepare one as select 1;
             begin; declare kept cursor with hold for select 1; commit;
             listen jobs;
             select pg_advisory_lock(17);
             set session authorization warm_role; set role warm_role;
             select setseed(0.5)",
        )
        .await
        .expect("it runs");
    first.prepare("select 2").await.expect("it is prepared");
    leave(&bench, first);

    let next = bench.connect("shop~a").await;
    let fresh = bench.connect_with("shop~a", |config| {
        config.application_name("another, which gets a backend of its own");
    });
    let fresh = fresh.await.expect("it is let in");
    assert_eq!(pid(&next).await, used);
    assert_ne!(pid(&fresh).await, used);
    for sql in [
        "select string_agg(name || '=' || coalesce(setting, ''), ' ' order by name)
         from pg_settings where name not in ('application_name', 'transaction_isolation')
         and name not like 'plpgsql.%'",
        "select concat(session_user, current_user, current_setting('role'))",
        // The question itself is prepared, too.
        "select string_agg(statement, ' ') from pg_prepared_statements
         where statement not like '%pg_prepared_statements%'",
        "select string_agg(name, ' ') from pg_cursors",
        "select string_agg(channel, ' ') from pg_listening_channels() as channel",
        "select count(*)::text from pg_locks where locktype = 'advisory'
         and pid = pg_backend_pid()",
        "select to_regclass('pg_temp.scratch')::text",
        "select count(*)::text from pg_proc where pronamespace = pg_my_temp_schema()",
    ] {
        let (left, new) = (text(&next, sql).await, text(&fresh, sql).await);
        assert_eq!(left, new, "{sql}");
    }
    let error = next.batch_execute("select lastval()").await.expect_err("it has none");
    assert_eq!(error_of(&error).0, "55000");
    let error = next.batch_execute("select currval('counted_id_seq')").await.expect_err("nor it");
    assert_eq!(error_of(&error).0, "55000");
    // What setseed(0.5) would have made random() say.
    let drawn = |sql: &'static str| async { text(&next, sql).await };
    let unseeded = drawn("select random()::text").await;
    next.batch_execute("select setseed(0.5)").await.expect("it runs");
    assert_ne!(unseeded, drawn("select random()::text").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_was_left_open_is_rolled_back_and_told() {
    let (bench, _) = bench(|_| {}).await;
    let first = bench.connect("shop~a").await;
    let used = pid(&first).await;
    first.batch_execute("begin; insert into orders values (1, 1)").await.expect("it runs");
    leave(&bench, first);
    let failed = bench.connect("shop~a").await;
    assert_eq!(pid(&failed).await, used);
    failed.batch_execute("begin; lock orders; select 1 / 0").await.expect_err("it fails");
    leave(&bench, failed);
    let next = bench.connect("shop~a").await;
    assert_eq!(pid(&next).await, used);
    assert_eq!(text(&next, "select count(*)::text from orders").await.as_deref(), Some("0"));
    next.batch_execute("insert into orders values (1, 1)").await.expect("nothing is locked");
    let (_, seen) = take_back(&bench, "a").await;
    assert_eq!(seen.sessions_left_in_transaction, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_a_backend_in_between_is_no_ones_statement() {
    let (bench, _) = bench(|_| {}).await;
    for _ in 0..2 {
        let client = bench.connect("shop~a").await;
        client.batch_execute("begin; insert into orders values (1, 1)").await.expect("it runs");
        client.batch_execute("insert into orders values (1, -1)").await.expect_err("it is refused");
        leave(&bench, client);
    }
    let events = bench.events();
    let closed = events.iter().filter_map(|event| match event {
        Event::SessionClosed { statements, errors, left_in_transaction, .. } => {
            Some((*statements, *errors, *left_in_transaction))
        }
        _ => None,
    });
    assert_eq!(closed.collect::<Vec<_>>(), [(2, 1, true); 2]);
    let statements = events.iter().filter_map(|event| match event {
        Event::Refused { statement, .. } => Some(statement.as_str()),
        _ => None,
    });
    assert_eq!(statements.collect::<Vec<_>>(), ["insert into orders values (?, -?)"; 2]);
    assert_eq!(hits(&bench), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_fits_only_who_would_have_opened_the_same() {
    let (bench, _) = bench(|_| {}).await;
    let first = bench.connect("shop~a").await;
    let used = pid(&first).await;
    let role = format!("warm_fit_{}", std::process::id());
    first.batch_execute(&format!("create role {role} login superuser")).await.expect("it may");
    leave(&bench, first);
    let other = bench.connect_with("shop~a", |config| {
        config.user(&role);
    });
    let other = other.await.expect("it is let in");
    assert_ne!(pid(&other).await, used);
    assert_eq!(text(&other, "select session_user::text").await, Some(role.clone()));
    let set = bench.connect_with("shop~a", |config| {
        config.options("-c search_path=pg_catalog");
    });
    let set = set.await.expect("it is let in");
    assert_ne!(pid(&set).await, used);
    let again = bench.connect("shop~a").await;
    assert_eq!(pid(&again).await, used);
    drop(other);
    drop(set);
    take_back(&bench, "a").await;
    direct("postgres").await.batch_execute(&format!("drop role {role}")).await.expect("unused");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_startup_message_come_back() {
    let (bench, _) = bench(|_| {}).await;
    let connect = || {
        bench.connect_with("shop~a", |config| {
            config.options("-c work_mem=3MB -c role=pg_monitor -c own.setting=startup");
        })
    };
    let settings = "select concat_ws(' ', current_setting('work_mem'), current_setting('role'),
                    current_setting('own.setting'))";
    let first = connect().await.expect("it is let in");
    let used = pid(&first).await;
    let at_start = text(&first, settings).await;
    assert_eq!(at_start.as_deref(), Some("3MB pg_monitor startup"));
    first.batch_execute("set work_mem = '5MB'; reset role").await.expect("it may");
    leave(&bench, first);
    let next = connect().await.expect("it is let in");
    assert_eq!((pid(&next).await, text(&next, settings).await), (used, at_start));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_is_named_in_the_options_finds_its_own_name() {
    let (bench, _) = bench(|_| {}).await;
    let mut used = Vec::new();
    for test in ["it's", r"b\ack"] {
        let escaped = test.replace('\\', r"\\");
        let client = bench.connect_with("shop", |config| {
            config.options(format!("-c proofmark.test={escaped}"));
        });
        let client = client.await.expect("it is let in");
        let name = text(&client, "show proofmark.test").await;
        assert_eq!(name.as_deref(), Some(test));
        used.push(pid(&client).await);
        leave(&bench, client);
        bench.lease_of(test);
    }
    assert_eq!(used[0], used[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_discard_all_does_not_make_new_is_closed() {
    let (bench, _) = bench(|_| {}).await;
    for sql in [
        "select set_config('app.tenant', '1', false)",
        "set app.tenant = '1'",
        "do $$ begin perform set_config('app.tenant', '1', true); end $$",
    ] {
        let client = bench.connect("shop~a").await;
        let used = pid(&client).await;
        client.batch_execute(sql).await.expect("it may");
        leave(&bench, client);
        let next = bench.connect("shop~a").await;
        assert_ne!(pid(&next).await, used, "{sql}");
        assert_eq!(text(&next, "select current_setting('app.tenant', true)").await, None, "{sql}");
        leave(&bench, next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_the_middle_of_something_ends_its_backend() {
    let (bench, slot) = bench(|_| {}).await;
    let admin = direct("postgres").await;
    // A Parse without a Sync, half a message, and COPY data that goes on.
    let parse = [&b"P\0\0\0\x11\0select 17\0\0\0"[..], b"H\0\0\0\x04"].concat();
    let half = b"Q\0\0\0\xffselect".to_vec();
    let mut copy = Vec::new();
    proofmark_wire::frontend::Query { text: b"copy orders from stdin" }.write(&mut copy);
    for (bytes, until) in [(parse, Some(b'1')), (half, None), (copy, Some(b'G'))] {
        let mut raw = Raw::start(bench.port, 0, "shop~a");
        raw.until(b'Z');
        raw.send(&bytes);
        if let Some(tag) = until {
            raw.until(tag);
        }
        drop(raw);
        let deadline = std::time::Instant::now() + PATIENCE;
        while !connected_to(&admin, &slot).await.is_empty() {
            assert!(std::time::Instant::now() < deadline, "a backend stays: {bytes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_behind_statements_waits_for_their_answers() {
    let (bench, _) = bench(|_| {}).await;
    let mut raw = Raw::start(bench.port, 0, "shop~a");
    raw.until(b'Z');
    let mut bytes = Vec::new();
    let mut query = |sql: &str| {
        proofmark_wire::frontend::Query { text: sql.as_bytes() }.write(&mut bytes);
    };
    query("insert into orders values (1, 1)");
    query("select pg_sleep(0.05)");
    query("insert into orders values (2, 1)");
    bytes.extend_from_slice(b"X\0\0\0\x04");
    raw.send(&bytes);
    drop(raw);
    bench.event(|event| matches!(event, Event::SessionClosed { .. }).then_some(()));
    let next = bench.connect_with("shop~a", |config| {
        config.application_name("");
    });
    let next = next.await.expect("it is let in");
    assert_eq!(text(&next, "select count(*)::text from orders").await.as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_client_finds_what_the_last_one_held_let_go_of() {
    let (bench, _) = bench(|_| {}).await;
    for round in 0..10 {
        let mut raw = Raw::start(bench.port, 0, "shop~a");
        raw.until(b'Z');
        raw.query("select pg_try_advisory_lock(17)");
        let answer = raw.until(b'Z');
        let row = answer.iter().find(|(tag, _)| *tag == b'D').expect("a row");
        assert_eq!(row.1.last(), Some(&b't'), "round {round}");
        raw.send(b"X\0\0\0\x04");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_request_never_reaches_the_next_client() {
    let (bench, _) = bench(|_| {}).await;
    let first = bench.connect("shop~a").await;
    let (used, old) = (pid(&first).await, first.cancel_token());
    leave(&bench, first);
    let next = bench.connect("shop~a").await;
    assert_eq!(pid(&next).await, used);
    let own = next.cancel_token();
    let sleeping = tokio::spawn(async move {
        let ended = next.batch_execute("select pg_sleep(0.3)").await;
        (next, ended)
    });
    for _ in 0..20 {
        old.cancel_query(NoTls).await.expect("the proxy takes it");
    }
    let (next, ended) = sleeping.await.expect("no panic");
    ended.expect("it was not cancelled");
    let sleeping = tokio::spawn(async move {
        let ended = next.batch_execute("select pg_sleep(600)").await;
        (next, ended)
    });
    let deadline = std::time::Instant::now() + PATIENCE;
    while !sleeping.is_finished() && std::time::Instant::now() < deadline {
        own.cancel_query(NoTls).await.expect("the proxy takes it");
        tokio::task::yield_now().await;
    }
    let (next, ended) = sleeping.await.expect("no panic");
    assert_eq!(error_of(&ended.expect_err("it was cancelled")).0, "57014");
    // The server may still be about to act on one of these, so nobody gets this backend.
    leave(&bench, next);
    assert_ne!(pid(&bench.connect("shop~a").await).await, used);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_killed_while_it_waits_is_not_given_to_anybody() {
    let (bench, _) = bench(|_| {}).await;
    let admin = direct("postgres").await;
    for _ in 0..20 {
        let client = bench.connect("shop~a").await;
        let used = pid(&client).await;
        leave(&bench, client);
        admin.query_one("select pg_terminate_backend($1)", &[&used]).await.expect("a row");
        let next = bench.connect("shop~a").await;
        assert_ne!(pid(&next).await, used);
        leave(&bench, next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backends_are_named_to_the_source_and_serve_the_next_lease() {
    let (bench, slot) = bench(|_| {}).await;
    let (left, connected) = (bench.connect("shop~a").await, bench.connect("shop~a").await);
    let mut used = [pid(&left).await, pid(&connected).await];
    used.sort_unstable();
    connected.batch_execute("insert into orders values (1, 1)").await.expect("it runs");
    leave(&bench, left);
    let (_, seen) = take_back(&bench, "a").await;
    let mut warm = seen.warm.clone();
    warm.sort_unstable();
    assert_eq!(warm, used, "the one that had left, and the one that was told to");
    connected.batch_execute("select 1").await.expect_err("its lease has ended");
    let admin = direct("postgres").await;
    let sql = "select count(*) from pg_stat_activity where pid = any($1) and state = 'idle'";
    let row = admin.query_one(sql, &[&warm]).await.expect("a row");
    assert_eq!(row.get::<_, i64>(0), 2);
    // The statistics are written: the server says what was inserted while both are connected.
    let other = direct(&slot).await;
    let sql = "select n_tup_ins from pg_stat_user_tables where relname = 'orders'";
    assert_eq!(other.query_one(sql, &[]).await.expect("a row").get::<_, i64>(0), 1);
    let next = bench.connect("shop~b").await;
    assert!(warm.contains(&pid(&next).await));
    assert_eq!(current_database(&next).await, slot);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ends_while_a_statement_runs_keeps_no_backend_of_it() {
    let (bench, slot) = bench(|_| {}).await;
    let client = bench.connect("shop~a").await;
    let used = pid(&client).await;
    let sleeping = tokio::spawn(async move { client.batch_execute("select pg_sleep(600)").await });
    let admin = direct("postgres").await;
    let sql = "select count(*) from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'";
    let deadline = std::time::Instant::now() + PATIENCE;
    while admin.query_one(sql, &[&used]).await.expect("a row").get::<_, i64>(0) == 0 {
        assert!(std::time::Instant::now() < deadline, "the statement never runs");
    }
    let (_, seen) = take_back(&bench, "a").await;
    assert_eq!(seen.warm, [0; 0]);
    assert!(sleeping.await.expect("no panic").is_err());
    assert_eq!(connected_to(&admin, &slot).await, [0; 0]);
    assert_ne!(pid(&bench.connect("shop~b").await).await, used);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_to_keep_them_backends_go_with_their_lease() {
    let (mut bench, slot) = bench(|warm| warm.across_leases = false).await;
    let admin = direct("postgres").await;
    let client = bench.connect("shop~a").await;
    let used = pid(&client).await;
    leave(&bench, client);
    assert_eq!(connected_to(&admin, &slot).await, [used]);
    let (_, seen) = take_back(&bench, "a").await;
    assert_eq!(seen.warm, [0; 0]);
    assert_eq!(connected_to(&admin, &slot).await, [0; 0]);
    leave(&bench, bench.connect("shop~b").await);
    bench.shutdown();
    assert_eq!(connected_to(&admin, &slot).await, [0; 0], "none outlives the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_hold() {
    let limit = |warm: &mut WarmOptions| {
        (warm.per_database, warm.total, warm.uses_max) = (2, 2, 3);
    };
    let (mut bench, slot) = bench(limit).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(bench.connect("shop~a").await);
    }
    for client in clients {
        leave(&bench, client);
    }
    let (_, seen) = take_back(&bench, "a").await;
    assert_eq!(seen.warm.len(), 2);
    let admin = direct("postgres").await;
    let mut there = connected_to(&admin, &slot).await;
    there.sort_unstable();
    let mut warm = seen.warm;
    warm.sort_unstable();
    assert_eq!(there, warm, "the others are gone when the lease has ended");
    // Three clients each, and the first of each was one.
    let mut pids = Vec::new();
    for _ in 0..5 {
        let client = bench.connect("shop~b").await;
        pids.push(pid(&client).await);
        leave(&bench, client);
    }
    assert_eq!(pids.iter().filter(|pid| warm.contains(pid)).count(), 4);
    bench.shutdown();
    assert_eq!(connected_to(&admin, &slot).await, [0; 0], "none outlives the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_in_turn_need_one_backend() {
    let (bench, slot) = bench(|warm| warm.uses_max = u32::MAX).await;
    let first = bench.connect("shop~a").await;
    let used = pid(&first).await;
    leave(&bench, first);
    for _ in 0..1_000 {
        let mut raw = Raw::start(bench.port, 0, "shop~raw");
        raw.until(b'Z');
        raw.query("select 1");
        raw.until(b'Z');
        raw.send(b"X\0\0\0\x04");
        // The proxy closes when the backend waits again.
        assert_eq!(raw.message(), None);
    }
    let (warm, own) = hits(&bench);
    assert_eq!((warm, own), (999, 2));
    let admin = direct("postgres").await;
    assert_eq!(connected_to(&admin, &slot).await.len(), 2);
    assert_eq!(pid(&bench.connect("shop~a").await).await, used);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_decides_about_logins_counts_for_the_next_connection() {
    let (bench, slot) = bench(|_| {}).await;
    let first = bench.connect("shop~a").await;
    leave(&bench, bench.connect("shop~a").await);
    let alter = format!("alter database {slot} set timezone = 'Asia/Tokyo'");
    first.batch_execute(&alter).await.expect("it may");
    let next = bench.connect("shop~a").await;
    assert_eq!(text(&next, "show timezone").await.as_deref(), Some("Asia/Tokyo"));
    leave(&bench, next);
    leave(&bench, first);
    // Nothing that knows the setting is kept for the next lease.
    let (_, seen) = take_back(&bench, "a").await;
    assert_eq!(seen.warm, [0; 0]);
    direct("postgres")
        .await
        .batch_execute(&format!("alter database {slot} reset timezone"))
        .await
        .expect("it may");
    let after = bench.connect("shop~b").await;
    assert_ne!(text(&after, "show timezone").await.as_deref(), Some("Asia/Tokyo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_role_counts_for_every_lease_until_the_one_that_made_it_ends() {
    let role = format!("warm_login_{}", std::process::id());
    let Slot(slot) = Slot::make().await;
    let admin = direct("postgres").await;
    admin.batch_execute(&format!("create role {role} login superuser")).await.expect("it may");
    let bench = Bench::with(|options, databases| {
        options.warm = Some(WarmOptions { across_leases: true, ..WarmOptions::default() });
        options.grace = Duration::from_mins(10);
        databases.real_database = Some(slot.clone());
    });
    let connect = |name: &'static str| {
        bench.connect_with(name, |config| {
            config.user(&role);
        })
    };
    leave(&bench, connect("shop~b").await.expect("it is let in"));
    let changing = bench.connect("shop~a").await;
    changing
        .batch_execute(&format!("alter role {role} set timezone = 'Asia/Tokyo'"))
        .await
        .expect("it may");
    let zone = "show timezone";
    let other = connect("shop~b").await.expect("it is let in");
    assert_eq!(text(&other, zone).await.as_deref(), Some("Asia/Tokyo"), "as a new one would");
    leave(&bench, other);
    admin.batch_execute(&format!("alter role {role} reset timezone")).await.expect("it may");
    leave(&bench, changing);
    take_back(&bench, "a").await;
    let after = connect("shop~b").await.expect("it is let in");
    assert_ne!(text(&after, zone).await.as_deref(), Some("Asia/Tokyo"));
    let used = pid(&after).await;
    leave(&bench, after);
    let again = connect("shop~b").await.expect("it is let in");
    assert_eq!(pid(&again).await, used, "backends are kept again");
    drop(again);
    take_back(&bench, "b").await;
    drop(bench);
    admin.batch_execute(&format!("drop role {role}")).await.expect("it is not used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_can_be_dropped_although_backends_wait_in_it() {
    let Slot(slot) = Slot::make().await;
    let bench = Bench::with(|_, databases| {
        databases.real_database = Some(slot.clone());
        databases.maintenance = vec!["postgres".to_owned()];
    });
    leave(&bench, bench.connect("shop~a").await);
    let admin = bench.connect("postgres").await;
    admin.batch_execute(&format!("drop database {slot}")).await.expect("nobody is in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_from_the_console_has_a_backend_before_its_first_client() {
    let bench = Bench::start();
    let console = bench.connect("proofmark").await;
    leave(&bench, bench.connect("shop~a").await);
    let row = console.query_one("LEASE shop FOR 'b'", &[]).await.expect("a row");
    let database: String = row.get("database");
    let client = bench.connect("shop~b").await;
    assert_eq!(current_database(&client).await, database);
    assert_eq!(hits(&bench), (1, 1));
    // A lease that ends at once leaves nothing behind that was opened for it.
    let row = console.query_one("LEASE shop FOR 'c'", &[]).await.expect("a row");
    let database: String = row.get("database");
    console.batch_execute("RETURN 'c'").await.expect("it is held");
    assert_eq!(connected_to(&direct("postgres").await, &database).await, [0; 0]);
    let shown = console.query("SHOW DATABASES", &[]).await.expect("rows");
    let shown: Vec<_> =
        shown.iter().map(|row| (row.get::<_, String>(0), row.get::<_, String>(1))).collect();
    assert_eq!(shown, [("shop".to_owned(), "2".to_owned())]);
}
