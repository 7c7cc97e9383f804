//! An INSERT that tries a promise of a table.
//!
//! In: a promise, its table, the aim. Out: the columns that matter with a value each, and SQL.
//!
//! **Invariant:** only columns are named that the promise is about or that have no value of their
//! own, so that the statement stays short.

use proofmark_catalog::{Catalog, Column, Generated, Identity, Promise, PromiseKind, Table};

use super::condition::readable;
use super::identifier::{identifier, qualified};
use super::{Aim, break_check, value};

/// Columns of a line of SQL; a longer list of values goes on to the next.
const LINE_COLUMNS: usize = 92;

pub(super) struct Insert<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) table: &'a Table,
    /// The promises of that table, this one included.
    pub(super) neighbours: &'a [&'a Promise],
    pub(super) promise: &'a Promise,
    pub(super) aim: Aim,
}

impl<'a> Insert<'a> {
    pub(super) fn sql(&self) -> String {
        let columns = self.columns();
        if columns.is_empty() {
            return format!("insert into {} default values;", qualified(&self.table.name));
        }
        let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
        let names = lines("(", &names, ")");
        let overriding = columns.iter().any(|c| c.identity == Some(Identity::Always));
        let overriding = if overriding { "overriding system value\n" } else { "" };
        let rows: Vec<String> = (1..=self.rows())
            .map(|row| {
                let values: Vec<String> = columns.iter().map(|c| self.value(c, row)).collect();
                lines("(", &values, ")")
            })
            .collect();
        let values = rows.join(",\n       ");
        let insert = format!("insert into {} ", qualified(&self.table.name));
        // A long list of columns begins under the table's name.
        let gap = if insert.len() + names.len() > LINE_COLUMNS { "\n" } else { "" };
        format!(
            "{}{gap}{names}\n{overriding}values {values};",
            insert.trim_end_matches(|c| { c == ' ' && !gap.is_empty() })
        )
    }

    /// Two equal rows break what holds between rows.
    fn rows(&self) -> u32 {
        let between_rows = matches!(
            self.promise.kind,
            PromiseKind::Unique(_) | PromiseKind::PrimaryKey { .. } | PromiseKind::Exclude
        );
        if between_rows && self.aim == Aim::Refused { 2 } else { 1 }
    }

    fn columns(&self) -> Vec<&'a Column> {
        let writable = |column: &&Column| {
            !matches!(&column.generated, Some(Generated::Stored(_) | Generated::Virtual(_)))
        };
        let needs_value = |column: &&Column| {
            self.concerns(column)
                || (column.not_null && column.default.is_none() && column.identity.is_none())
        };
        self.table.columns.iter().filter(writable).filter(needs_value).collect()
    }

    fn concerns(&self, column: &Column) -> bool {
        self.promise.columns.contains(&column.name)
    }

    /// The value, with a comment in the first row where a person must look at it.
    fn value(&self, column: &Column, row: u32) -> String {
        let (remark, value) = if self.concerns(column) {
            self.tried_value(column)
        } else {
            // A neighbour's key must differ between the rows, or it would refuse instead.
            let n = if self.is_key_of_a_neighbour(column) { row } else { 1 };
            (None, value::plausible(self.catalog, &column.type_name, n))
        };
        let refers = || self.referenced(&column.name).map(|table| format!("a row of {table}"));
        match remark.or_else(refers) {
            Some(remark) if row == 1 => format!("{} {value}", comment(&remark)),
            _ => value,
        }
    }

    /// A value of a column that the promise is about, and what to say about it.
    fn tried_value(&self, column: &Column) -> (Option<String>, String) {
        let plausible = value::plausible(self.catalog, &column.type_name, 1);
        let first = self.promise.columns.first() == Some(&column.name);
        let remark = |text: String| first.then_some(text);
        match (&self.promise.kind, self.aim) {
            (PromiseKind::NotNull { .. }, Aim::Refused) => (None, "null".to_owned()),
            (PromiseKind::Check, aim) => {
                let expression = self.promise.expression.as_deref().unwrap_or_default();
                let expression = readable(expression);
                let value = match aim {
                    Aim::Refused => self.broken(column, &expression).unwrap_or(plausible),
                    Aim::Accepted => plausible,
                };
                let word = if aim == Aim::Refused { "breaks" } else { "keeps" };
                (remark(format!("{word}: {expression}")), value)
            }
            (PromiseKind::ForeignKey(key), Aim::Refused) => {
                let absent = value::absent(self.catalog, &column.type_name);
                (remark(format!("no row of {}", key.references)), absent)
            }
            (PromiseKind::ForeignKey(key), Aim::Accepted) => {
                (remark(format!("a row of {}", key.references)), plausible)
            }
            (PromiseKind::Unique(unique), Aim::Refused) => {
                let predicate = unique.predicate.as_deref().map(readable);
                (predicate.and_then(|p| remark(format!("where {p}"))), plausible)
            }
            _ => (None, plausible),
        }
    }

    /// A value of this column that breaks the condition, where the condition is understood.
    fn broken(&self, column: &Column, condition: &str) -> Option<String> {
        break_check::value(&column.name, condition).or_else(|| {
            let n = break_check::place_in_pair(&column.name, condition)?;
            Some(value::plausible(self.catalog, &column.type_name, n))
        })
    }

    fn is_key_of_a_neighbour(&self, column: &Column) -> bool {
        self.neighbours.iter().any(|other| {
            other.id != self.promise.id
                && matches!(other.kind, PromiseKind::PrimaryKey { .. } | PromiseKind::Unique(_))
                && other.columns.contains(&column.name)
        })
    }

    /// The table that a foreign key of this one column points to.
    fn referenced(&self, column: &str) -> Option<String> {
        self.neighbours.iter().find_map(|other| match &other.kind {
            PromiseKind::ForeignKey(key) if other.columns == [column] => {
                Some(key.references.to_string())
            }
            _ => None,
        })
    }
}

/// A comment that cannot end early.
pub(super) fn comment(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("/* {} */", text.replace("*/", "* /").replace("/*", "/ *"))
}

/// The items with commas between `open` and `close`, broken into lines that are indented.
fn lines(open: &str, items: &[String], close: &str) -> String {
    let mut text = open.to_owned();
    let mut columns = 16;
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            text.push(',');
            if columns + item.len() > LINE_COLUMNS {
                text.push_str("\n       ");
                columns = 8;
            }
            text.push(' ');
        }
        text.push_str(item);
        columns += item.len() + 2;
    }
    text + close
}
