//! Promises that a refused row broke besides the one that the server named.
//!
//! In: the text of refused rows, as the server described them. Out: pairs of promises.
//!
//! The server reports the first broken CHECK or NOT NULL only, in its own order. A test that meant
//! another one is green and has tested nothing. So every other CHECK and NOT NULL of the table is
//! asked, in the lease's own database, whether it would have refused the row as well.
//!
//! **Invariant**: rows live in memory until the lease has come back, and nowhere else.

use std::collections::BTreeSet;

use proofmark_catalog::{
    Attribution, Catalog, Promise, PromiseId, PromiseKind, RefusalFields, Table, split_failing_row,
    violations_query,
};
use proofmark_pool::Session;
use proofmark_proxy::FailingRow;
use proofmark_trace::Masked;

/// What the rows of one lease broke without being told.
pub(super) async fn masked(
    session: &Session,
    catalog: &Catalog,
    rows: &[FailingRow],
) -> Result<Vec<Masked>, tokio_postgres::Error> {
    let mut found = BTreeSet::new();
    for row in rows {
        let Some((table, by)) = named(catalog, row) else { continue };
        let others: Vec<&Promise> = catalog
            .promises
            .iter()
            .filter(|promise| promise.table.as_ref() == Some(&table.name) && promise.id != by)
            .filter(|promise| {
                matches!(promise.kind, PromiseKind::Check { .. } | PromiseKind::NotNull { .. })
            })
            .collect();
        let Some(query) = violations_query(table, &others) else { continue };
        let Some(values) = split_failing_row(&row.row_text, &table.columns) else { continue };
        for promise in broken(session, &query.sql, &query.promises, &values).await? {
            found.insert((promise, by.clone()));
        }
    }
    Ok(found.into_iter().map(|(promise, by)| Masked { promise, by }).collect())
}

/// The table of a refused row and the promise that the server named.
fn named<'a>(catalog: &'a Catalog, row: &FailingRow) -> Option<(&'a Table, PromiseId)> {
    let fields = RefusalFields {
        sqlstate: &row.sqlstate,
        schema: Some(&row.schema),
        table: Some(&row.table),
        column: row.column.as_deref(),
        datatype: None,
        constraint: row.constraint.as_deref(),
        routine: None,
    };
    let Attribution::Promise(by) = catalog.attribute(&fields) else { return None };
    let name = catalog.promise(&by)?.table.as_ref()?;
    let table = catalog.tables.iter().find(|table| table.name == *name)?;
    Some((table, by))
}

/// Which of `promises` the row breaks; a row that cannot be evaluated (a value that no longer
/// casts) breaks none that we could vouch for.
async fn broken(
    session: &Session,
    sql: &str,
    promises: &[PromiseId],
    values: &[Option<String>],
) -> Result<Vec<PromiseId>, tokio_postgres::Error> {
    let parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
        values.iter().map(|value| value as _).collect();
    let row = match session.query_one(sql, &parameters).await {
        Ok(row) => row,
        Err(error) if error.as_db_error().is_some() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let broken = promises
        .iter()
        .enumerate()
        .filter(|(place, _)| row.get::<_, Option<bool>>(*place) == Some(true));
    Ok(broken.map(|(_, promise)| promise.clone()).collect())
}
