//! The tables and promises of a migrated database, typed, for PostgreSQL 14 to 18.
//!
//! In: a connection to a migrated database, the text of its migrations. Out: a [`Catalog`]
//! that can be stored, an [`Attribution`] for each refusal, and the place in the migrations
//! where a promise is declared. Main type: [`Catalog`].
//!
//! **Invariant**: nothing here knows what a test tried. A refusal is attributed to the one
//! promise that its fields name, or to none; it is never guessed.

mod actions;
mod attribution;
mod catalog;
mod clauses;
mod counting;
mod failing_row;
mod invariant;
mod literal;
mod name;
mod promise;
mod questions;
mod read;
pub mod source;
mod states;
mod table;
mod violations;

pub use actions::KeyAction;
pub use attribution::{Attribution, Attributor, RefusalFields, Why};
pub use catalog::{Catalog, NoSuchColumn};
pub use clauses::{Clause, clauses};
pub use counting::{COUNTING_SCHEMA, Cell, CountedCheck, counted_cell};
pub use failing_row::split_failing_row;
pub use invariant::{Invariant, InvariantError};
pub use literal::literal;
pub use name::{PromiseId, TableName, state_address};
pub use promise::{
    Deferrable, ForeignKey, ForeignKeyAction, MatchType, Promise, PromiseKind, ReportedAs, Unique,
};
pub use questions::{Question, TableQuestions};
pub use read::{ReadError, read};
pub use states::{History, StateColumn, StateSource, Transitions};
pub use table::{
    Column, ColumnUse, Domain, EnumType, Generated, Identity, Index, Table, TableKind,
};
pub use violations::{RowShape, ViolationsQuery, violations_query};
