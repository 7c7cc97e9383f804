//! A statement to try, for a promise that was not tried.
//!
//! In: a catalog and one of its promises. Out: one statement to be completed by a person. Main
//! type: [`Suggester`].
//!
//! **Invariant:** a suggestion is made from the declaration alone, was never executed, and says
//! so: every value that a person must look at has a comment beside it.

mod break_check;
mod condition;
mod identifier;
mod insert;
mod value;

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
mod tests;

use std::collections::HashMap;

use proofmark_catalog::{Catalog, Promise, PromiseKind, Table, TableName};

use crate::Suggestion;
use identifier::qualified;
use insert::Insert;

/// What the statement is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// That the promise refuses.
    Refused,
    /// That the promise accepts.
    Accepted,
}

/// Suggests statements for the promises of one catalog.
#[derive(Debug)]
pub(crate) struct Suggester<'a> {
    catalog: &'a Catalog,
    tables: HashMap<&'a TableName, &'a Table>,
    promises: HashMap<&'a TableName, Vec<&'a Promise>>,
}

impl<'a> Suggester<'a> {
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let mut promises: HashMap<&TableName, Vec<&Promise>> = HashMap::new();
        for promise in &catalog.promises {
            if let Some(table) = &promise.table {
                promises.entry(table).or_default().push(promise);
            }
        }
        let tables = catalog.tables.iter().map(|table| (&table.name, table)).collect();
        Self { catalog, tables, promises }
    }

    /// A statement for this promise; `None` where its declaration does not say enough (a
    /// trigger's function, a table that is not in the catalog).
    pub(crate) fn suggest(&self, promise: &Promise, aim: Aim) -> Option<Suggestion> {
        let sql = match promise.kind {
            PromiseKind::DomainCheck | PromiseKind::DomainNotNull | PromiseKind::Enum => {
                cast(self.catalog, promise, aim)?
            }
            PromiseKind::ConstraintTrigger if aim == Aim::Refused => return None,
            _ => {
                let table = promise.table.as_ref()?;
                let neighbours = self.promises.get(table).map(Vec::as_slice).unwrap_or_default();
                let table = *self.tables.get(table)?;
                Insert { catalog: self.catalog, table, neighbours, promise, aim }.sql()
            }
        };
        let what = match aim {
            Aim::Refused => "a statement it should refuse",
            Aim::Accepted => "a statement it should accept",
        };
        Some(Suggestion { title: format!("{what}; complete the values first"), sql })
    }
}

/// A value of a domain or enum is tried by a cast; no table is needed.
fn cast(catalog: &Catalog, promise: &Promise, aim: Aim) -> Option<String> {
    let name = promise.domain.as_ref()?;
    let value = match (&promise.kind, aim) {
        (PromiseKind::Enum, Aim::Refused) => "'no such label'".to_owned(),
        (PromiseKind::Enum, Aim::Accepted) => {
            let labels = catalog.enums.iter().find(|e| e.name == *name)?;
            identifier::literal(labels.labels.first()?)
        }
        (PromiseKind::DomainNotNull, Aim::Refused) => "null".to_owned(),
        (_, aim) => {
            let domain = catalog.domains.iter().find(|d| d.name == *name)?;
            let value = value::plausible(catalog, &domain.base_type, 1);
            let expression = promise.expression.as_deref().map(condition::readable);
            match expression {
                Some(expression) if aim == Aim::Refused => {
                    let broken = break_check::value("VALUE", &expression).unwrap_or(value);
                    format!("{} {broken}", insert::comment(&format!("breaks: {expression}")))
                }
                Some(expression) => {
                    format!("{} {value}", insert::comment(&format!("keeps: {expression}")))
                }
                None => value,
            }
        }
    };
    Some(format!("select cast({value} as {});", qualified(name)))
}
