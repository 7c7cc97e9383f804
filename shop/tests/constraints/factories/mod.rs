//! Factories: valid rows, and everything that they need to exist.
//!
//! In: the name of a factory. Out: its row and its parents, in the order of the foreign keys.
//! Main type: [`Factory`]. In the SQL of a factory or a case, `{name}` stands for the id of that
//! name, the same in every statement of a test.
//!
//! **Invariant**: a factory's row is accepted as it is; whatever a case wants refused, it changes.

mod access;
mod cart;
mod catalog;
mod customer;
mod event;
mod foundation;
mod inventory;
mod order;
mod payment;
mod pricing;

use std::collections::{BTreeSet, HashSet};

use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// One kind of valid row or situation.
#[derive(Debug)]
pub(crate) struct Factory {
    /// What the tests call it; `{name}` is the id of its row.
    pub(crate) name: &'static str,
    /// Where its row goes; empty when it only does [`then`](Self::then).
    pub(crate) table: &'static str,
    /// What must be made before.
    pub(crate) needs: &'static [&'static str],
    /// Its row: column and SQL expression. Nullable columns are filled, so that their promises are
    /// accepted with a value.
    pub(crate) row: &'static [(&'static str, &'static str)],
    /// Statements after the row.
    pub(crate) then: &'static [&'static str],
    /// What must be made in the same transaction for it to commit.
    pub(crate) whole: &'static [&'static str],
}

impl Factory {
    /// A row in the table of the same name.
    const fn row(
        name: &'static str,
        needs: &'static [&'static str],
        row: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { name, table: name, needs, row, then: &[], whole: &[] }
    }

    /// A situation that statements bring about.
    const fn steps(
        name: &'static str,
        needs: &'static [&'static str],
        then: &'static [&'static str],
    ) -> Self {
        Self { name, table: "", needs, row: &[], then, whole: &[] }
    }

    const fn in_table(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }

    const fn with(mut self, whole: &'static [&'static str]) -> Self {
        self.whole = whole;
        self
    }
}

const ALL: &[&[Factory]] = &[
    foundation::ALL,
    catalog::ALL,
    customer::ALL,
    cart::ALL,
    inventory::ALL,
    pricing::ALL,
    order::ALL,
    payment::ALL,
    event::ALL,
    access::ALL,
];

/// All factories.
pub(crate) fn all() -> impl Iterator<Item = &'static Factory> {
    ALL.iter().flat_map(|part| part.iter())
}

/// The factory of that name.
pub(crate) fn factory(name: &str) -> &'static Factory {
    all()
        .find(|factory| factory.name == name)
        .unwrap_or_else(|| panic!("no factory is called {name}"))
}

/// What has been made in this transaction.
#[derive(Debug, Default)]
pub(crate) struct Made(HashSet<&'static str>);

impl Made {
    /// The tables that hold a row of something that was made.
    pub(crate) fn tables(&self) -> BTreeSet<&'static str> {
        self.0.iter().map(|name| factory(name).table).filter(|table| !table.is_empty()).collect()
    }
}

/// Makes everything that the factory needs, but not its own row.
pub(crate) async fn make_parents(db: &mut PgConnection, name: &str, made: &mut Made) {
    for parent in factory(name).needs {
        make(db, parent, made).await;
    }
}

/// Makes the factory's row with everything before it, and gives the id of the row.
pub(crate) async fn make(db: &mut PgConnection, name: &str, made: &mut Made) -> Uuid {
    let factory = factory(name);
    if made.0.insert(factory.name) {
        Box::pin(make_parents(db, name, made)).await;
        if !factory.table.is_empty() {
            accept(db, name, insert(name, &[])).await;
        }
        for sql in factory.then {
            accept(db, name, with_ids(sql)).await;
        }
    }
    id(name)
}

/// Makes the factory's row and what must commit together with it.
pub(crate) async fn make_whole(db: &mut PgConnection, name: &str, made: &mut Made) {
    make(db, name, made).await;
    for part in factory(name).whole {
        make(db, part, made).await;
    }
}

async fn accept(db: &mut PgConnection, name: &str, sql: String) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(db).await {
        panic!("the factory {name} makes a row that is refused: {error}\n{sql}");
    }
}

/// The INSERT of the factory's row with some columns changed or added.
pub(crate) fn insert(name: &str, changes: &[(String, String)]) -> String {
    let factory = factory(name);
    let changed = |column: &str| changes.iter().find(|(changed, _)| changed == column);
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for &(column, value) in factory.row {
        columns.push(column);
        values.push(changed(column).map_or(value, |(_, value)| value));
    }
    for (column, value) in changes {
        if !columns.contains(&column.as_str()) {
            columns.push(column);
            values.push(value);
        }
    }
    with_ids(&format!(
        "INSERT INTO {} ({}) VALUES ({})",
        factory.table,
        columns.join(", "),
        values.join(", ")
    ))
}

/// The id that a name stands for: the same for the same name, in every test.
pub(crate) fn id(name: &str) -> Uuid {
    // FNV-1a, 128 bits (draft-eastlake-fnv); any hash without collisions among the names would do.
    let hash = name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
}

/// Puts the ids into SQL, for each `{name}`. Braces around anything else stay as they are.
pub(crate) fn with_ids(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let name = from[1..].split('}').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if is_name {
            out.push('\'');
            out.push_str(&id(name).to_string());
            out.push('\'');
            rest = &from[name.len() + 2..];
        } else {
            out.push('{');
            rest = &from[1..];
        }
    }
    out.push_str(rest);
    out
}
