//! The catalog: everything that was read from one migrated database.
//!
//! In: tables, promises, enums, domains, state columns. Out: look-ups by name. Main type:
//! [`Catalog`].
//!
//! **Invariant**: it is plain data. What is stored in a trace answers the same questions as what
//! was just read.

use serde::{Deserialize, Serialize};

use crate::attribution::{Attribution, RefusalFields, attribute};
use crate::name::{PromiseId, TableName, state_address};
use crate::promise::Promise;
use crate::states::{StateColumn, StateSource};
use crate::table::{Domain, EnumType, Index, Table};

/// What a migrated database consists of and what it promises.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// `server_version_num` of the server it was read from (150018 is 15.18).
    pub server_version_num: u32,
    /// All tables, by name.
    pub tables: Vec<Table>,
    /// All promises, by the name of their table and then by address.
    pub promises: Vec<Promise>,
    /// All enums, by name.
    pub enums: Vec<EnumType>,
    /// All domains, by name.
    pub domains: Vec<Domain>,
    /// All state columns, by table and column.
    pub state_columns: Vec<StateColumn>,
    /// All indexes, by table and name.
    #[serde(default)]
    pub indexes: Vec<Index>,
}

impl Catalog {
    /// The promise with this address.
    pub fn promise(&self, id: &PromiseId) -> Option<&Promise> {
        self.promises.iter().find(|promise| promise.id == *id)
    }

    /// The table with this name, which may be a partition.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// Takes a column for one of states because its owner says so: `public.order.state`. What the
    /// declarations say of it stays.
    ///
    /// # Errors
    /// [`NoSuchColumn`] if the database has none of that address.
    pub fn name_state(&mut self, address: &str) -> Result<(), NoSuchColumn> {
        let tables = self.tables.iter();
        let found = tables
            .flat_map(|table| table.columns.iter().map(move |column| (&table.name, column)))
            .find(|(table, column)| state_address(table, &column.name) == address);
        let Some((table, column)) = found else { return Err(NoSuchColumn(address.to_owned())) };
        let is_known = |known: &StateColumn| known.table == *table && known.column == column.name;
        if !self.state_columns.iter().any(is_known) {
            self.state_columns.push(StateColumn {
                table: table.clone(),
                column: column.name.clone(),
                states: Vec::new(),
                from: StateSource::Named,
                transitions: None,
            });
            self.state_columns.sort_by(|a, b| (&a.table, &a.column).cmp(&(&b.table, &b.column)));
        }
        Ok(())
    }

    /// The one promise that these error fields name, or why there is none.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(catalog: proofmark_catalog::Catalog) {
    /// use proofmark_catalog::{Attribution, RefusalFields};
    ///
    /// let refusal = RefusalFields {
    ///     sqlstate: "23514",
    ///     schema: Some("public"),
    ///     table: Some("order_line"),
    ///     constraint: Some("order_line_quantity_positive"),
    ///     ..RefusalFields::default()
    /// };
    /// if let Attribution::Promise(id) = catalog.attribute(&refusal) {
    ///     assert_eq!(id.as_str(), "public.order_line.order_line_quantity_positive");
    /// }
    /// # }
    /// ```
    pub fn attribute(&self, refusal: &RefusalFields<'_>) -> Attribution {
        attribute(self, refusal)
    }
}

/// A column of states was named that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no column `{0}` in the migrated database; help: name it as `schema.table.column`"
)]
pub struct NoSuchColumn(String);
