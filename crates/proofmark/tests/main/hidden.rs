//! Tests that `alone` runs in processes of their own, because they fail, hang, or are about what
//! is left when the process has ended.
//!
//! **Invariant**: each is ignored, so that no ordinary run meets it.

use std::path::PathBuf;

use proofmark::{Connection, FromLease, Lane, Lease, Transaction, assert_refused};
use sqlx::PgPool;
use tokio_postgres::Client;

/// Writes something for the parent to read.
fn note(name: &str, text: &str) {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let partial = root.join(format!("{name}.tmp"));
    std::fs::write(&partial, text).unwrap();
    std::fs::rename(partial, root.join(name)).unwrap();
}

/// Where the server has its data, and its process.
async fn server(client: &Client) -> String {
    let sql = "select current_setting('data_directory')";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn passes(client: Client) {
    note("data_directory", &server(&client).await);
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn never_ends(client: Client, lease: Lease) {
    note("database", lease.database());
    note("url", &lease.url().replace(lease.database(), "postgres"));
    note("data_directory", &server(&client).await);
    std::future::pending::<()>().await;
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn panics(client: Client, lease: Lease) {
    note("data_directory", &server(&client).await);
    note("database", lease.database());
    client.batch_execute("insert into show (id, title) values (2, 'Platonov')").await.unwrap();
    panic!("on purpose");
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn returns_an_error(client: Client, lease: Lease) -> Result<(), tokio_postgres::Error> {
    note("database", lease.database());
    client.batch_execute("insert into show (id, title) values (2, '')").await
}

#[proofmark::test]
#[ignore = "run by `alone` and `under_run`"]
async fn leaves_a_show_without_a_seat(client: Client, lease: Lease) {
    note("database", lease.database());
    client.batch_execute("insert into show (id, title) values (2, 'Platonov')").await.unwrap();
}

#[proofmark::test]
#[should_panic(expected = "on purpose")]
#[ignore = "run by `alone`"]
async fn panics_as_it_should(client: Client) {
    client.batch_execute("select 1").await.unwrap();
    panic!("on purpose");
}

#[proofmark::test]
#[should_panic(expected = "on purpose")]
#[ignore = "run by `alone`"]
async fn panics_with_other_words() {
    panic!("by accident");
}

#[proofmark::test]
#[should_panic = "on purpose"]
#[ignore = "run by `alone`"]
async fn does_not_panic_as_it_should() {}

struct Broken;

impl FromLease for Broken {
    type Error = String;

    async fn from_lease(_: &Lease) -> Result<Self, Self::Error> {
        Err("the play is sold out".to_owned())
    }
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn takes_a_broken_fixture(_broken: Broken) {
    unreachable!("there is no fixture");
}

#[proofmark::test]
#[should_panic(expected = "sold out")]
#[ignore = "run by `alone`"]
async fn takes_a_broken_fixture_and_should_panic(_broken: Broken) {
    unreachable!("there is no fixture");
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn has_endings_and_panics(lease: Lease, db: PgPool) {
    lease.on_end(|| async { note("first", "registered first, run last") });
    lease.on_end(move || async move {
        let shows = sqlx::query_scalar::<_, i64>("select count(*) from show").fetch_one(&db).await;
        note("second", &format!("{} show", shows.unwrap()));
        assert!(!std::env::current_dir().unwrap().join("first").exists());
    });
    panic!("on purpose");
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn has_an_ending_that_panics(lease: Lease) {
    lease.on_end(|| async { note("other", "runs all the same") });
    lease.on_end(|| async { panic!("the curtain is stuck") });
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn keeps_connections_for_ever(db: PgPool, client: Client) {
    std::mem::forget(db.acquire().await.unwrap());
    std::mem::forget(db.begin().await.unwrap());
    std::mem::forget(db);
    std::mem::forget(client);
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn drops_its_database(lease: Lease) {
    let mut settings = lease.config();
    let (client, connection) =
        settings.dbname("postgres").connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let drop = format!("drop database \"{}\" with (force)", lease.database());
    client.batch_execute(&drop).await.unwrap();
    panic!("on purpose");
}

#[proofmark::test(database = "audit")]
#[ignore = "run by `alone`"]
async fn wants_the_audit_database(client: Client, lease: Lease) {
    assert_eq!(lease.name(), "audit");
    let sql = "select count(*) from pg_class where relname in ('show', 'seat')";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[proofmark::test]
#[ignore = "run by `alone`"]
async fn creates_a_database(client: Client) {
    client.batch_execute("create database matinee").await.unwrap();
    panic!("on purpose");
}

#[proofmark::test(seed = "tests/seeds/broken.sql")]
#[ignore = "run by `seeds`"]
async fn has_a_seed_that_fails() {}

const SHOW: &str = "insert into show (id, title) values (2, 'Ivanov')";

#[proofmark::test(database = "box_office")]
#[ignore = "run by `databases`"]
async fn writes_to_two_databases(
    #[database = "box_office"] shows: Client,
    #[database = "audit"]
    #[seed = "tests/seeds/trail.sql"]
    trail: Client,
    #[database = "audit"] other: Client,
    lease: Lease,
) {
    shows.batch_execute(SHOW).await.unwrap();
    trail.batch_execute("insert into trail values ('sold')").await.unwrap();
    let entries = other.query("select entry from trail order by 1", &[]).await.unwrap();
    let entries: Vec<&str> = entries.iter().map(|row| row.get(0)).collect();
    assert_eq!(entries, ["opened", "sold"]);
    assert!(other.batch_execute("select from show").await.is_err());
    assert_eq!(lease.name(), "box_office");
    assert_eq!(lease.beside("audit").unwrap().name(), "audit");
    assert!(lease.beside("elsewhere").is_none());
}

#[proofmark::test(database = "box_office")]
#[ignore = "run by `databases`"]
async fn finds_two_databases_clean(shows: Client, #[database = "audit"] trail: Client) {
    shows.batch_execute(SHOW).await.unwrap();
    assert!(trail.batch_execute("select from trail").await.is_err());
}

struct Both {
    shows: Client,
    trail: Client,
}

impl FromLease for Both {
    type Error = anyhow::Error;

    async fn from_lease(lease: &Lease) -> Result<Self, Self::Error> {
        let audit = lease.beside("audit").ok_or_else(|| anyhow::anyhow!("`audit` is not bound"))?;
        let shows = Client::from_lease(lease).await?;
        Ok(Self { shows, trail: Client::from_lease(&audit).await? })
    }
}

#[proofmark::test(database = "box_office")]
#[ignore = "run by `databases`"]
async fn has_a_fixture_of_two_databases(both: Both, #[database = "audit"] _audit: Lease) {
    both.shows.batch_execute(SHOW).await.unwrap();
    both.trail.batch_execute("create table trail ()").await.unwrap();
}

#[proofmark::test]
#[ignore = "run by `databases`"]
async fn fails_with_two_databases(
    #[database = "box_office"] shows: Lease,
    #[database = "audit"] audit: Lease,
) {
    note("box_office", shows.database());
    note("audit", audit.database());
    panic!("on purpose");
}

#[proofmark::test(lane = "direct")]
#[ignore = "run by `under_run`"]
async fn asks_for_the_direct_lane(lease: Lease, db: PgPool) {
    assert_eq!(lease.lane(), Lane::Direct);
    sqlx::query(SHOW).execute(&db).await.unwrap();
    note("lane", &format!("{:?}", lease.lane()));
    note("url", lease.url());
}

/// Each refused once, by whichever way it can come to be known on the direct lane.
#[proofmark::test(lane = "direct", worker_threads = 2)]
#[ignore = "run by `under_run`"]
async fn is_refused_on_the_direct_lane(
    lease: Lease,
    client: Client,
    connection: Connection,
    transaction: Transaction<Client>,
    db: PgPool,
) {
    // In passing: simple and extended, and what a commit says.
    client.batch_execute("insert into show values (1, 'Ivanov')").await.unwrap_err();
    let blank = "insert into show (id, title) values ($1, '')";
    connection.execute(blank, &[&2]).await.unwrap_err();
    let nowhere = "insert into seat (id, show_id, label) values (1, 99, 'A1')";
    client.batch_execute(nowhere).await.unwrap_err();
    transaction.batch_execute("insert into show (id) values (3)").await.unwrap_err();
    // In passing and shown: once.
    let twice = client.batch_execute("insert into seat values (1, 1, 'A'), (2, 1, 'A')").await;
    assert_refused!(twice, "seat_label_once_per_show");
    // Shown: from the test itself, from a task on another thread, by an error that wraps it.
    let refused = assert_refused!(sqlx::query(SAME_SEAT).execute(&db).await, "seat_pkey");
    assert_eq!((refused.table(), refused.sqlstate()), (Some("seat"), "23505"));
    let pool = db.clone();
    let task = tokio::spawn(async move {
        let untitled = sqlx::query("insert into show (id) values (4)").execute(&pool).await;
        assert_refused!(untitled.map_err(anyhow::Error::from), "title:not-null");
    });
    task.await.unwrap();
    let error = sqlx::query("insert into show values (5, '')").execute(&db).await.unwrap_err();
    let error = std::io::Error::other(error);
    assert_eq!(lease.saw(&error).unwrap().constraint(), Some("show_title_not_blank"));
    // Nobody shows this one.
    sqlx::query("select 1 / 0").execute(&db).await.unwrap_err();
}

const SAME_SEAT: &str = "insert into seat values (1, 1, 'A'), (1, 1, 'B')";

#[proofmark::test(lane = "direct")]
#[ignore = "run by `under_run`"]
async fn returns_what_was_refused(db: PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("insert into show values (1, 'Ivanov')").execute(&db).await?;
    Ok(())
}

#[proofmark::test]
#[ignore = "run by `under_run`"]
async fn is_refused_on_the_lane_that_is_watched(client: Client) -> anyhow::Result<()> {
    let result = client.batch_execute("insert into show values (1, 'Ivanov')").await;
    assert_refused!(result, "show_pkey");
    Ok(())
}

#[proofmark::test]
#[ignore = "run by `under_run`"]
async fn loses_its_control_connection(client: Client) {
    client.batch_execute(SHOW).await.unwrap();
    note("cut", "");
    let done = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("done");
    super::project::eventually("the connection is cut", || done.exists());
}

#[proofmark::test]
#[ignore = "run by `under_run`"]
async fn says_its_lane(lease: Lease, client: Client) {
    client.batch_execute(SHOW).await.unwrap();
    note("lane", &format!("{:?}", lease.lane()));
}

#[proofmark::test]
#[ignore = "run by `connection`"]
async fn leaves_much_on_its_connection(connection: Connection, lease: Lease) {
    note("first_database", lease.database());
    note("first_backend", &backend(&connection).await);
    let much = "set search_path to nowhere; set session authorization pg_monitor; \
                set lock_timeout = 7; listen curtain; create temp table prop (); \
                select pg_advisory_lock(7); declare c cursor with hold for select 1";
    connection.batch_execute(much).await.unwrap();
    connection.batch_execute("begin; select 1").await.unwrap();
    assert!(connection.batch_execute("select 1 / 0").await.is_err());
}

#[proofmark::test]
#[ignore = "run by `connection`"]
async fn takes_a_connection_as_new(connection: Connection, lease: Lease) {
    note("second_database", lease.database());
    note("second_backend", &backend(&connection).await);
    // Types that a driver does not know by heart are looked up by statements that it keeps.
    let found = "select current_setting('search_path'), current_user = session_user, \
                 current_setting('lock_timeout'), array(select pg_listening_channels())::text[], \
                 to_regclass('pg_temp.prop') is null, \
                 (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), \
                 (select count(*) from pg_cursors where name = 'c'), \
                 (select count(*) from pg_prepared_statements where from_sql), \
                 'a'::information_schema.sql_identifier";
    let row = connection.query_one(found, &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "\"$user\", public");
    assert!(row.get::<_, bool>(1));
    assert_eq!(row.get::<_, &str>(2), "0");
    assert_eq!(row.get::<_, Vec<String>>(3), Vec::<String>::new());
    assert!(row.get::<_, bool>(4));
    assert_eq!([5, 6, 7].map(|column| row.get::<_, i64>(column)), [0, 0, 0]);
    // Refused inside a transaction.
    connection.batch_execute("vacuum show").await.unwrap();
}

#[proofmark::test]
#[ignore = "run by `connection`"]
async fn keeps_its_connection_busy(connection: Connection, lease: Lease) {
    note("first_database", lease.database());
    note("first_backend", &backend(&connection).await);
    tokio::spawn(async move { connection.batch_execute("select pg_sleep(600)").await });
    tokio::task::yield_now().await;
}

#[proofmark::test]
#[ignore = "run by `connection`"]
async fn gives_its_connection_away(connection: Connection, lease: Lease) {
    note("first_database", lease.database());
    note("first_backend", &backend(&connection).await);
    std::mem::forget(connection);
}

#[proofmark::test]
#[ignore = "run by `connection`"]
async fn prepares_a_statement_in_sql(connection: Connection, lease: Lease) {
    note("first_database", lease.database());
    note("first_backend", &backend(&connection).await);
    connection.batch_execute("prepare s as select 1").await.unwrap();
}

async fn backend(client: &Client) -> String {
    let row = client.query_one("select pg_backend_pid()::text", &[]).await.unwrap();
    row.get(0)
}

/// Many tests at once that would all collide if they met.
macro_rules! crowd {
    ($($name:ident)*) => {
        pub(crate) const CROWD: &[&str] = &[$(concat!("crowd::", stringify!($name))),*];

        mod crowd {
            use tokio_postgres::Client;

            $(
                #[proofmark::test]
                #[ignore = "run by `alone`"]
                async fn $name(client: Client) {
                    let seat = "insert into seat (id, show_id, label) values (7, 1, 'A1')";
                    client.batch_execute(seat).await.unwrap();
                }
            )*
        }
    };
}

crowd! {
    a1 a2 a3 a4 a5 a6 a7 a8 b1 b2 b3 b4 b5 b6 b7 b8 c1 c2 c3 c4 c5 c6 c7 c8 d1 d2 d3 d4 d5 d6 d7 d8
}
