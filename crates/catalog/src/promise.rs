//! A promise: something that the database guarantees, and how a refusal by it looks.
//!
//! In: what the readers found in the system catalogs. Out: one value per promise, the same for
//! every major version as far as the versions can say the same. Main type: [`Promise`].
//!
//! **Invariant**: a promise of a partition or of an inheriting table that comes from its parent
//! is not a promise of its own; it is one more way in which the parent's is reported.

use serde::{Deserialize, Serialize};

use crate::name::{PromiseId, TableName};

/// One guarantee of the database.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The stable text address.
    pub id: PromiseId,
    /// What is guaranteed.
    pub kind: PromiseKind,
    /// The table that declares it; `None` for a domain's and an enum's.
    pub table: Option<TableName>,
    /// The domain or enum that declares it; `None` for a table's.
    pub domain: Option<TableName>,
    /// The constraint's or index's name; `None` for what has none (a NOT NULL before 18, the
    /// labels of an enum).
    pub name: Option<String>,
    /// The columns it is about, in the order of their declaration in the constraint; empty where
    /// the server does not say (a constraint trigger, an index on expressions only).
    pub columns: Vec<String>,
    /// The declaration as the server prints it.
    pub definition: String,
    /// When it is checked.
    pub deferrable: Deferrable,
    /// Whether new rows are checked at all (NOT ENFORCED exists from 18).
    pub enforced: bool,
    /// Whether old rows were checked too. A promise that is NOT VALID still refuses new rows.
    pub validated: bool,
    /// Every combination of fields by which the server names this promise in an error.
    pub reported_as: Vec<ReportedAs>,
    /// The condition of a CHECK; in a domain's the value is called `VALUE`.
    pub expression: Option<String>,
    /// The tables, partitions included, where an inserted or updated row is tried against it.
    pub evaluated_by_writes_to: Vec<TableName>,
}

impl Promise {
    /// What declares it: its table, domain or enum.
    pub fn owner(&self) -> Option<&TableName> {
        self.table.as_ref().or(self.domain.as_ref())
    }

    /// Whether it only repeats the primary key (`NOT NULL` of a key column), so that a report
    /// may leave it out.
    pub fn implied_by_primary_key(&self) -> bool {
        matches!(self.kind, PromiseKind::NotNull { implied_by_primary_key: true })
    }
}

/// What kind of guarantee a promise is.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum PromiseKind {
    /// A condition over one row.
    Check,
    /// A column that holds no NULL.
    NotNull {
        /// The column belongs to the primary key, which says the same.
        implied_by_primary_key: bool,
    },
    /// The primary key.
    PrimaryKey {
        /// The last column is a range that may not overlap (18).
        without_overlaps: bool,
    },
    /// A UNIQUE constraint or a unique index.
    Unique(Unique),
    /// A reference to a row of another table.
    ForeignKey(ForeignKey),
    /// No two rows for which all operators hold.
    Exclude,
    /// A condition over a value of a domain.
    DomainCheck,
    /// A domain without NULL.
    DomainNotNull,
    /// The labels of an enum.
    Enum,
    /// A trigger that is declared as a constraint; it speaks for itself with
    /// `RAISE ... USING CONSTRAINT`.
    ConstraintTrigger,
}

impl PromiseKind {
    /// The kind as one word or two, for a report.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::NotNull { .. } => "not null",
            Self::PrimaryKey { .. } => "primary key",
            Self::Unique(_) => "unique",
            Self::ForeignKey(_) => "foreign key",
            Self::Exclude => "exclude",
            Self::DomainCheck => "domain check",
            Self::DomainNotNull => "domain not null",
            Self::Enum => "enum",
            Self::ConstraintTrigger => "constraint trigger",
        }
    }
}

/// How a uniqueness is declared.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// A unique index without a constraint: the name in an error is the index's.
    pub index_only: bool,
    /// The condition of a partial index.
    pub predicate: Option<String>,
    /// The indexed expressions, where not only columns are indexed.
    pub expression: Option<String>,
    /// Two NULLs are equal (15).
    pub nulls_not_distinct: bool,
    /// The last column is a range that may not overlap (18).
    pub without_overlaps: bool,
}

/// Where a foreign key points and what happens to it.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The table referred to.
    pub references: TableName,
    /// Its columns, in the order of the constraint.
    pub referenced_columns: Vec<String>,
    /// When the row referred to is deleted.
    pub on_delete: ForeignKeyAction,
    /// When its key changes.
    pub on_update: ForeignKeyAction,
    /// What NULLs mean.
    pub match_type: MatchType,
    /// The columns that `SET NULL (...)` or `SET DEFAULT (...)` names (15); empty: all.
    pub set_columns: Vec<String>,
    /// The last column pair is compared as periods (18).
    pub period: bool,
}

/// What a foreign key does when the row it refers to goes away.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignKeyAction {
    /// Refuse at the end of the statement or of the transaction.
    NoAction,
    /// Refuse at once.
    Restrict,
    /// Do the same to the referring row.
    Cascade,
    /// Let go of it.
    SetNull,
    /// Point to the default.
    SetDefault,
}

/// What a NULL in a foreign key of several columns means.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum MatchType {
    /// One NULL and nothing is checked.
    Simple,
    /// All NULL or none.
    Full,
}

/// When a promise is checked.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Deferrable {
    /// At once, always.
    No,
    /// At the end of the statement, unless the transaction asks for later.
    InitiallyImmediate,
    /// At COMMIT, unless the transaction asks for sooner.
    InitiallyDeferred,
}

/// One combination of error fields that means this promise (`s t n c d` of an ErrorResponse).
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportedAs {
    /// Schema of the table or of the domain.
    pub schema: String,
    /// The table, which may be a partition.
    pub table: Option<String>,
    /// The constraint's or index's name as it is on that table.
    pub name: Option<String>,
    /// The column of a NOT NULL.
    pub column: Option<String>,
    /// The domain.
    pub datatype: Option<String>,
}

impl ReportedAs {
    /// A constraint or index of a table.
    pub(crate) fn constraint(table: &TableName, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::of_table(table) }
    }

    /// The NOT NULL of a column.
    pub(crate) fn column(table: &TableName, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..Self::of_table(table) }
    }

    /// A domain's CHECK, or without a name its NOT NULL.
    pub(crate) fn datatype(domain: &TableName, name: Option<&str>) -> Self {
        Self {
            schema: domain.schema.clone(),
            table: None,
            name: name.map(str::to_owned),
            column: None,
            datatype: Some(domain.name.clone()),
        }
    }

    fn of_table(table: &TableName) -> Self {
        Self {
            schema: table.schema.clone(),
            table: Some(table.name.clone()),
            name: None,
            column: None,
            datatype: None,
        }
    }
}
