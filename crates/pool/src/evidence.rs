//! What a returned database is asked besides what was written to it.
//!
//! In: [`Questions`], once per pool; the database of a lease as its test left it. Out:
//! [`Evidence`]: which tables and indexes were read, and what the questions answer.
//!
//! **Invariant**: reads only, within a bound; a database that does not answer has no evidence,
//! which is no failure of its lease.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, SimpleQueryMessage};

use crate::lease::{literal, quote};
use crate::reset::newer_than;
use crate::returned::TableWritten;
use crate::session::Session;
use crate::template::{ACTIONS, CELLS, FORGET, cells_of};

/// New rows of a table that are looked at.
const ROWS_MAX: u32 = 10_000;

/// How long all questions of a lease may take.
const PATIENCE_MS: u32 = 5_000;

/// What to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// Whether to ask which tables and indexes were read.
    pub scans: bool,
    /// Per table (schema and name), aggregates over the rows that a test wrote: expressions of type
    /// text over its columns.
    pub rows: BTreeMap<(String, String), Vec<String>>,
    /// Whether the databases are copies that count:
    /// [`Template::counting`](crate::Template::counting).
    pub counts: bool,
}

/// What a returned database answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was read; none: it was not asked, or did not answer.
    pub scans: Option<Scans>,
    /// Per table that was written to, the answers in the order of the questions; none as above. A
    /// table whose questions failed is left out.
    pub rows: Option<Vec<Answers>>,
    /// What the counters of the copy say; none: it has none, or they did not answer.
    pub counts: Option<Counts>,
}

/// What the counters of a copy say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The comments of the counters that moved, and of the CHECKs that have none; for
    /// [`counted_cell`](proofmark_catalog::counted_cell).
    pub cells: Vec<String>,
    /// What the server ran by itself for foreign keys; none: that is not counted on this server.
    pub actions: Option<Vec<Action>>,
}

/// A statement that the server ran by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its text.
    pub statement: String,
    /// How often.
    pub calls: u64,
    /// Rows that it was done to.
    pub rows: u64,
}

/// What was read during a lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scans {
    /// Tables that were read as a whole.
    pub tables: Vec<TableRead>,
    /// Indexes that something was looked up by.
    pub indexes: Vec<IndexRead>,
}

/// Reads of a whole table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRead {
    /// Schema of the table.
    pub schema: String,
    /// Table; of a partitioned one, the partition.
    pub table: String,
    /// How often it was read (`seq_scan`).
    pub times: i64,
    /// Rows that those reads went through (`seq_tup_read`).
    pub rows: i64,
}

/// Look-ups by an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexRead {
    /// Schema of the table and of the index.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Index.
    pub index: String,
    /// How often it was used (`idx_scan`).
    pub times: i64,
}

/// What the rows of one table answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Schema of the table.
    pub schema: String,
    /// Table.
    pub table: String,
    /// The answers, in the order of the questions.
    pub answers: Vec<Option<String>>,
}

/// Counters of a relation: scans, and rows read by them.
pub(crate) type Read = (i64, i64);

/// A relation whose reads are counted. Copies keep the template's numbers.
#[derive(Debug)]
pub(crate) struct Watched {
    schema: String,
    table: String,
    /// None: the table itself.
    index: Option<String>,
}

const WATCHED: &str = "\
    select c.oid, n.nspname::text, coalesce(t.relname, c.relname)::text, \
           case when i.indexrelid is not null then c.relname::text end \
      from pg_class c join pg_namespace n on n.oid = c.relnamespace \
      left join pg_index i on i.indexrelid = c.oid \
      left join pg_class t on t.oid = i.indrelid \
     where c.oid >= 16384 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' \
       and (c.relkind in ('r', 'm') or c.relkind = 'i')";

const READ: &str = "\
    select o.oid, pg_stat_get_numscans(o.oid), pg_stat_get_tuples_returned(o.oid) \
      from unnest($1::oid[]) o(oid) where pg_stat_get_numscans(o.oid) > 0";

/// The relations whose reads are counted.
pub(crate) async fn watched(
    session: &Session,
) -> Result<HashMap<u32, Watched>, tokio_postgres::Error> {
    let rows = session.query(WATCHED, &[]).await?;
    let watched = |row: &tokio_postgres::Row| Watched {
        schema: row.get(1),
        table: row.get(2),
        index: row.get(3),
    };
    Ok(rows.iter().map(|row| (row.get(0), watched(row))).collect())
}

/// The counters of `watched` now; a relation that was never read is left out.
pub(crate) async fn counters(
    session: &Session,
    watched: &HashMap<u32, Watched>,
) -> Result<HashMap<u32, Read>, tokio_postgres::Error> {
    let oids: Vec<u32> = watched.keys().copied().collect();
    let rows = session.cached_query(READ, &[&oids]).await?;
    Ok(rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect())
}

/// What was read between two looks at the counters.
pub(crate) fn read_since(
    watched: &HashMap<u32, Watched>,
    before: &HashMap<u32, Read>,
    now: &HashMap<u32, Read>,
) -> Scans {
    let mut scans = Scans::default();
    for (oid, (times, rows)) in now {
        let (times_before, rows_before) = before.get(oid).copied().unwrap_or_default();
        // Counters that went back were reset; what they say now came since.
        let anew = *times < times_before || *rows < rows_before;
        let (times, rows) =
            if anew { (*times, *rows) } else { (times - times_before, rows - rows_before) };
        let Some(Watched { schema, table, index }) = watched.get(oid).filter(|_| times > 0) else {
            continue;
        };
        let (schema, table) = (schema.clone(), table.clone());
        match index.clone() {
            Some(index) => scans.indexes.push(IndexRead { schema, table, index, times }),
            None => scans.tables.push(TableRead { schema, table, times, rows }),
        }
    }
    scans.tables.sort_by(|a, b| (&a.schema, &a.table).cmp(&(&b.schema, &b.table)));
    scans.indexes.sort_by(|a, b| (&a.schema, &a.index).cmp(&(&b.schema, &b.index)));
    scans
}

/// Which rows are a test's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Since<'a> {
    /// Those of a copy that fulfil this condition.
    Copied(&'a str),
    /// Those of a slot that are newer than this transaction.
    Transaction(&'a str),
}

impl Since<'_> {
    fn condition(self) -> String {
        match self {
            Self::Copied(newer) => newer.to_owned(),
            Self::Transaction(xid) => newer_than(&literal(xid)),
        }
    }
}

/// Asks the rows of `written` that are a test's, all in one go; if that fails, table by table. A
/// slot is asked the same as long as it lives, so there the questions are prepared: the server
/// takes longer to read and plan them than to answer.
///
/// # Errors
/// When the connection is lost.
pub(crate) async fn rows(
    session: &Session,
    questions: &Questions,
    written: &[TableWritten],
    since: Since<'_>,
) -> Result<Vec<Answers>, tokio_postgres::Error> {
    if let Since::Transaction(xid) = since {
        let asked = asked(questions, written, &newer_than("$1::text"));
        if let Some(answers) = ask_prepared(session, &asked, xid).await? {
            return Ok(answers);
        }
    }
    let asked = asked(questions, written, &since.condition());
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<&str> = asked.iter().map(|(_, sql)| sql.as_str()).collect();
    if let Some(answers) = ask(session, &all).await?
        && answers.len() == asked.len()
    {
        let tables = asked.iter().map(|(table, _)| *table);
        return Ok(tables.zip(answers).map(|(table, row)| answered(table, row)).collect());
    }
    let mut answers = Vec::new();
    for (table, sql) in asked {
        let rows = ask(session, &[&sql]).await?;
        answers.extend(rows.into_iter().flatten().map(|row| answered(table, row)));
    }
    Ok(answers)
}

/// What is asked of the rows of each table that fulfil the condition `newer`.
fn asked<'a>(
    questions: &Questions,
    written: &'a [TableWritten],
    newer: &str,
) -> Vec<(&'a TableWritten, String)> {
    let of = |table: &'a TableWritten| {
        let key = (table.schema.clone(), table.table.clone());
        let aggregates = questions.rows.get(&key).filter(|aggregates| !aggregates.is_empty())?;
        let name = format!("{}.{}", quote(&table.schema), quote(&table.table));
        let sql = format!(
            "select {} from (select * from only {name} where {newer} limit {ROWS_MAX}) as r",
            aggregates.join(", ")
        );
        Some((table, sql))
    };
    written.iter().filter_map(of).collect()
}

/// The answers to questions in which `$1` is `xid`; none if the server refuses one.
async fn ask_prepared(
    session: &Session,
    asked: &[(&TableWritten, String)],
    xid: &str,
) -> Result<Option<Vec<Answers>>, tokio_postgres::Error> {
    if asked.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let all = async {
        let mut statements = Vec::with_capacity(asked.len());
        for (_, sql) in asked {
            statements.push(session.statement(sql).await?);
        }
        let begin = format!("begin read only; set local statement_timeout = {PATIENCE_MS}");
        session.batch_execute(&begin).await?;
        let since: [&(dyn ToSql + Sync); 1] = [&xid];
        let sent = statements.iter().map(|statement| session.query(statement, &since));
        futures_util::future::try_join_all(sent).await
    };
    let answers = match all.await {
        Ok(answers) => answers,
        Err(error) if error.as_db_error().is_some() => {
            session.batch_execute("rollback").await?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    session.batch_execute("rollback").await?;
    let texts = |row: &Row| (0..row.len()).map(|place| row.get(place)).collect();
    let answers = asked
        .iter()
        .zip(&answers)
        .filter_map(|((table, _), rows)| rows.first().map(|row| answered(table, texts(row))));
    Ok(Some(answers.collect()))
}

/// What the counters of a copy say; none if it has none. Only `moved` are looked at, where it is
/// known which those are: a schema has thousands.
///
/// # Errors
/// When the connection is lost.
pub(crate) async fn counts(
    session: &Session,
    moved: Option<&[u32]>,
) -> Result<Option<Counts>, tokio_postgres::Error> {
    let cells = match moved {
        Some(moved) => cells_of(moved),
        None => CELLS.clone(),
    };
    let Some(cells) = ask(session, &[&cells]).await? else { return Ok(None) };
    let actions = ask(session, &[&ACTIONS]).await?;
    if actions.is_some() {
        // A reset in place leaves the database to the next test, whose count begins at 0.
        ask(session, &[&FORGET]).await?;
    }
    let cells = cells.into_iter().filter_map(|row| row.into_iter().next().flatten());
    let action = |row: Vec<Option<String>>| {
        let mut row = row.into_iter().flatten();
        let statement = row.next()?;
        Some(Action {
            statement,
            calls: row.next()?.parse().ok()?,
            rows: row.next()?.parse().ok()?,
        })
    };
    let actions = actions.map(|rows| rows.into_iter().filter_map(action).collect());
    Ok(Some(Counts { cells: cells.collect(), actions }))
}

fn answered(table: &TableWritten, answers: Vec<Option<String>>) -> Answers {
    Answers { schema: table.schema.clone(), table: table.table.clone(), answers }
}

/// The rows of `queries`, one after the other; none if the server refuses one.
async fn ask(
    session: &Session,
    queries: &[&str],
) -> Result<Option<Vec<Vec<Option<String>>>>, tokio_postgres::Error> {
    let sql = format!(
        "begin read only; set local statement_timeout = {PATIENCE_MS}; {}; rollback",
        queries.join("; ")
    );
    match session.simple_query(&sql).await {
        Ok(messages) => {
            let rows = messages.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|place| row.get(place).map(str::to_owned)).collect())
                }
                _ => None,
            });
            Ok(Some(rows.collect()))
        }
        Err(error) if error.as_db_error().is_some() => {
            session.batch_execute("rollback").await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
