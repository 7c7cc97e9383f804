//! Why there is no bench.
//!
//! **Invariant**: tells the cases apart that a caller must answer differently: the server, the
//! schema, the configuration.

use proofmark_pool::{BuildError, LoadError, PoolError, TargetError};
use proofmark_postgres as postgres;

/// A bench that could not be opened or closed.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// No PostgreSQL on this machine, and none could be fetched.
    #[error("there is no PostgreSQL to use")]
    Find(#[from] Box<postgres::FindError>),
    /// The user's cache directory is unusable.
    #[error("the cache directory cannot be used")]
    Cache(#[source] std::io::Error),
    /// No data directory could be initialised or stored.
    #[error("no data directory could be prepared")]
    Image(#[from] Box<postgres::ImageError>),
    /// The server did not start.
    #[error("the private server did not start")]
    Start(#[from] Box<postgres::StartError>),
    /// The built templates could not be stored in the cache.
    #[error("the templates could not be stored")]
    Snapshot(#[source] Box<postgres::SnapshotError>),
    /// The server could not be stopped or saved.
    #[error("the private server could not be stopped")]
    Stop(#[from] Box<postgres::StopError>),
    /// The user's server must not or cannot be used.
    #[error("the server of {from} is not used")]
    External {
        /// Where the URL was found.
        from: &'static str,
        /// Why.
        source: postgres::external::ExternalError,
    },
    /// The server does not serve.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The migrations cannot be read.
    #[error("the migrations of `{database}` cannot be read")]
    Load {
        /// The database's name.
        database: String,
        /// Why.
        source: LoadError,
    },
    /// The invariants cannot be read.
    #[error("the invariants of `{database}` cannot be read")]
    Invariants {
        /// The database's name.
        database: String,
        /// Why.
        source: proofmark_catalog::InvariantError,
    },
    /// A column of states is named that is not there.
    #[error("`states` of `{database}` in proofmark.toml")]
    States {
        /// The database's name.
        database: String,
        /// Which.
        source: proofmark_catalog::NoSuchColumn,
    },
    /// The template cannot be built.
    #[error("the template of `{database}` could not be built")]
    Build {
        /// The database's name.
        database: String,
        /// Why.
        source: Box<BuildError>,
    },
    /// The pool could not be opened or closed.
    #[error("databases cannot be handed out")]
    Pool(#[from] PoolError),
    /// A background task died.
    #[error("a background task ended unexpectedly: {0}")]
    Task(String),
}
