//! A PostgreSQL of a test's own, which can be stopped, killed, and followed by another one.

use std::path::PathBuf;
use std::time::Duration;

use proofmark_postgres::{Cache, Image, Search, Server, ServerOptions, base_image, find};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

/// What makes a server write to its disk what it answers.
const DURABLE: [(&str, &str); 3] =
    [("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")];

/// Starts from an image, with these settings beside those that make it durable.
pub fn start_from(image: &Image, more: &[(&str, &str)]) -> Server {
    let found = find(&Search::new()).unwrap();
    let settings = DURABLE.iter().chain(more);
    let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = ServerOptions { settings: settings.collect(), ..ServerOptions::default() };
    Server::start(&found.installation, image, &options).unwrap()
}

/// Starts one that has the shop's schema and nothing else.
pub async fn start_migrated(more: &[(&str, &str)]) -> Server {
    let found = find(&Search::new()).unwrap();
    let server = start_from(&base_image(&found.installation, &Cache::user()).unwrap(), more);
    let mut all = PgConnection::connect(&server.address().url("postgres")).await.unwrap();
    sqlx::raw_sql("CREATE DATABASE shop").execute(&mut all).await.unwrap();
    let mut connection = PgConnection::connect(&server.address().url("shop")).await.unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    server
}

/// Connections to the shop's database on it.
pub async fn pool_of(server: &Server) -> PgPool {
    let url = server.address().url("shop");
    let pool = PgPoolOptions::new().max_connections(10).acquire_timeout(Duration::from_secs(20));
    pool.connect(&url).await.unwrap()
}
