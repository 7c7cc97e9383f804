//! NOT NULL and TRUNCATE: what holds for every table in the same way.
//!
//! **Invariant**: tables and columns come from the catalogue; none is listed here.

use std::collections::BTreeSet;

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::cases::{must, run};
use crate::factories::{self, Made};
use crate::machines;
use crate::refusal::Promises;

/// Table and column of every NOT NULL that a statement can run into.
type Columns = BTreeSet<(String, String)>;

async fn columns(db: &mut PgConnection) -> Columns {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT attrelid::regclass::text, attname::text
           FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0
            AND relname <> '_sqlx_migrations' AND attnotnull AND attidentity <> 'a'",
    )
    .fetch_all(db)
    .await
    .expect("columns");
    rows.into_iter().collect()
}

/// Whether the result is the refusal of a NULL in that column.
fn is_refused(result: Result<(), sqlx::Error>, table: &str, column: &str) -> Result<(), String> {
    let error = result.err().ok_or_else(|| format!("{table}.{column}: a NULL is accepted"))?;
    let refusal = error.as_database_error().and_then(|e| e.try_downcast_ref::<PgDatabaseError>());
    let as_expected = refusal.is_some_and(|refusal| {
        refusal.code() == "23502"
            && refusal.table() == Some(table)
            && refusal.column() == Some(column)
    });
    if as_expected { Ok(()) } else { Err(format!("{table}.{column}: {error}")) }
}

/// Sets the open columns of a table, which has a row, to NULL one by one.
async fn try_table(db: &mut PgConnection, open: &mut Columns, table: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let here: Vec<_> = open.iter().filter(|(open, _)| open == table).cloned().collect();
    for (table, column) in here {
        must(db, "SAVEPOINT before_null").await;
        let result = run(db, &format!("UPDATE {table} SET {column} = NULL")).await;
        wrong.extend(is_refused(result, &table, &column).err());
        must(db, "ROLLBACK TO before_null").await;
        open.remove(&(table, column));
    }
    wrong
}

#[proofmark::test]
async fn every_not_null_column_refuses_null(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let mut open = columns(db).await;
    assert!(open.len() > 300, "only {} columns", open.len());
    let mut wrong = Vec::new();
    for factory in factories::all() {
        let mut made = Made::default();
        must(db, "BEGIN").await;
        factories::make(db, factory.name, &mut made).await;
        for table in made.tables() {
            wrong.extend(try_table(db, &mut open, table).await);
        }
        must(db, "ROLLBACK").await;
    }
    for machine in machines::tables() {
        must(db, "BEGIN").await;
        machines::walk(db, machine).await;
        for part in ["state", "transition", "history"] {
            wrong.extend(try_table(db, &mut open, &format!("{machine}_{part}")).await);
        }
        must(db, "ROLLBACK").await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(open.is_empty(), "no row to try {open:#?}");
}

/// An identity column takes a NULL only from those who insist.
#[proofmark::test]
async fn an_identity_column_refuses_null(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    for (table, column) in [("stock_movement", "id"), ("outbox", "position")] {
        must(db, "BEGIN").await;
        factories::make_parents(db, table, &mut Made::default()).await;
        let row = factories::insert(table, &[(column.into(), "NULL".into())]);
        let row = row.replace(") VALUES (", ") OVERRIDING SYSTEM VALUE VALUES (");
        let result = run(db, &row).await;
        must(db, "ROLLBACK").await;
        is_refused(result, table, column).unwrap();
    }
}

#[proofmark::test]
async fn nothing_append_only_is_truncated(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let promises = Promises::read(db).await;
    let append_only: Vec<String> = promises
        .names()
        .filter_map(|name| name.strip_suffix("_append_only"))
        .map(str::to_owned)
        .collect();
    assert!(append_only.len() > machines::tables().count());
    for table in append_only {
        // Foreign keys come first: without CASCADE a referenced table answers with 0A000.
        let sql = AssertSqlSafe(format!("TRUNCATE {table} CASCADE"));
        let result = sqlx::raw_sql(sql).execute(&mut *db).await;
        promises.refused(result, &format!("{table}_append_only")).unwrap();
    }
}
