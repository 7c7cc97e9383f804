//! Migrations as files: which there are, in which order, and how each is run.

mod format;
mod load;
mod script;

pub use format::Format;
pub use load::{LoadError, load_scripts};
pub(crate) use load::{load_seed, script_of};
pub use script::Script;
