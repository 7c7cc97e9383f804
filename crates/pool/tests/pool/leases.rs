//! Leases: isolated, made ahead, taken back with what was written, kept when their test failed.

use std::collections::BTreeSet;

use proofmark_pool::{
    Ending, Leftover, Outcome, Pool, PoolOptions, Session, TableWritten, Target, Template,
};

use crate::server::{pool, pool_on, project, recipe, start, target};

const TABLES: &[(&str, &str)] = &[(
    "1_tables.sql",
    "create table parent (id int primary key, n int check (n > 0));
     create table child (id int primary key, parent int not null references parent);
     create table untouched (id int);",
)];

/// The ending of a test that failed.
fn failed() -> Ending<'static> {
    Ending { outcome: Outcome::Failed, ..Ending::default() }
}

fn written(table: &str, inserted: i64, updated: i64, deleted: i64, live: i64) -> TableWritten {
    let (schema, table) = ("public".to_owned(), table.to_owned());
    TableWritten { schema, table, inserted, updated, deleted, live }
}

#[tokio::test]
async fn what_one_lease_commits_no_other_sees() {
    let pool = pool("isolated", 2, TABLES).await;
    let (one, other) = (pool.lease().await.unwrap(), pool.lease().await.unwrap());
    assert_ne!(one, other);
    let first = Session::open(&pool.target().config(&one.database)).await.unwrap();
    let second = Session::open(&pool.target().config(&other.database)).await.unwrap();
    first.batch_execute("insert into parent values (1, 1)").await.unwrap();
    second.batch_execute("insert into parent values (1, 1)").await.unwrap();
    let again = Session::open(&pool.target().config(&one.database)).await.unwrap();
    let rows = again.query("select from parent", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_returned_lease_says_what_was_written_and_what_was_committed() {
    let pool = pool("says_what", 0, TABLES).await;
    let lease = pool.lease().await.unwrap();
    let session = Session::open(&pool.target().config(&lease.database)).await.unwrap();
    session
        .batch_execute(
            "insert into parent values (1, 1), (2, 2), (3, 3); update parent set n = 5 where id = 1;
             delete from parent where id = 3;",
        )
        .await
        .unwrap();
    session.batch_execute("begin; insert into child values (1, 1); rollback").await.unwrap();
    session.batch_execute("insert into parent values (4, -1)").await.unwrap_err();
    session.batch_execute("insert into parent values (1, 1)").await.unwrap_err();
    session.close().await;
    let returned = pool.give_back(&lease, Ending::default()).await.unwrap();
    // The refused duplicate counts as inserted, the row that the CHECK refused does not.
    let expected = [written("child", 1, 0, 0, 0), written("parent", 4, 1, 1, 2)];
    assert_eq!(returned.written, expected);
    assert_eq!(returned.left, []);
    assert!(!returned.kept);
}

#[tokio::test]
async fn a_read_only_lease_wrote_nothing() {
    let pool = pool("reads_only", 0, TABLES).await;
    let lease = pool.lease().await.unwrap();
    let session = Session::open(&pool.target().config(&lease.database)).await.unwrap();
    session.batch_execute("select * from parent").await.unwrap();
    session.close().await;
    assert_eq!(pool.give_back(&lease, Ending::default()).await.unwrap().written, []);
}

#[tokio::test]
async fn a_connection_left_open_does_not_hold_up_the_return() {
    let pool = pool("left_open", 0, TABLES).await;
    let lease = pool.lease().await.unwrap();
    let session = Session::open(&pool.target().config(&lease.database)).await.unwrap();
    session.batch_execute("begin; insert into parent values (1, 1)").await.unwrap();
    let returned = pool.give_back(&lease, Ending::default()).await.unwrap();
    assert_eq!(returned.written, [written("parent", 1, 0, 0, 0)]);
}

#[tokio::test]
async fn settings_and_privileges_of_the_database_are_copied_as_well() {
    // On a server of its own: the role would seem to be one that a test has left.
    let server = start();
    let pool = pool_on(
        &Target::private(server.address()).await.unwrap(),
        "belongings",
        PoolOptions::default(),
        &[(
            "1_a.sql",
            "create role belongings_app login;
             grant create on database belongings to belongings_app;
             alter database belongings set search_path to app, public;
             alter database belongings set work_mem to '7MB';
             alter role belongings_app in database belongings set statement_timeout to '5s';
             create schema app;",
        )],
    )
    .await;
    let lease = pool.lease().await.unwrap();
    let mut config = pool.target().config(&lease.database);
    let session = Session::open(config.user("belongings_app")).await.unwrap();
    let row = session
        .query_one(
            "select current_setting('search_path'), current_setting('work_mem'), \
                    current_setting('statement_timeout'), \
                    has_database_privilege(current_database(), 'create')",
            &[],
        )
        .await
        .unwrap();
    let settings: Vec<String> = (0..3).map(|place| row.get(place)).collect();
    assert_eq!(settings, ["app, public", "7MB", "5s"]);
    assert!(row.get::<_, bool>(3));
}

#[tokio::test]
async fn the_database_of_a_failed_test_stays() {
    let pool = pool("kept", 0, TABLES).await;
    let lease = pool.lease().await.unwrap();
    let session = Session::open(&pool.target().config(&lease.database)).await.unwrap();
    session.batch_execute("insert into parent values (42, 1)").await.unwrap();
    session.close().await;
    assert!(pool.give_back(&lease, failed()).await.unwrap().kept);
    assert_eq!(pool.kept(), BTreeSet::from([lease.database.clone()]));
    let session = Session::open(&pool.target().config(&lease.database)).await.unwrap();
    assert_eq!(session.query("select from parent where id = 42", &[]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_test_may_drop_its_database_create_another_and_leave_a_prepared_transaction() {
    // On a server of its own: another test might have created the database.
    let server = start();
    let target = Target::private(server.address()).await.unwrap();
    let pool = pool_on(&target, "unruly", PoolOptions::default(), TABLES).await;
    let one = pool.lease().await.unwrap();
    let session = Session::open(&pool.target().config(&one.database)).await.unwrap();
    session.batch_execute("create database unruly_extra").await.unwrap();
    session
        .batch_execute("begin; insert into parent values (1, 1); prepare transaction 'it''s open'")
        .await
        .unwrap();
    session.close().await;
    let left = pool.give_back(&one, Ending::default()).await.unwrap().left;
    assert!(left.contains(&Leftover::Database("unruly_extra".to_owned())), "{left:?}");
    assert!(left.contains(&Leftover::PreparedTransaction("it's open".to_owned())), "{left:?}");
    let other = pool.lease().await.unwrap();
    let outside = Session::open(pool.target().maintenance()).await.unwrap();
    outside
        .batch_execute(&format!("drop database \"{}\" with (force)", other.database))
        .await
        .unwrap();
    let left = pool.give_back(&other, Ending::default()).await.unwrap().left;
    assert!(left.contains(&Leftover::OwnDatabaseDropped(other.database)), "{left:?}");
    outside.batch_execute("drop database unruly_extra").await.unwrap();
}

#[tokio::test]
async fn leases_taken_at_once_are_all_different() {
    let pool = pool("at_once", 3, TABLES).await;
    let leases = futures_util::future::join_all((0..12).map(|_| pool.lease())).await;
    let names: BTreeSet<String> = leases.into_iter().map(|lease| lease.unwrap().database).collect();
    assert_eq!(names.len(), 12);
}

/// The server of the tests as if it were the user's.
async fn as_a_users_server() -> Target {
    Target::external(&target().await.url("postgres")).await.expect("a server of our own")
}

#[tokio::test]
async fn copies_of_a_run_that_died_on_a_shared_server_go_with_the_next_one() {
    let target = as_a_users_server().await;
    let root = project(TABLES);
    let recipe = recipe("orphaned", root.path());
    let ingredients = recipe.read().unwrap();
    let key = ingredients.key("orphaned", target.version());
    let (template, _) =
        Template::ensure(&target, &recipe, &ingredients, &key, &|_| {}).await.unwrap();
    let open = async |run: &str| {
        let options = PoolOptions { run: run.to_owned(), ..PoolOptions::default() };
        Pool::open(target.clone(), template.clone(), options).await.unwrap()
    };
    let alive = open("alive").await;
    let of_the_living = alive.lease().await.unwrap();
    let dead = open("dead").await;
    let orphan = dead.lease().await.unwrap();
    let kept = dead.lease().await.unwrap();
    dead.give_back(&kept, failed()).await.unwrap();
    let session = Session::open(target.maintenance()).await.unwrap();
    session.batch_execute("create database proofmark_orphaned_not_ours").await.unwrap();
    // Dropped without being closed, as by a kill; its connections go, and its lock with them.
    drop(dead);
    let exists = async |name: &str| {
        let sql = "select from pg_database where datname = $1";
        session.query_opt(sql, &[&name]).await.unwrap().is_some()
    };
    for _ in 0..1000 {
        drop(open("next").await);
        if !exists(&orphan.database).await {
            break;
        }
    }
    assert!(!exists(&orphan.database).await);
    assert!(exists(&of_the_living.database).await);
    assert!(exists(&kept.database).await);
    assert!(exists("proofmark_orphaned_not_ours").await);
}
