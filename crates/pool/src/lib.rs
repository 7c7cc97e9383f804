//! Leases: isolated databases, copied from a template and taken back.
//!
//! In: a server ([`Target`]) and a [`Recipe`] (migrations and seeds). Out: a [`Template`], built
//! once and found again by the hash of everything that went into it, and a [`Pool`] that hands
//! out [`Lease`]s and, when one comes back, says what was written to it ([`Returned`]).
//!
//! **Invariant**: nothing here knows how a lease is reached (proxy, library, direct) nor which
//! test runner asked; and only databases that this crate created are ever dropped.

mod claim;
mod cluster;
mod connection;
mod copier;
mod dropper;
mod evidence;
mod fingerprint;
mod invariants;
mod isolation;
mod key;
mod lease;
mod migrations;
mod pool;
mod recipe;
mod reset;
mod returned;
mod session;
mod slot;
mod statistics;
mod stock;
mod take_back;
mod target;
mod template;
mod workshop;

#[doc(hidden)]
pub use cluster::Cluster;
pub use connection::Connection;
pub use evidence::{Action, Answers, Counts, Evidence, IndexRead, Questions, Scans, TableRead};
#[doc(hidden)]
pub use fingerprint::Fingerprint;
pub use isolation::{InUse, Isolation};
pub use key::TemplateKey;
pub use lease::{Lease, LeaseError};
pub use migrations::{Format, LoadError, Script, load_scripts};
pub use pool::{Ending, Outcome, Pool, PoolError, PoolOptions};
pub use recipe::{Migrations, Recipe};
pub use returned::{BrokenInvariant, Difference, How, Leftover, Returned, TableWritten};
pub use session::{ConnectError, Session};
pub use target::{Target, TargetError};
pub use template::{BuildError, Ingredients, MigrationError, Progress, SeedError, Template, seed};
