//! Asking a returned database whether its invariants hold.
//!
//! In: the invariants, and a database as its test left it. Out: those that were checked, and the
//! rows of those that are broken.
//!
//! Only invariants that read a table that was written to are checked. Which tables one reads is
//! asked of PostgreSQL: a temporary view over the query depends on exactly them (`pg_depend`).
//! Where the query also uses a function or a view, whose tables that does not tell, or a table
//! with partitions, the invariant is checked whenever anything was written.
//!
//! **Invariant**: reads only. The transactions here are rolled back.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use proofmark_catalog::Invariant;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::lease::LeaseError;
use crate::returned::{BrokenInvariant, TableWritten};
use crate::session::Session;

/// Rows of a broken invariant that are kept.
const ROWS_MAX: usize = 20;

/// Characters of a value that are kept.
const VALUE_MAX: usize = 200;

/// How long one query may take; an invariant that takes longer is not known to hold.
const PATIENCE: Duration = Duration::from_secs(30);

/// The tables that a query reads; none: not known, any.
type Reads = Option<BTreeSet<(String, String)>>;

/// The invariants of one template.
#[derive(Debug, Default)]
pub(crate) struct Invariants {
    all: Vec<(Invariant, OnceLock<Reads>)>,
}

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) checked: u32,
    pub(crate) broken: Vec<BrokenInvariant>,
}

impl Invariants {
    pub(crate) fn new(invariants: Vec<Invariant>) -> Self {
        Self { all: invariants.into_iter().map(|one| (one, OnceLock::new())).collect() }
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Checks those that read one of the tables `written`, in the database of `session`.
    pub(crate) async fn check(
        &self,
        session: &Session,
        written: &[TableWritten],
    ) -> Result<Checked, LeaseError> {
        let mut found = Checked::default();
        if written.is_empty() || self.all.is_empty() {
            return Ok(found);
        }
        let step = LeaseError::step("checking the invariants of a returned database");
        let patience = format!("set statement_timeout = {}", PATIENCE.as_millis());
        session.batch_execute(&patience).await.map_err(&step)?;
        for (invariant, reads) in &self.all {
            let reads = match reads.get() {
                Some(reads) => reads,
                None => match tables_read(session, &invariant.sql).await {
                    Ok(known) => reads.get_or_init(|| known),
                    // The test may have changed the schema; the query itself will say.
                    Err(_) => &None,
                },
            };
            let concerned = reads.as_ref().is_none_or(|reads| {
                written.iter().any(|w| reads.contains(&(w.schema.clone(), w.table.clone())))
            });
            if concerned {
                found.checked += 1;
                found.broken.extend(violations(session, invariant).await.map_err(&step)?);
            }
        }
        Ok(found)
    }
}

/// The tables that `sql` reads.
async fn tables_read(session: &Session, sql: &str) -> Result<Reads, tokio_postgres::Error> {
    let view = format!(
        "begin; create temporary view proofmark_reads as select count(*) from ({sql}\n) as q"
    );
    let asked = async {
        session.batch_execute(&view).await?;
        session
            .query(
                "select n.nspname::text, c.relname::text, \
                        c.relkind = 'r' and not c.relhassubclass, \
                        d.refclassid <> 'pg_class'::regclass \
                   from pg_depend d \
                   left join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid \
                   left join pg_namespace n on n.oid = c.relnamespace \
                  where d.classid = 'pg_rewrite'::regclass \
                    and d.objid = (select oid from pg_rewrite \
                                    where ev_class = 'pg_temp.proofmark_reads'::regclass) \
                    and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass) \
                    and d.refobjid <> 'pg_temp.proofmark_reads'::regclass",
                &[],
            )
            .await
    }
    .await;
    session.batch_execute("rollback").await?;
    let rows = asked?;
    let knowable = |row: &tokio_postgres::Row| !row.get::<_, bool>(3) && row.get(2);
    if rows.is_empty() || !rows.iter().all(knowable) {
        return Ok(None);
    }
    Ok(Some(rows.iter().map(|row| (row.get(0), row.get(1))).collect()))
}

/// The violation of `invariant`, if there is one. Only a lost connection is an error.
async fn violations(
    session: &Session,
    invariant: &Invariant,
) -> Result<Option<BrokenInvariant>, tokio_postgres::Error> {
    let limit = ROWS_MAX + 1;
    let query = format!(
        "begin read only; select * from ({}\n) as violation limit {limit}; rollback",
        invariant.sql
    );
    let mut broken = BrokenInvariant {
        invariant: invariant.name.clone(),
        must_hold: invariant.must_hold.clone(),
        rows: Vec::new(),
        more: false,
        error: None,
    };
    match session.simple_query(&query).await {
        Ok(messages) => {
            broken.rows = messages.iter().filter_map(row).collect();
            broken.more = broken.rows.len() > ROWS_MAX;
            broken.rows.truncate(ROWS_MAX);
            Ok((!broken.rows.is_empty()).then_some(broken))
        }
        Err(error) => {
            let Some(refused) = error.as_db_error() else { return Err(error) };
            broken.error = Some(format!("{} ({})", refused.message(), refused.code().code()));
            session.batch_execute("rollback").await?;
            Ok(Some(broken))
        }
    }
}

/// A row as `column: value, column: value`.
fn row(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let columns = row.columns().iter().enumerate();
    let values = columns.map(|(index, column)| format!("{}: {}", column.name(), value(row, index)));
    Some(values.collect::<Vec<_>>().join(", "))
}

fn value(row: &SimpleQueryRow, index: usize) -> String {
    let Some(text) = row.get(index) else { return "null".to_owned() };
    let shown: String = text.chars().take(VALUE_MAX).collect();
    if shown.len() < text.len() { shown + "..." } else { shown }
}
