//! Invariants: checked when a lease comes back, with the rows that break them.

use std::path::PathBuf;

use proofmark_catalog::Invariant;
use proofmark_pool::{BrokenInvariant, Ending, Pool, PoolOptions, Returned, Session};

use crate::server::{ensure, project, recipe, target};

const TABLES: &[(&str, &str)] = &[(
    "1_tables.sql",
    "create table account (id int primary key, balance int not null);
     create table entry (account int not null, amount int not null);
     create table note (text text);
     create table part (n int) partition by range (n);
     create table part_one partition of part for values from (0) to (10);
     create function entries(int) returns bigint stable language sql
        as 'select count(*) from entry where account = $1';",
)];

fn invariant(name: &str, sql: &str) -> Invariant {
    Invariant {
        name: name.to_owned(),
        must_hold: format!("{name} holds"),
        sql: sql.to_owned(),
        path: PathBuf::from("invariants.sql"),
        line: 1,
    }
}

async fn pool(database: &str, invariants: Vec<Invariant>) -> Pool {
    let root = project(TABLES);
    let (template, _) = ensure(&recipe(database, root.path())).await.expect("a template");
    let options = PoolOptions { run: database.to_owned(), invariants, ..PoolOptions::default() };
    Pool::open(target().await, template, options).await.expect("a pool")
}

/// What a lease says in which `sql` was run.
async fn after(pool: &Pool, sql: &str) -> Returned {
    let lease = pool.lease().await.expect("a lease");
    let session = Session::open(&pool.target().config(&lease.database)).await.expect("a session");
    session.batch_execute(sql).await.expect("the SQL is right");
    session.close().await;
    pool.give_back(&lease, Ending { check: true, ..Ending::default() })
        .await
        .expect("the server answers")
}

fn balances() -> Invariant {
    invariant(
        "balances",
        "select id as account, balance, sum(amount) as entries from account \
           left join entry on account = id group by id having balance <> coalesce(sum(amount), 0) \
          order by id -- the end",
    )
}

#[tokio::test]
async fn a_broken_invariant_is_returned_with_its_rows_and_the_database_is_kept() {
    let pool = pool("inv_broken", vec![balances()]).await;
    let returned = after(&pool, "insert into account values (1, 5), (2, 0)").await;
    assert_eq!(returned.checked, 1);
    let expected = BrokenInvariant {
        invariant: "balances".to_owned(),
        must_hold: "balances holds".to_owned(),
        rows: vec!["account: 1, balance: 5, entries: null".to_owned()],
        more: false,
        error: None,
    };
    assert_eq!(returned.broken, [expected]);
    assert!(returned.kept);
}

#[tokio::test]
async fn an_invariant_that_holds_is_only_counted() {
    let pool = pool("inv_holds", vec![balances()]).await;
    let returned =
        after(&pool, "insert into account values (1, 5); insert into entry values (1, 5)").await;
    assert_eq!((returned.checked, returned.broken), (1, Vec::new()));
    assert!(!returned.kept);
}

#[tokio::test]
async fn only_what_reads_a_table_that_was_written_to_is_checked() {
    let by_function = invariant("by_function", "select id from account where entries(id) > 99");
    let by_partition = invariant("by_partition", "select n from part where n > 5");
    let pool = pool("inv_reads", vec![balances(), by_function, by_partition]).await;
    assert_eq!(after(&pool, "select * from account").await.checked, 0);
    // What a function reads is not known, nor which partition a row is in.
    assert_eq!(after(&pool, "insert into note values ('x')").await.checked, 2);
    assert_eq!(after(&pool, "insert into entry values (1, 0)").await.checked, 3);
    assert_eq!(after(&pool, "insert into part values (7)").await.broken.len(), 1);
}

#[tokio::test]
async fn many_rows_and_long_values_are_cut() {
    let long =
        invariant("long", "select n, repeat('x', 500) as text from generate_series(1, 30) n");
    let pool = pool("inv_long", vec![long]).await;
    let broken = after(&pool, "insert into note values ('x')").await.broken.remove(0);
    assert_eq!((broken.rows.len(), broken.more), (20, true));
    assert_eq!(broken.rows[0], format!("n: 1, text: {}...", "x".repeat(200)));
}

#[tokio::test]
async fn a_query_that_fails_is_not_taken_for_one_that_holds() {
    let pool = pool("inv_fails", vec![balances(), invariant("odd", "select 1 / 0")]).await;
    let returned = after(&pool, "drop table entry; insert into account values (1, 0)").await;
    let errors: Vec<_> = returned.broken.iter().map(|one| one.error.as_deref()).collect();
    assert_eq!(
        errors,
        [Some("relation \"entry\" does not exist (42P01)"), Some("division by zero (22012)")]
    );
}

#[tokio::test]
async fn a_query_that_writes_is_refused() {
    let writes = "with gone as (delete from note returning *) select * from gone";
    let pool = pool("inv_writes", vec![invariant("writes", writes)]).await;
    let broken = after(&pool, "insert into note values ('x')").await.broken.remove(0);
    let error = broken.error.unwrap();
    // 0A000: a WITH that writes may not stand inside of another query.
    assert!(error.ends_with("(0A000)"), "{error}");
}
