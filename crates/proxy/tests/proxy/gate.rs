//! The gate: what it holds by hand, and what drivers see of it.

use std::sync::Arc;

use proofmark_proxy::gate::{Actor, Ending, Gate, Step, StepKind};
use proofmark_wire::backend::ErrorFields;
use proofmark_wire::frontend::{Bind, Execute, Parse};
use proofmark_wire::{frame, tag};
use tokio_postgres::{Client, Config, NoTls};

use crate::raw::Raw;
use crate::support::{direct, server};

pub(crate) const A: Actor = Actor(0);
pub(crate) const B: Actor = Actor(1);

/// A database of the test's own behind a gate.
pub(crate) struct Gated {
    pub(crate) gate: Gate,
    pub(crate) direct: Client,
    pub(crate) database: String,
}

impl Gated {
    pub(crate) async fn start(actors: usize, schema: &str) -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let database = format!("gate_{}_{number}", std::process::id());
        let admin = direct("postgres").await;
        admin.batch_execute(&format!("create database {database}")).await.expect("it is made");
        let direct = direct(&database).await;
        direct.batch_execute(schema).await.expect("the schema is right");
        let address = server().address();
        let mut config = Config::new();
        config.host_path(&address.socket_dir).port(address.port);
        config.user(&address.user).dbname(&database);
        let gate = Gate::start(&config, actors).expect("the gate opens");
        Self { gate, direct, database }
    }

    pub(crate) async fn client(&self, actor: Actor) -> Client {
        let connected = self.gate.config(actor).connect(NoTls).await;
        let (client, connection) = connected.expect("the gate lets it in");
        tokio::spawn(connection);
        client
    }

    async fn count(&self) -> i64 {
        self.direct.query_one("select count(*) from t", &[]).await.expect("a row").get(0)
    }

    fn happened(&self) -> Vec<String> {
        let line = |happened: &proofmark_proxy::gate::Happened| {
            let ending = match &happened.ending {
                Some(Ending::Done(command)) => command.clone(),
                Some(Ending::Failed { sqlstate, .. }) => sqlstate.clone(),
                Some(Ending::Lost) => "lost".to_owned(),
                None => "...".to_owned(),
            };
            format!("{}: {} = {ending}", happened.step.actor(), happened.step)
        };
        self.gate.happened().iter().map(line).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_held_until_it_is_released() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let client = gated.client(A).await;
    let hold = gated.gate.hold_when(|step| step.mentions("insert into t"));
    let insert =
        tokio::spawn(async move { client.execute("insert into t values ($1)", &[&7]).await });
    let step = hold.reached().await.expect("it is held");
    assert_eq!((step.sql(), step.kind()), ("insert into t values ($1)", StepKind::Write));
    assert_eq!(gated.count().await, 0);
    assert!(!insert.is_finished());
    hold.release();
    assert_eq!(insert.await.expect("no panic").expect("it is inserted"), 1);
    assert_eq!(gated.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_implied_commit_of_one_statement_is_held_and_nobody_sees_the_row() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let client = gated.client(A).await;
    let hold = gated.gate.hold_when(Step::is_commit);
    let insert =
        tokio::spawn(async move { client.execute("insert into t values ($1)", &[&7]).await });
    assert!(hold.reached().await.expect("it is held").is_implied());
    assert_eq!(gated.count().await, 0, "it is not committed");
    assert!(!insert.is_finished(), "the client does not know of it either");
    hold.release();
    assert_eq!(insert.await.expect("no panic").expect("it is inserted"), 1);
    assert_eq!(gated.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_one_session_is_held_and_that_of_another_is_not() {
    let gated = Gated::start(2, "create table t (id int)").await;
    let (mut a, mut b) = (gated.client(A).await, gated.client(B).await);
    let hold = gated.gate.hold_when(|step| step.is_commit() && step.actor() == A);
    let held = tokio::spawn(async move {
        let transaction = a.transaction().await?;
        transaction.execute("insert into t values (1)", &[]).await?;
        transaction.commit().await
    });
    assert!(!hold.reached().await.expect("it is held").is_implied());
    let transaction = b.transaction().await.expect("it begins");
    transaction.execute("insert into t values (2)", &[]).await.expect("it is inserted");
    transaction.commit().await.expect("it is not held");
    assert_eq!(gated.count().await, 1);
    hold.release();
    held.await.expect("no panic").expect("it is committed");
    assert_eq!(gated.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_cut_before_or_after_what_is_held() {
    let gated = Gated::start(1, "create table t (id int)").await;
    for (runs, expected) in [(false, 0), (true, 1)] {
        let client = gated.client(A).await;
        let hold = gated.gate.hold_when(Step::is_commit);
        let insert =
            tokio::spawn(async move { client.execute("insert into t values (1)", &[]).await });
        hold.reached().await.expect("it is held");
        if runs {
            hold.run_and_cut();
        } else {
            hold.cut();
        }
        let error = insert.await.expect("no panic").expect_err("the connection is closed");
        assert!(error.is_closed() || error.as_db_error().is_none(), "{error}");
        assert_eq!(gated.count().await, expected, "it ran: {runs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_lock_is_known_without_waiting_for_long() {
    let gated =
        Gated::start(2, "create table t (id int primary key); insert into t values (1)").await;
    let (a, b) = (gated.client(A).await, Arc::new(gated.client(B).await));
    a.batch_execute("begin; update t set id = 1").await.expect("it locks the row");
    let of_b = Arc::clone(&b);
    let blocked = tokio::spawn(async move { of_b.execute("update t set id = 2", &[]).await });
    let step = gated.gate.until_blocked(B).await.expect("it waits");
    assert_eq!(step.sql(), "update t set id = 2");
    a.batch_execute("commit").await.expect("it is committed");
    assert_eq!(blocked.await.expect("no panic").expect("it goes on"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_can_be_cancelled_through_the_gate() {
    let gated = Gated::start(1, "").await;
    let client = gated.client(A).await;
    let token = client.cancel_token();
    let hold = gated.gate.hold_when(|step| step.mentions("pg_sleep"));
    let sleep = tokio::spawn(async move { client.batch_execute("select pg_sleep(60)").await });
    hold.reached().await.expect("it is held");
    hold.release();
    let asleep = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event = 'PgSleep'";
    while gated.direct.query_one(asleep, &[]).await.expect("a row").get::<_, i64>(0) == 0 {}
    token.cancel_query(NoTls).await.expect("the request is passed on");
    let error = sleep.await.expect("no panic").expect_err("it is cancelled");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("57014"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_delivered_behind_the_rollback_of_the_implied_transaction() {
    let gated = Gated::start(1, "create table t (id int primary key)").await;
    let client = gated.client(A).await;
    let _hold = gated.gate.hold_when(|_| false);
    for _ in 0..2 {
        drop(client.execute("insert into t values (1)", &[]).await);
    }
    let error = client.execute("insert into t values (1)", &[]).await.expect_err("twice");
    assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some("t_pkey"));
    client.batch_execute("vacuum t").await.expect("no transaction is open, and none is made");
    assert_eq!(gated.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_commit_refuses_is_the_answer_of_the_statement() {
    let schema = "create table p (id int primary key);
        create table t (p int constraint t_p references p deferrable initially deferred)";
    let gated = Gated::start(1, schema).await;
    let client = gated.client(A).await;
    let hold = gated.gate.hold_when(Step::is_commit);
    let constraint = |error: tokio_postgres::Error| {
        error.as_db_error().and_then(|error| error.constraint()).map(str::to_owned)
    };
    let client = Arc::new(client);
    for is_simple in [true, false] {
        let client = Arc::clone(&client);
        let insert = tokio::spawn(async move {
            let sql = "insert into t values (9)";
            if is_simple {
                client.batch_execute(sql).await
            } else {
                client.execute(sql, &[]).await.map(|_| ())
            }
        });
        hold.reached().await.expect("the commit is held");
        hold.let_go();
        let error = insert.await.expect("no panic").expect_err("there is no parent");
        assert_eq!(constraint(error).as_deref(), Some("t_p"), "simple: {is_simple}");
    }
    assert_eq!(gated.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_passes_through_the_gate() {
    use futures_util::{SinkExt, TryStreamExt, pin_mut};
    let gated = Gated::start(1, "create table t (id int)").await;
    let client = gated.client(A).await;
    let _hold = gated.gate.hold_when(|_| false);
    let sink = client.copy_in("copy t from stdin").await.expect("COPY begins");
    pin_mut!(sink);
    for id in 0..10_000 {
        sink.send(std::io::Cursor::new(format!("{id}\n").into_bytes())).await.expect("it is taken");
    }
    assert_eq!(sink.finish().await.expect("COPY ends"), 10_000);
    let stream = client.copy_out("copy t to stdout").await.expect("COPY begins");
    let bytes: Vec<_> = stream.try_collect().await.expect("COPY ends");
    assert_eq!(bytes.concat().split(|byte| *byte == b'\n').count(), 10_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokio_postgres_sends_one_step_for_each_statement_of_a_transaction() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let mut client = gated.client(A).await;
    let prepared = client.prepare("insert into t values ($1)").await.expect("it is prepared");
    let transaction = client.transaction().await.expect("it begins");
    transaction.execute(&prepared, &[&1]).await.expect("by name");
    let (one, two) = tokio::join!(
        transaction.execute(&prepared, &[&2]),
        transaction.query_one("select count(*) from t where id < $1", &[&9]),
    );
    assert_eq!((one.expect("a row is written"), two.expect("a row").len()), (1, 1));
    transaction.commit().await.expect("it is committed");
    let mut happened = gated.happened();
    // The two that were sent at once have no order of their own.
    happened[1..3].sort();
    let expected = [
        "a: insert into t values ($1) = INSERT 0 1",
        "a: insert into t values ($1) = INSERT 0 1",
        "a: select count(*) from t where id < $1 = SELECT 1",
        "a: COMMIT = COMMIT",
    ];
    assert_eq!(happened, expected);
}

/// Messages as psycopg's pipeline and postgres.js send them.
struct Wire(Vec<u8>);

impl Wire {
    fn parse(mut self, name: &str, text: &str) -> Self {
        let (name, text) = (name.as_bytes(), text.as_bytes());
        Parse { name, text, parameter_types: vec![] }.write(&mut self.0);
        self
    }

    fn execute(mut self, statement: &str) -> Self {
        let bind = Bind {
            portal: b"",
            statement: statement.as_bytes(),
            parameter_formats: vec![],
            parameters: vec![],
            result_formats: vec![],
        };
        bind.write(&mut self.0);
        Execute { portal: b"", rows_max: 0 }.write(&mut self.0);
        self
    }

    fn tag(mut self, tag: u8) -> Self {
        frame(&mut self.0, tag, |_| {});
        self
    }
}

fn raw(gated: &Gated) -> Raw {
    let mut raw = Raw::start(gated.gate.port(A), 0, &gated.database);
    raw.until(b'Z');
    raw
}

fn tags(messages: &[(u8, Vec<u8>)]) -> String {
    messages.iter().map(|(tag, _)| char::from(*tag)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_under_one_sync_is_as_many_steps_and_one_transaction() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let hold = gated.gate.hold_when(Step::is_commit);
    let mut raw = raw(&gated);
    let pipeline = Wire(vec![])
        .parse("", "insert into t values (1)")
        .execute("")
        .parse("", "insert into t values (2)")
        .execute("")
        .parse("", "select 3")
        .execute("")
        .tag(tag::frontend::SYNC)
        .tag(tag::frontend::FLUSH);
    raw.send(&pipeline.0);
    hold.reached().await.expect("one commit");
    assert_eq!(gated.count().await, 0);
    hold.release();
    let answers = raw.until(b'Z');
    assert_eq!(tags(&answers), "12C12C12DCZ");
    assert_eq!(answers.last().expect("ready").1, b"I");
    let expected = [
        "a: insert into t values (1) = INSERT 0 1",
        "a: insert into t values (2) = INSERT 0 1",
        "a: select 3 = SELECT 1",
        "a: COMMIT (of the statement before) = COMMIT",
    ];
    assert_eq!(gated.happened(), expected);
    assert_eq!(gated.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_an_error_in_a_pipeline_nothing_runs_and_nothing_is_held() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let _hold = gated.gate.hold_when(|step| step.mentions("never"));
    let mut raw = raw(&gated);
    let pipeline = Wire(vec![])
        .parse("", "insert into t values (1)")
        .execute("")
        .parse("", "select 1/0")
        .execute("")
        .parse("", "select 'never'")
        .execute("")
        .tag(tag::frontend::SYNC);
    raw.send(&pipeline.0);
    let answers = raw.until(b'Z');
    assert_eq!(tags(&answers), "12C1EZ", "it divides while it is bound");
    assert_eq!(ErrorFields::new(&answers[4].1).sqlstate(), Some("22012"));
    assert_eq!(gated.count().await, 0, "the pipeline was one transaction");
    raw.query("insert into t values (2)");
    assert_eq!(tags(&raw.until(b'Z')), "CZ");
    assert_eq!(gated.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_flushed_is_answered_and_committed_by_its_sync() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let hold = gated.gate.hold_when(Step::is_commit);
    let mut raw = raw(&gated);
    let flush = tag::frontend::FLUSH;
    raw.send(&Wire(vec![]).parse("s", "insert into t values (1)").tag(flush).0);
    assert_eq!(tags(&raw.until(b'1')), "1");
    raw.send(&Wire(vec![]).execute("s").tag(flush).0);
    assert_eq!(tags(&raw.until(b'C')), "2C", "the client may wait for it before its Sync");
    raw.send(&Wire(vec![]).tag(tag::frontend::SYNC).0);
    hold.reached().await.expect("now it is committed");
    assert_eq!(gated.count().await, 0);
    hold.release();
    assert_eq!(tags(&raw.until(b'Z')), "Z");
    assert_eq!(gated.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_prepared_is_a_commit() {
    let gated = Gated::start(1, "create table t (id int)").await;
    let hold = gated.gate.hold_when(Step::is_commit);
    let mut raw = raw(&gated);
    raw.query("begin");
    raw.until(b'Z');
    raw.query("insert into t values (1)");
    raw.until(b'Z');
    let sync = tag::frontend::SYNC;
    raw.send(&Wire(vec![]).parse("end", "commit").tag(sync).0);
    raw.until(b'Z');
    raw.send(&Wire(vec![]).execute("end").tag(sync).0);
    assert!(!hold.reached().await.expect("it is held").is_implied());
    hold.release();
    raw.until(b'Z');
    assert_eq!(gated.count().await, 1);
}
