//! The question which promises a row violates, for the server to answer.
//!
//! In: a table and promises. Out: a SELECT whose parameters are the row's values as text. Main
//! type: [`ViolationsQuery`].
//!
//! **Invariant**: conditions are evaluated by the server, never here; the query reads no table.

use crate::catalog::Catalog;
use crate::name::{PromiseId, TableName, quote_identifier};
use crate::promise::{Promise, PromiseKind};
use crate::table::{Column, Generated, Table};

/// A query that says of one row which promises it violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViolationsQuery {
    /// One row with one boolean per promise, true where it is violated. The parameters are the
    /// row's values as text in the order of the table's columns, as
    /// [`split_failing_row`](crate::split_failing_row) gives them.
    ///
    /// An expression that raises an error for the row makes the whole query fail; a query for
    /// each promise alone then says which.
    pub sql: String,
    /// The promises, in the order of the booleans.
    pub promises: Vec<PromiseId>,
}

/// How to read the row that an error about a table prints, and what it may violate.
#[derive(Debug, Clone)]
pub struct RowShape<'a> {
    /// The table whose columns the row has, in this order.
    pub table: &'a Table,
    /// Every enforced CHECK and NOT NULL that a row of the table is tried against.
    pub promises: Vec<&'a Promise>,
}

impl Catalog {
    /// The shape of the row behind "Failing row contains" in an error that names this table.
    ///
    /// `None` for an unknown table, and for a partition whose columns have another order than
    /// its root's: the server prints a row as it was written (`ExecConstraints`), and the error
    /// does not say whether that was to the root or to the partition.
    pub fn row_shape(&self, table: &TableName) -> Option<RowShape<'_>> {
        let table = self.table(table)?;
        let root = self.table(&table.root)?;
        let names =
            |table: &Table| table.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        if names(table) != names(root) {
            return None;
        }
        let promises = self
            .promises
            .iter()
            .filter(|promise| promise.enforced && violation(promise).is_some())
            .filter(|promise| promise.evaluated_by_writes_to.contains(&table.name))
            .collect();
        Some(RowShape { table, promises })
    }
}

/// The query for the CHECKs and NOT NULLs among the given promises; `None` if there are none.
///
/// Generated columns: a stored one is printed with its value and is taken as it is; a virtual
/// one is printed without and is computed again.
pub fn violations_query(table: &Table, promises: &[&Promise]) -> Option<ViolationsQuery> {
    let (ids, conditions): (Vec<_>, Vec<_>) = promises
        .iter()
        .filter_map(|promise| Some((promise.id.clone(), violation(promise)?)))
        .unzip();
    if ids.is_empty() {
        return None;
    }
    let values: Vec<String> =
        table.columns.iter().enumerate().map(|(index, column)| value(index + 1, column)).collect();
    let columns: Vec<String> = table.columns.iter().map(computed).collect();
    let alias = quote_identifier(&table.name.name);
    let sql = format!(
        "SELECT {} FROM (SELECT {} FROM (SELECT {}) AS {alias}) AS {alias}",
        conditions.join(", "),
        columns.join(", "),
        values.join(", "),
    );
    Some(ViolationsQuery { sql, promises: ids })
}

fn violation(promise: &Promise) -> Option<String> {
    match &promise.kind {
        PromiseKind::Check => Some(format!("({}) IS FALSE", promise.expression.as_ref()?)),
        PromiseKind::NotNull { .. } => {
            // IS NULL would also be true of a composite value whose fields are all NULL.
            Some(format!(
                "{} IS NOT DISTINCT FROM NULL",
                quote_identifier(promise.columns.first()?)
            ))
        }
        _ => None,
    }
}

/// A parameter in its column's type. All are text, so that the caller needs to know no types.
fn value(parameter: usize, column: &Column) -> String {
    let name = quote_identifier(&column.name);
    match column.generated {
        // The parameter must stay referenced, or its type could not be determined.
        Some(Generated::Virtual(_)) => format!("${parameter}::text AS {name}"),
        _ => format!("${parameter}::text::{} AS {name}", column.type_name),
    }
}

fn computed(column: &Column) -> String {
    let name = quote_identifier(&column.name);
    match &column.generated {
        Some(Generated::Virtual(expression)) => {
            format!("({expression})::{} AS {name}", column.type_name)
        }
        _ => name,
    }
}
