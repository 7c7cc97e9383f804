//! Reads a migrated database through one connection.
//!
//! In: a connection. Out: a [`Catalog`]. Everything is read in one read-only transaction, with an
//! empty search path so that every name in an expression is qualified.
//!
//! **Invariant**: nothing is written, and the session's settings are as they were.

mod checks;
mod domains;
mod enums;
mod exclusions;
mod foreign_keys;
mod indexes;
mod keys;
mod listed_values;
mod moves;
mod not_nulls;
mod relations;
mod states;
mod triggers;
mod types;

use tokio_postgres::{Client, Row};

use crate::catalog::Catalog;
use crate::promise::{Deferrable, Promise, PromiseKind};
use relations::Relations;

/// The oldest version whose catalogs are understood (14.0).
const OLDEST: u32 = 140_000;

/// Why a database could not be read.
#[derive(thiserror::Error, Debug)]
pub enum ReadError {
    /// The server did not answer a question of the reader.
    #[error("cannot read the {what} of the database")]
    Query {
        /// What was being read.
        what: &'static str,
        /// The server's or the connection's error.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The server is older than any version that is understood.
    #[error(
        "the server has version {}, and PostgreSQL 14 is the oldest that is read; \
         help: choose 14 to 18 with `version` in proofmark.toml",
        server_version_num / 10_000
    )]
    TooOld {
        /// `server_version_num` of the server.
        server_version_num: u32,
    },
}

/// Reads tables, promises, enums, domains and state columns of the connected database.
///
/// The connection must not be inside of a transaction.
///
/// # Errors
///
/// [`ReadError::Query`] if the connection breaks or lacks the privilege to read the catalogs,
/// [`ReadError::TooOld`] before PostgreSQL 14.
pub async fn read(client: &Client) -> Result<Catalog, ReadError> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; \
                 SET LOCAL quote_all_identifiers = off; SET LOCAL row_security = off";
    client.batch_execute(begin).await.map_err(error("settings"))?;
    let read = read_in_transaction(client).await;
    // A connection that broke has no transaction to end; the first error is the one to tell.
    let ended = client.batch_execute("ROLLBACK").await.map_err(error("settings"));
    let catalog = read?;
    ended?;
    Ok(catalog)
}

async fn read_in_transaction(client: &Client) -> Result<Catalog, ReadError> {
    let server = Server { client, version_num: version(client).await? };
    let relations = Relations::read(&server).await.map_err(error("tables"))?;
    let tables = relations.tables();
    let used = types::read(&server, &relations).await.map_err(error("types"))?;
    let (enums, labels) = enums::read(&server, &used).await.map_err(error("enums"))?;
    let (domains, mut promises) = domains::read(&server, &used).await.map_err(error("domains"))?;
    promises.extend(labels);
    promises.extend(checks::read(&server, &relations).await.map_err(error("checks"))?);
    promises.extend(not_nulls::read(&server, &relations).await.map_err(error("not nulls"))?);
    promises.extend(keys::read(&server, &relations).await.map_err(error("keys"))?);
    promises.extend(exclusions::read(&server, &relations).await.map_err(error("exclusions"))?);
    promises.extend(foreign_keys::read(&server, &relations).await.map_err(error("foreign keys"))?);
    promises.extend(triggers::read(&server, &relations).await.map_err(error("triggers"))?);
    put_in_order(&mut promises);
    let declared = states::Declared { tables: &tables, enums: &enums, promises: &promises };
    let state_columns = states::read(&server, &declared).await.map_err(error("states"))?;
    let indexes = indexes::read(&server, &relations).await.map_err(error("indexes"))?;
    Ok(Catalog {
        indexes,
        server_version_num: server.version_num,
        tables,
        promises,
        enums,
        domains,
        state_columns,
    })
}

/// The server that is being read.
struct Server<'a> {
    client: &'a Client,
    version_num: u32,
}

impl Server<'_> {
    /// The rows of a query without parameters.
    async fn rows(&self, sql: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.client.query(sql, &[]).await
    }

    /// A catalog column that exists from a major version on, and what stands for it before.
    fn since<'s>(&self, major: u32, column: &'s str, before: &'s str) -> &'s str {
        if self.version_num >= major * 10_000 { column } else { before }
    }
}

async fn version(client: &Client) -> Result<u32, ReadError> {
    let question = "SELECT current_setting('server_version_num')::int4";
    let row = client.query_one(question, &[]).await.map_err(error("version"))?;
    let number: i32 = row.try_get(0).map_err(error("version"))?;
    let server_version_num = number.unsigned_abs();
    if server_version_num < OLDEST {
        return Err(ReadError::TooOld { server_version_num });
    }
    Ok(server_version_num)
}

fn error(what: &'static str) -> impl Fn(tokio_postgres::Error) -> ReadError {
    move |source| ReadError::Query { what, source }
}

fn deferrable(row: &Row) -> Result<Deferrable, tokio_postgres::Error> {
    Ok(match (row.try_get("condeferrable")?, row.try_get("condeferred")?) {
        (false, _) => Deferrable::No,
        (true, false) => Deferrable::InitiallyImmediate,
        (true, true) => Deferrable::InitiallyDeferred,
    })
}

/// Sorts by name, so that nothing depends on the order in which things were created. A unique
/// index may have the name of a constraint of its table; then its address says that it is the
/// index.
fn put_in_order(promises: &mut [Promise]) {
    let taken: std::collections::HashSet<_> = promises
        .iter()
        .filter(|promise| !is_index_only(promise))
        .map(|promise| promise.id.clone())
        .collect();
    for promise in promises.iter_mut() {
        promise.reported_as.sort();
        promise.evaluated_by_writes_to.sort();
        if is_index_only(promise) && taken.contains(&promise.id) {
            promise.id = promise.id.with_suffix("index");
        }
    }
    promises.sort_by(|a, b| (a.owner(), &a.id).cmp(&(b.owner(), &b.id)));
}

fn is_index_only(promise: &Promise) -> bool {
    matches!(&promise.kind, PromiseKind::Unique(unique) if unique.index_only)
}
