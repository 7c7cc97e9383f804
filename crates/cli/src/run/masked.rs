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
    Attributor, Catalog, PromiseId, RefusalFields, TableName, split_failing_row, violations_query,
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
    let attributor = Attributor::new(catalog);
    for row in rows {
        let Some(by) = named(&attributor, row) else { continue };
        let reported = TableName::new(&row.schema, &row.table);
        let Some(shape) = catalog.row_shape(&reported) else { continue };
        let values = split_failing_row(&row.row_text, &shape.table.columns);
        let Some(values) = values else { continue };
        // One promise at a time: an expression that raises an error answers for itself only.
        for promise in shape.promises.iter().filter(|promise| promise.id != by) {
            let Some(query) = violations_query(shape.table, &[*promise]) else { continue };
            for promise in broken(session, &query.sql, &query.promises, &values).await? {
                found.insert((promise, by.clone()));
            }
        }
    }
    Ok(found.into_iter().map(|(promise, by)| Masked { promise, by }).collect())
}

/// The promise that the server named.
fn named(attributor: &Attributor<'_>, row: &FailingRow) -> Option<PromiseId> {
    let fields = RefusalFields {
        sqlstate: &row.sqlstate,
        schema: Some(&row.schema),
        table: Some(&row.table),
        column: row.column.as_deref(),
        datatype: None,
        constraint: row.constraint.as_deref(),
        routine: None,
    };
    attributor.attribute(&fields).ok().map(|promise| promise.id.clone())
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
