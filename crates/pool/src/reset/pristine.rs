//! The copy that no test ever holds.
//!
//! In: a template. Out: its seed rows and the sizes of its catalogs, read when a test has changed
//! some for the first time.
//!
//! **Invariant**: only read from; what was read is kept for the life of the pool.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::sync::{Mutex, OnceCell};

use super::shape::{Kind, Shape};
use crate::copier::Copier;
use crate::fingerprint::Fingerprint;
use crate::lease::LeaseError;
use crate::returned::Difference;
use crate::session::Session;

/// How rows are written as text, here and in the slots: without loss, and the same in both.
pub(crate) const TEXT: &[(&str, &str)] = &[
    ("search_path", "pg_catalog"),
    ("datestyle", "iso, ymd"),
    ("intervalstyle", "postgres"),
    ("timezone", "utc"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("xmloption", "content"),
    ("quote_all_identifiers", "off"),
];

/// A copy of the template for reading.
#[derive(Debug)]
pub(crate) struct Pristine {
    copier: Arc<Copier>,
    open: Mutex<Option<(String, Session)>>,
    seeds: StdMutex<HashMap<u32, Arc<Seeds>>>,
    counts: StdMutex<HashMap<u32, i64>>,
    fingerprint: OnceCell<Fingerprint>,
}

/// The seed rows of one table.
#[derive(Debug)]
pub(crate) struct Seeds {
    /// Each row as the text of its composite value.
    pub(crate) lines: Vec<String>,
    /// The columns that a row can be inserted with.
    pub(crate) columns: Vec<String>,
}

impl Pristine {
    pub(crate) fn new(copier: Arc<Copier>) -> Self {
        let (seeds, counts) = (StdMutex::default(), StdMutex::default());
        Self { copier, open: Mutex::default(), seeds, counts, fingerprint: OnceCell::new() }
    }

    /// The name of the copy, if it has been made.
    pub(crate) async fn database(&self) -> Option<String> {
        self.open.lock().await.as_ref().map(|(name, _)| name.clone())
    }

    /// Asks the copy, making it if need be.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&Session) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, LeaseError> {
        let mut open = self.open.lock().await;
        let lost = open.as_ref().is_none_or(|(_, session)| session.is_closed());
        if lost {
            *open = Some(self.make(open.take()).await?);
        }
        let (_, session) = open.as_ref().expect("it was opened above");
        question(session).await.map_err(LeaseError::step("reading the pristine copy"))
    }

    async fn make(&self, lost: Option<(String, Session)>) -> Result<(String, Session), LeaseError> {
        let target = &self.copier.target;
        let name = if let Some((name, _)) = lost {
            name
        } else {
            let session = Session::open(target.maintenance()).await?;
            self.copier.make(&session).await?
        };
        let session = Session::open(&target.inside(&name)).await?;
        let text: Vec<String> = TEXT.iter().map(|(key, to)| format!("set {key} to {to}")).collect();
        session
            .batch_execute(&text.join(";"))
            .await
            .map_err(LeaseError::step("opening the pristine copy"))?;
        Ok((name, session))
    }

    /// How many rows the template has in the relation `oid`.
    pub(crate) async fn count(&self, shape: &Shape, oid: u32) -> Result<i64, LeaseError> {
        let known = self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(&oid).copied();
        if let Some(count) = known {
            return Ok(count);
        }
        let sql = format!("select count(*) {}", rows_of(shape, oid));
        let count = self.ask(async |session| session.query_one(&sql, &[]).await).await?.get(0);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).insert(oid, count);
        Ok(count)
    }

    /// The template's rows of the table `oid`.
    pub(crate) async fn seeds(&self, shape: &Shape, oid: u32) -> Result<Arc<Seeds>, LeaseError> {
        let known = self.seeds.lock().unwrap_or_else(PoisonError::into_inner).get(&oid).cloned();
        if let Some(seeds) = known {
            return Ok(seeds);
        }
        let table = shape.relations[&oid].quoted();
        let rows = format!("select proofmark_row::text from only {table} as proofmark_row");
        let columns = "select attname::text from pg_attribute where attrelid = $1 \
                          and attnum > 0 and not attisdropped and attgenerated = '' order by attnum";
        let (lines, columns) = self
            .ask(async |session| {
                let lines = session.query(&rows, &[]).await?;
                Ok((lines, session.query(columns, &[&oid]).await?))
            })
            .await?;
        let texts = |rows: Vec<tokio_postgres::Row>| rows.iter().map(|row| row.get(0)).collect();
        let seeds = Arc::new(Seeds { lines: texts(lines), columns: texts(columns) });
        let mut known = self.seeds.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(oid).or_insert(seeds)))
    }

    /// What `inside`, a session in a slot, differs in from this copy.
    pub(crate) async fn compare(&self, inside: &Session) -> Result<Vec<Difference>, LeaseError> {
        let read = self.fingerprint.get_or_try_init(async || {
            self.ask(async |session| Ok(Fingerprint::read(session).await)).await?
        });
        read.await?.compare(inside).await
    }

    /// The rows of `pg_class` that describe `oids`, without what may change.
    pub(crate) async fn described(&self, oids: &[u32]) -> Result<HashMap<u32, String>, LeaseError> {
        let rows = self.ask(async |session| session.query(DESCRIBED, &[&oids]).await).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

/// Rows of `pg_class` as text, without what `TRUNCATE` and `VACUUM` change.
pub(crate) const DESCRIBED: &str = "\
    select c.oid, (to_jsonb(c) - '{relfilenode,relpages,reltuples,relallvisible,relallfrozen,\
                                   relfrozenxid,relminmxid}'::text[])::text \
      from pg_catalog.pg_class c where c.oid = any($1)";

/// The rows of `oid` to be counted. The schema of a session's temporary tables stays for the next
/// one, and is no row of interest.
pub(crate) fn rows_of(shape: &Shape, oid: u32) -> String {
    let relation = &shape.relations[&oid];
    let temporary = relation.kind == Kind::Catalog && relation.name == "pg_namespace";
    let filter = if temporary { " where nspname !~ '^pg_(toast_)?temp_'" } else { "" };
    format!("from only {}{filter}", relation.quoted())
}
