//! A server, its templates and their pools: what every run stands on.
//!
//! [`Bench::open`] turns a [`Config`](crate::config::Config) into databases that can be leased.

mod catalogs;
mod deep;
mod error;
mod kept;
mod open;
mod provision;
mod step;

pub use error::BenchError;
pub use kept::{KeptDatabase, KeptRun, kept};
pub use open::{Bench, Options};
pub use proofmark_pool::{Ending, Lease, Outcome, Pool, Returned};
pub use step::{Listener, Step};
