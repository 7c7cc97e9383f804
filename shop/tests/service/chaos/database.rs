//! The database dies, or every connection to it, while people buy; the service lives on.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use proofmark_postgres::{Store, StoreOptions};
use shop::http::Limits;
use shop::id::VariantId;
use shop::payment::recover;
use shop::{inventory, migration};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::books;
use super::buying::{Bought, Buyer, Crowd, Whereabouts};
use crate::client::{Service, every_scope, key};
use crate::make::Make;
use crate::make::kill::kill_all;
use crate::make::payment::eur;

const RECEIVED: i64 = 10_000;

/// A shop that sells one thing to four people at once.
struct Sale {
    make: Make,
    service: Service,
    variant: VariantId,
    crowd: Crowd,
}

impl Sale {
    async fn open(make: Make) -> Self {
        let service = Service::start_on(&make, make.db.clone(), Limits::default()).await;
        make.german_tax().await;
        let variant = make.variant().priced(eur(1_000)).in_stock(RECEIVED).await;
        let token = key(&make, &every_scope(&make).await).await;
        let at = Whereabouts::new(&service.url);
        let crowd = Crowd::start(4, &Buyer::new(&at, &token, &variant.to_string()));
        Self { make, service, variant, crowd }
    }

    /// Closes, does what workers would do in the next hour, and compares.
    async fn close(self) -> Vec<Bought> {
        let Self { make, service, variant, crowd } = self;
        let bought = crowd.closes().await;
        let (db, context) = (&make.db, &make.context);
        make.clock.advance(TimeDelta::hours(1));
        recover(db, context, &service.fake, context.now()).await.unwrap();
        while inventory::sweep(db, context, 1_000).await.unwrap().more {}
        books::kept(db, &bought).await;
        books::agree(db, &service.fake).await;
        books::shelf(db, variant, RECEIVED).await;
        books::invariants(db).await;
        let held: i64 = sqlx::query_scalar("SELECT sum(reserved)::bigint FROM stock_level")
            .fetch_one(db)
            .await
            .unwrap();
        assert_eq!(held, 0, "held for nobody");
        bought
    }
}

/// As the service connects to a server of its own.
async fn connect(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .connect_lazy_with(options);
    drop(pool.acquire().await.unwrap());
    pool
}

async fn open_store(dir: &Path) -> Store {
    let dir = dir.to_owned();
    let open = move || Store::open(&dir, &StoreOptions::default()).unwrap();
    tokio::task::spawn_blocking(open).await.unwrap()
}

/// PostgreSQL is killed with all its processes, twice, and comes back from its data directory; the
/// service answers 503 meanwhile and is not restarted.
#[proofmark::test(worker_threads = 2)]
async fn what_was_answered_survives_the_death_of_the_server(make: Make) {
    let root = tempfile::tempdir().unwrap();
    // Where root runs the tests, the server runs as another user who has to pass through.
    std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .unwrap();
    let dir = root.path().join("data");
    let mut store = open_store(&dir).await;
    let options = |database: &str| {
        PgConnectOptions::new_without_pgpass()
            .socket(&store.address().socket_dir)
            .port(store.address().port)
            .username(&store.address().user)
            .database(database)
    };
    let mut operator = PgConnection::connect_with(&options("postgres")).await.unwrap();
    sqlx::raw_sql("CREATE DATABASE shop").execute(&mut operator).await.unwrap();
    drop(operator.close().await);
    let db = connect(options("shop")).await;
    migration::migrate(&db, &make.context).await.unwrap();

    let mut sale = Sale::open(Make { db: db.clone(), ..make.clone() }).await;
    for _ in 0..2 {
        sale.crowd.buys(5).await;
        kill_all(store.pid());
        drop(store);
        store = open_store(&dir).await;
        // More than everybody was at when it died: these began after it came back.
        sale.crowd.buys(5).await;
    }
    let bought = sale.close().await;
    assert!(bought.len() >= 20, "{}", bought.len());
    db.close().await;
    tokio::task::spawn_blocking(move || store.stop().unwrap()).await.unwrap();
}

/// Every connection of the service is cut, wherever it is at, again and again.
#[proofmark::test(worker_threads = 2)]
async fn what_was_answered_survives_the_end_of_every_connection(make: Make) {
    let mut operator = PgConnection::connect(make.lease.url()).await.unwrap();
    let db = connect(make.lease.url().parse().unwrap()).await;
    let mut sale = Sale::open(Make { db: db.clone(), ..make.clone() }).await;
    let mut cut_off = 0;
    for _ in 0..6 {
        sale.crowd.buys(2).await;
        let cut: i64 = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type = 'client backend'",
        )
        .fetch_one(&mut operator)
        .await
        .unwrap();
        // Nobody is there where both buyers had their answer when the last ones were cut off.
        cut_off += cut;
    }
    assert!(cut_off > 0, "there was somebody to cut off");
    sale.crowd.buys(5).await;
    let bought = sale.close().await;
    assert!(bought.len() >= 17, "{}", bought.len());
    db.close().await;
}
