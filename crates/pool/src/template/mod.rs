//! A migrated database that is only ever copied.
//!
//! [`Template::ensure`] finds the template of a recipe by its key or builds it, once, whoever
//! else tries at the same time.

mod bookkeeping;
mod build;
mod command;
mod counting;
mod ensure;
mod error;
mod ingredients;
mod seal;
mod seed;

pub(crate) use counting::{ACTIONS, CELLS, COUNTERS_BACK, FORGET, cells_of};
pub use ensure::{Progress, Template};
pub use error::{BuildError, MigrationError};
pub use ingredients::Ingredients;
pub use seed::{SeedError, seed};
