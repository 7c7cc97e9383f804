//! The twin of a template whose copies count (deep mode).
//!
//! In: a sealed template. Out: a sealed copy of it in which CHECKs count what became of their
//! clauses, and in which it can be asked which statements the server ran by itself.
//!
//! **Invariant**: the template itself stays as its migrations made it. A CHECK that cannot be made
//! to count stays as it was, and is said to be left out.

use std::sync::LazyLock;

use proofmark_catalog::{COUNTING_SCHEMA, Catalog};
use tokio_postgres::Client;

use super::ensure::{Template, discard, is_sealed, rename};
use super::error::BuildError;
use super::seal;
use crate::lease::{Belongings, copy, literal, shortened};
use crate::session::Session;
use crate::target::Target;

/// What a copy that counts is asked when its test has ended: the comments of the counters that
/// moved, and of what was left out.
pub(crate) static CELLS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select counted.comment from ( \
           select d.description as comment, \
                  case when c.relkind = 'S' then pg_sequence_last_value(c.oid) end as value \
             from pg_class c join pg_description d \
               on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0 \
            where c.relnamespace = to_regnamespace('{COUNTING_SCHEMA}')) as counted \
          where counted.value is not null or counted.comment like 'left-out %'"
    )
});

/// The same, where it is known which counters can have moved.
pub(crate) fn cells_of(counters: &[u32]) -> String {
    let oids: Vec<String> = counters.iter().map(u32::to_string).collect();
    format!(
        "select d.description from pg_description d \
          where d.objoid = any('{{{}}}'::oid[]) and d.classoid = 'pg_class'::regclass \
            and d.objsubid = 0 and pg_sequence_last_value(d.objoid) is not null \
         union all \
         select d.description from pg_class c join pg_description d \
             on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0 \
          where c.relnamespace = to_regnamespace('{COUNTING_SCHEMA}') \
            and c.relname ~ '^left_out_'",
        oids.join(",")
    )
}

/// What the server did by itself, with calls and rows; refused where nobody counted that.
pub(crate) static ACTIONS: LazyLock<String> = LazyLock::new(|| {
    format!("select query, calls::text, rows::text from {COUNTING_SCHEMA}.actions()")
});

/// Lets what the server did be forgotten, so that the next test begins with nothing.
pub(crate) static FORGET: LazyLock<String> =
    LazyLock::new(|| format!("select {COUNTING_SCHEMA}.forget()::text"));

/// Sets all counters back: the rows that are there, or are put back, were not written by a test.
pub(crate) static COUNTERS_BACK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select count(setval(c.oid::regclass, 1, false)) from pg_class c \
          where c.relnamespace = to_regnamespace('{COUNTING_SCHEMA}') and c.relkind = 'S'"
    )
});

/// The functions behind [`ACTIONS`] and [`FORGET`]; `extension` is the schema of the extension.
fn functions(extension: &str) -> String {
    format!(
        "create function {COUNTING_SCHEMA}.actions(out query text, out calls bigint, \
           out rows bigint) returns setof record language sql as $$ \
           select s.query, sum(s.calls)::bigint, sum(s.rows)::bigint \
             from {extension}.pg_stat_statements(true) s \
            where s.dbid = (select d.oid from pg_catalog.pg_database d \
                             where d.datname = pg_catalog.current_database()) \
              and not s.toplevel and s.query ~ '^(DELETE FROM|UPDATE) .* OPERATOR\\(pg_catalog\\.' \
            group by s.query $$; \
         create function {COUNTING_SCHEMA}.forget() returns bigint language sql as $$ \
           select pg_catalog.count({extension}.pg_stat_statements_reset(0, d.oid, 0)::text) \
             from pg_catalog.pg_database d where d.datname = pg_catalog.current_database() $$"
    )
}

impl Template {
    /// The name of the twin; at most 63 bytes.
    fn counting_name(&self) -> String {
        let database = shortened(&self.database, 22);
        format!("proofmark_template_deep_{database}_{}", self.key.short())
    }

    /// The twin that counts, if it is there already.
    #[must_use]
    pub fn counting(&self) -> Self {
        Self { name: self.counting_name(), ..self.clone() }
    }

    /// The twin that counts, which is made if the server lacks it.
    ///
    /// # Errors
    /// [`BuildError`]; whatever was half made has been dropped again.
    pub async fn ensure_counting(&self, target: &Target) -> Result<Self, BuildError> {
        let maintenance = Session::open(target.maintenance()).await?;
        let twin = self.counting();
        let locked = "select pg_advisory_lock(hashtext($1))";
        maintenance
            .execute(locked, &[&twin.name])
            .await
            .map_err(BuildError::step("waiting for another run that builds the same template"))?;
        if !is_sealed(&maintenance, &twin.name).await? {
            let under = format!("{}_n", twin.name);
            if let Err(error) = self.make(&maintenance, target, &under, &twin.name).await {
                discard(&maintenance, &under).await?;
                return Err(error);
            }
        }
        maintenance.close().await;
        Ok(twin)
    }

    async fn make(
        &self,
        maintenance: &Client,
        target: &Target,
        under: &str,
        name: &str,
    ) -> Result<(), BuildError> {
        discard(maintenance, under).await?;
        discard(maintenance, name).await?;
        self.copied(maintenance, target, under).await?;
        let session = Session::open(&target.config(under)).await?;
        let catalog = proofmark_catalog::read(&session).await?;
        instrument(&session, &catalog).await?;
        session.close().await;
        seal::warm(target, under).await?;
        rename(maintenance, under, name).await?;
        seal::seal(maintenance, name).await
    }

    async fn copied(
        &self,
        maintenance: &Client,
        target: &Target,
        under: &str,
    ) -> Result<(), BuildError> {
        let belongings = Belongings::read(maintenance, &self.name).await?;
        let version = target.version_num();
        Ok(copy(maintenance, version, &self.name, under, None, &belongings).await?)
    }

    /// The tables and promises of the template, read from a copy that is dropped again.
    ///
    /// # Errors
    /// [`BuildError`] when the server does not answer.
    pub async fn catalog(&self, target: &Target) -> Result<Catalog, BuildError> {
        let maintenance = Session::open(target.maintenance()).await?;
        let under = format!("{}_c{}", self.counting_name(), std::process::id() % 100);
        discard(&maintenance, &under).await?;
        self.copied(&maintenance, target, &under).await?;
        let session = Session::open(&target.config(&under)).await?;
        let catalog = proofmark_catalog::read(&session).await;
        session.close().await;
        discard(&maintenance, &under).await?;
        maintenance.close().await;
        Ok(catalog?)
    }
}

/// Makes the database behind `session` count.
async fn instrument(session: &Session, catalog: &Catalog) -> Result<(), BuildError> {
    let step = BuildError::step("making the CHECKs of a copy count");
    let schema = format!(
        "set search_path = ''; create schema {COUNTING_SCHEMA}; \
         grant usage on schema {COUNTING_SCHEMA} to public"
    );
    session.batch_execute(&schema).await.map_err(&step)?;
    for (number, check) in catalog.counted_checks().into_iter().enumerate() {
        if accepted(session, &check.attempts).await.map_err(&step)? {
            continue;
        }
        let name = format!("{COUNTING_SCHEMA}.left_out_{number}");
        let comment = literal(&format!("left-out 0 {}", check.promise));
        let left_out = format!("create sequence {name}; comment on sequence {name} is {comment}");
        session.batch_execute(&left_out).await.map_err(&step)?;
    }
    let granted = format!("grant usage on all sequences in schema {COUNTING_SCHEMA} to public");
    session.batch_execute(&granted).await.map_err(&step)?;
    session.batch_execute(&COUNTERS_BACK).await.map_err(&step)?;
    watch_actions(session).await.map_err(&step)
}

/// Whether the server accepted one of these.
async fn accepted(session: &Session, attempts: &[String]) -> Result<bool, tokio_postgres::Error> {
    for attempt in attempts {
        // Several statements in one message are one transaction.
        match session.batch_execute(attempt).await {
            Ok(()) => return Ok(true),
            Err(error) if error.as_db_error().is_some() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Has what the server does by itself be told, where it is counted at all.
async fn watch_actions(session: &Session) -> Result<(), tokio_postgres::Error> {
    let loaded = "select current_setting('shared_preload_libraries') ~ 'pg_stat_statements' \
                  and current_setting('pg_stat_statements.track', true) = 'all' \
                  and exists (select from pg_available_extensions \
                               where name = 'pg_stat_statements')";
    if !session.query_one(loaded, &[]).await?.get::<_, Option<bool>>(0).unwrap_or(false) {
        return Ok(());
    }
    let create =
        format!("create extension if not exists pg_stat_statements schema {COUNTING_SCHEMA}");
    session.batch_execute(&create).await?;
    let place = "select quote_ident(n.nspname) from pg_extension e \
                 join pg_namespace n on n.oid = e.extnamespace \
                 where e.extname = 'pg_stat_statements'";
    let place: String = session.query_one(place, &[]).await?.get(0);
    session.batch_execute(&functions(&place)).await
}
