//! The database that a command works on.
//!
//! In: a URL, or a directory. Out: a [`Database`] with a pool: of the server that the URL names, of
//! a server of our own on the directory, or of the one that another `shop` runs there.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use proofmark_postgres::{Address, Search, Store, StoreError, StoreOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool};

use super::args::Where;
use super::failure::{Failure, OrFail as _};
use super::say;

/// Of our own server.
const NAME: &str = "shop";

/// Connections beyond those of the pool: other commands on the same server, and people.
const SPARE: u32 = 30;

/// A database, and its server where that is ours.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) pool: PgPool,
    store: Option<Store>,
}

/// Whether a command may use the server that another one runs on the same directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    Join,
    Refuse,
}

impl Database {
    pub(crate) async fn open(place: &Where, sharing: Sharing) -> Result<Self, Failure> {
        if let Some(url) = &place.database_url {
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| Failure::new("DATABASE_URL is not a connection string"))?;
            let pool = connect(options, place.connections).await.map_err(|error| {
                Failure::of("the database of DATABASE_URL cannot be reached", &error)
            })?;
            return Ok(Self { pool, store: None });
        }
        let dir = data_dir(place)?;
        let options = StoreOptions {
            search: Search {
                on_progress: Some(std::sync::Arc::new(|line| say::progress("postgres", line))),
                ..Search::new()
            },
            max_connections: place.connections + SPARE,
            ..StoreOptions::default()
        };
        let opened = {
            let dir = dir.clone();
            // It waits for processes and files.
            tokio::task::spawn_blocking(move || Store::open(&dir, &options))
                .await
                .or_fail("opening the data directory was cut short")?
        };
        let (address, store) = match opened {
            Ok(store) => (store.address().clone(), Some(store)),
            Err(StoreError::InUse { .. }) if sharing == Sharing::Join => {
                (Store::address_in(&dir).or_fail("the data directory is gone")?, None)
            }
            Err(error) => {
                let help = match &error {
                    StoreError::InUse { .. } => "end the other `shop`, or give this one another \
                                                 --data"
                        .to_owned(),
                    error => error.help(),
                };
                return Err(Failure::of("the data directory cannot be used", &error).help(help));
            }
        };
        if store.is_some() {
            create_if_missing(&address).await.or_fail("the database could not be made")?;
        }
        let pool = connect(options_for(&address, NAME), place.connections)
            .await
            .or_fail("the shop's own PostgreSQL does not answer")?;
        Ok(Self { pool, store })
    }

    /// Where the data is, for people: a line to open it in psql.
    pub(crate) fn place(&self) -> Option<String> {
        self.store.as_ref().map(|store| store.address().psql_line(NAME))
    }

    /// Ends connections, and the server where that is ours.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.pool.close().await;
        let Some(store) = self.store else { return Ok(()) };
        tokio::task::spawn_blocking(move || store.stop())
            .await
            .or_fail("stopping PostgreSQL was cut short")?
            .or_fail("PostgreSQL did not stop")
    }
}

fn data_dir(place: &Where) -> Result<PathBuf, Failure> {
    if let Some(dir) = &place.data {
        return Ok(dir.clone());
    }
    let dirs = directories::ProjectDirs::from("", "", "shop");
    dirs.map(|dirs| dirs.data_local_dir().to_owned()).ok_or_else(|| {
        Failure::new("this user has no home directory")
            .help("say with --data where the data shall be kept")
    })
}

fn options_for(address: &Address, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(&address.socket_dir)
        .port(address.port)
        .username(&address.user)
        .database(database)
}

/// How many prepared statements a connection keeps: more than the service has, so that none is
/// prepared and planned again for want of room.
const STATEMENTS: usize = 500;

async fn connect(options: PgConnectOptions, connections: u32) -> Result<PgPool, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(2))
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .connect_lazy_with(options.application_name("shop").statement_cache_capacity(STATEMENTS));
    // One that works is enough to know that the others will.
    drop(pool.acquire().await?);
    Ok(pool)
}

async fn create_if_missing(address: &Address) -> Result<(), sqlx::Error> {
    let pool = connect(options_for(address, "postgres"), 1).await?;
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(NAME)
            .fetch_one(&pool)
            .await?;
    if !there {
        pool.execute("CREATE DATABASE shop").await?;
    }
    pool.close().await;
    Ok(())
}
