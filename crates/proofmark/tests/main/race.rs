//! Two calls in every order that matters: what is found, and what is not.

use std::time::Duration;

use proofmark::gate::{Actor, Gate, Step};
use proofmark::race::{Broken, Explored, Race, Ran};
use proofmark::{FromLease, Lease};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio_postgres::Client;

/// A table of its own for each test, with one row.
async fn stock(db: PgPool) {
    let sql = "drop table if exists stock;
               create table stock (id int primary key, quantity int not null);
               insert into stock values (1, 1), (2, 1)";
    sqlx::raw_sql(sql).execute(&db).await.unwrap();
}

async fn quantity(db: &PgPool) -> i32 {
    let sql = "select quantity from stock where id = 1";
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Reads, decides, writes what it computed.
async fn sell_after_a_look(db: &PgPool) -> Result<bool, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let left: i32 = sqlx::query_scalar("select quantity from stock where id = $1")
        .bind(1)
        .fetch_one(&mut *transaction)
        .await?;
    if left < 1 {
        return Ok(false);
    }
    sqlx::query("update stock set quantity = $1 where id = 1")
        .bind(left - 1)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

async fn sell_guarded(db: &PgPool) -> Result<bool, sqlx::Error> {
    let sql = "update stock set quantity = quantity - 1 where id = 1 and quantity >= 1";
    Ok(sqlx::query(sql).execute(db).await?.rows_affected() == 1)
}

async fn never_sold_twice(
    _: PgPool,
    (): &(),
    a: &Result<bool, sqlx::Error>,
    b: &Result<bool, sqlx::Error>,
) -> Result<(), &'static str> {
    let sold = |result: &Result<bool, sqlx::Error>| *result.as_ref().unwrap();
    if sold(a) && sold(b) { Err("one item was sold twice") } else { Ok(()) }
}

async fn oversell(lease: &Lease) -> Explored {
    Race::new(lease)
        .explore(
            stock,
            async |db: PgPool, ()| sell_after_a_look(&db).await,
            async |db: PgPool, ()| sell_after_a_look(&db).await,
            never_sold_twice,
        )
        .await
}

#[proofmark::test]
async fn selling_after_a_look_sells_one_item_twice(lease: Lease) {
    let explored = oversell(&lease).await;
    let witness = explored.assert_breaks();
    assert!(witness.preemptions() > 0);
    // begins, select, update, commit: three places to be interrupted, and a serial order.
    assert_eq!(explored.schedules().len(), 8);
    assert_eq!(explored.preempted(), 6);
    assert_eq!(explored.witnesses().count(), 4, "interrupted behind the select and the update");
    let shown = witness.to_string();
    for part in [
        "a  begins",
        "a  select quantity from stock where id = $1",
        "waits for a lock, then ok, UPDATE 1",
        "the check: one item was sold twice",
        "run a second time, it broke again",
    ] {
        let is_shown = explored.witnesses().any(|witness| witness.to_string().contains(part));
        assert!(is_shown, "{part}: {explored:#?}");
    }
    assert!(shown.contains("replay token: a2b*a*"), "{shown}");
    assert!(shown.ends_with("selling_after_a_look_sells_one_item_twice"), "{shown}");
}

#[proofmark::test]
async fn a_guarded_sale_holds_in_every_schedule(lease: Lease) {
    let explored = Race::new(&lease)
        .explore(
            stock,
            async |db: PgPool, ()| sell_guarded(&db).await,
            async |db: PgPool, ()| sell_guarded(&db).await,
            never_sold_twice,
        )
        .await;
    // begins, update, commit of the update.
    assert_eq!(explored.schedules().len(), 6, "{explored:#?}");
    assert_eq!(explored.preempted(), 4);
    assert!(explored.schedules().iter().any(Ran::waited));
    explored.assert_holds();
}

#[proofmark::test]
async fn a_replay_token_gives_the_same_execution(lease: Lease) {
    let witness = oversell(&lease).await.assert_breaks().clone();
    for _ in 0..3 {
        let again = Race::new(&lease)
            .schedule(&witness.schedule().to_string())
            .explore(
                stock,
                async |db: PgPool, ()| sell_after_a_look(&db).await,
                async |db: PgPool, ()| sell_after_a_look(&db).await,
                never_sold_twice,
            )
            .await;
        assert_eq!(again.schedules().len(), 1);
        let steps = |ran: &proofmark::race::Ran| {
            let lines = ran.to_string();
            lines.lines().filter(|line| line.starts_with("    ")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(steps(again.assert_breaks()), steps(&witness));
    }
}

#[proofmark::test]
async fn a_connection_of_tokio_postgres_is_raced_as_well(lease: Lease) {
    let explored = Race::new(&lease)
        .explore(
            stock,
            async |mut db: Client, ()| {
                let transaction = db.transaction().await.unwrap();
                let sql = "select quantity from stock where id = $1";
                let left: i32 = transaction.query_one(sql, &[&1]).await.unwrap().get(0);
                let sql = "update stock set quantity = $1 where id = 1";
                transaction.execute(sql, &[&(left - 1)]).await.unwrap();
                transaction.commit().await.unwrap();
            },
            async |db: PgPool, ()| sell_after_a_look(&db).await.unwrap(),
            async |db: PgPool, (), (), sold: &bool| {
                let expected = if *sold { -1 } else { 0 };
                assert_eq!(quantity(&db).await, expected, "an update was lost");
            },
        )
        .await;
    explored.assert_breaks();
    assert_eq!(explored.schedules().len(), 8);
}

/// Runs one autocommit statement against itself; how many schedules broke, of how many.
async fn statement(lease: &Lease, schema: &str, sql: &str, broken: &str) -> (usize, usize) {
    let explored = Race::new(lease)
        .explore(
            async |db: PgPool| {
                sqlx::raw_sql(sqlx::AssertSqlSafe(schema.to_owned())).execute(&db).await.unwrap();
            },
            async |db: PgPool, ()| {
                let sql = sqlx::AssertSqlSafe(sql.replace("{n}", "1"));
                sqlx::query(sql).execute(&db).await.is_ok()
            },
            async |db: PgPool, ()| {
                let sql = sqlx::AssertSqlSafe(sql.replace("{n}", "2"));
                sqlx::query(sql).execute(&db).await.is_ok()
            },
            async |db: PgPool, (), _: &bool, _: &bool| {
                let broken = sqlx::AssertSqlSafe(broken.to_owned());
                let broken: bool = sqlx::query_scalar(broken).fetch_one(&db).await.unwrap();
                if broken { Err("broken") } else { Ok(()) }
            },
        )
        .await;
    (explored.witnesses().count(), explored.schedules().len())
}

#[proofmark::test]
async fn races_inside_one_statement_are_found_by_its_held_commit(lease: Lease) {
    let cases = [
        (
            "insert where not exists",
            "drop table if exists t; create table t (key text)",
            "insert into t select 'k' where not exists (select from t where key = 'k')",
            "select count(*) > 1 from t",
        ),
        (
            "a voucher counted and redeemed in one statement",
            "drop table if exists t; create table t (voucher text)",
            "with used as (select count(*) as n from t) insert into t select 'v' from used where n < 1",
            "select count(*) > 1 from t",
        ),
        (
            "a wallet of two rows",
            "drop table if exists t; create table t (id int, balance int);
             insert into t values (1, 50), (2, 50)",
            "update t set balance = balance - 80
             where id = {n} and (select sum(balance) from t) >= 80",
            "select sum(balance) < 0 from t",
        ),
        (
            "the next number",
            "drop table if exists t; create table t (no int)",
            "insert into t select coalesce(max(no), 0) + 1 from t",
            "select count(*) > count(distinct no) from t",
        ),
    ];
    for (name, schema, sql, broken) in cases {
        assert_eq!(statement(&lease, schema, sql, broken).await, (2, 6), "{name}");
    }
}

#[proofmark::test]
async fn statements_that_are_safe_are_never_accused(lease: Lease) {
    let cases = [
        (
            "a guarded update",
            "drop table if exists t; create table t (quantity int); insert into t values (1)",
            "update t set quantity = quantity - 1 where quantity >= 1",
            "select quantity < 0 from t",
        ),
        (
            "insert on conflict do nothing",
            "drop table if exists t; create table t (key text primary key)",
            "insert into t values ('k') on conflict do nothing",
            "select count(*) <> 1 from t",
        ),
    ];
    for (name, schema, sql, broken) in cases {
        assert_eq!(statement(&lease, schema, sql, broken).await, (0, 6), "{name}");
    }
}

#[proofmark::test]
async fn a_function_that_writes_has_its_commit_held(lease: Lease) {
    let schema = "drop table if exists t; create table t (key text);
        create or replace function once() returns void language sql as
        $$ insert into t select 'k' where not exists (select from t) $$";
    let broken = "select count(*) > 1 from t";
    assert_eq!(statement(&lease, schema, "select once()", broken).await, (2, 6));
    // One that writes nothing has no commit to hold: begins, and the statement.
    assert_eq!(statement(&lease, schema, "select pg_sleep(0)", broken).await, (0, 4));
}

#[proofmark::test]
async fn of_two_that_block_each_other_one_is_refused(lease: Lease) {
    async fn transfer(mut db: PgConnection, from: i32, to: i32) -> Option<String> {
        let mut transaction = db.begin().await.unwrap();
        for id in [from, to] {
            let sql = "update stock set quantity = quantity + 1 where id = $1";
            if let Err(error) = sqlx::query(sql).bind(id).execute(&mut *transaction).await {
                return Some(error.as_database_error().unwrap().code().unwrap().into_owned());
            }
        }
        transaction.commit().await.unwrap();
        None
    }
    let explored = Race::new(&lease)
        .explore(
            stock,
            async |db: PgConnection, ()| transfer(db, 1, 2).await,
            async |db: PgConnection, ()| transfer(db, 2, 1).await,
            async |_: Lease, (), a: &Option<String>, b: &Option<String>| match (a, b) {
                (None, None) => Ok(()),
                // Mostly the one that comes back to the other's wait; a server that is held up
                // may look at both.
                (Some(code), None) | (None, Some(code)) => Err(format!("one: {code}")),
                (a, b) => Err(format!("a: {a:?}, b: {b:?}")),
            },
        )
        .await;
    assert_eq!(explored.schedules().len(), 8);
    let refused: Vec<_> = explored
        .witnesses()
        .map(|witness| (witness.schedule().to_string(), witness.broken().unwrap().clone()))
        .collect();
    let one = Broken::Check("one: 40P01".to_owned()); // deadlock_detected
    assert_eq!(refused, [("a2b*a*".to_owned(), one.clone()), ("b2a*b*".to_owned(), one)]);
}

#[proofmark::test]
async fn a_pool_of_one_that_is_used_up_is_stuck_and_not_passed(lease: Lease) {
    let explored = Race::new(&lease)
        .patience(Duration::from_millis(300))
        .explore(
            stock,
            async |options: PgConnectOptions, ()| {
                let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
                let first = pool.begin().await.unwrap();
                // A second connection, while the only one is taken.
                sell_guarded(&pool).await.unwrap();
                drop(first);
            },
            async |db: PgPool, ()| sell_guarded(&db).await.unwrap(),
            async |_: Lease, (), (), _: &bool| {},
        )
        .await;
    let Some(Broken::Stuck(why)) = explored.assert_breaks().broken() else {
        panic!("{explored:#?}");
    };
    assert!(why.contains("a waits for something that is not in the database"), "{why}");
}

#[proofmark::test]
async fn a_pool_of_one_is_enough_for_a_call_that_uses_one(lease: Lease) {
    async fn sell(options: PgConnectOptions) -> Result<bool, sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let sold = sell_after_a_look(&pool).await;
        pool.close().await;
        sold
    }
    let explored = Race::new(&lease)
        .explore(
            stock,
            async |options: PgConnectOptions, ()| sell(options).await,
            async |options: PgConnectOptions, ()| sell(options).await,
            never_sold_twice,
        )
        .await;
    assert_eq!(explored.witnesses().count(), 4);
}

#[proofmark::test]
async fn a_call_that_panics_breaks_its_schedule(lease: Lease) {
    let explored = Race::new(&lease)
        .explore(
            stock,
            async |db: PgPool, ()| assert!(sell_after_a_look(&db).await.unwrap(), "sold out"),
            async |db: PgPool, ()| sell_guarded(&db).await.unwrap(),
            async |_: Lease, (), (), _: &bool| {},
        )
        .await;
    let Some(Broken::Call(actor, why)) = explored.assert_breaks().broken() else {
        panic!("{explored:#?}");
    };
    assert_eq!((actor.to_string().as_str(), why.as_str()), ("a", "sold out"));
}

#[proofmark::test]
#[should_panic(expected = "nothing was raced")]
async fn calls_that_send_nothing_through_the_gate_are_not_passed(lease: Lease, db: PgPool) {
    let explored = Race::new(&lease)
        .explore(
            stock,
            async |_: PgPool, ()| sell_guarded(&db).await,
            async |_: PgPool, ()| sell_guarded(&db).await,
            never_sold_twice,
        )
        .await;
    explored.assert_holds();
}

#[proofmark::test]
async fn a_fixture_behind_a_gate_has_its_commit_held_by_hand(lease: Lease, db: PgPool) {
    stock(db.clone()).await;
    let gate = Gate::start(&lease.config(), 1).unwrap();
    let behind = PgPool::from_lease(&lease.behind(&gate, Actor(0))).await.unwrap();
    let hold = gate.hold_when(Step::is_commit);
    let sale = tokio::spawn(async move { sell_guarded(&behind).await });
    assert!(hold.reached().await.unwrap().is_implied());
    assert_eq!(quantity(&db).await, 1);
    hold.run_and_cut();
    assert!(sale.await.unwrap().is_err(), "the call does not learn how it went");
    assert_eq!(quantity(&db).await, 0);
}
