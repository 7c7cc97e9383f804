//! A running private PostgreSQL: found or fetched, initialised, tuned, stopped, never left behind.
//!
//! In: a machine, and perhaps a wanted major version. Out: a [`Server`] with an [`Address`].
//! The way there is [`find`] → [`base_image`] → [`Server::start`] (or [`Server::join_or_start`]
//! where several processes share one server). What killed runs left is removed by [`sweep`].
//! [`Store::open`] is the way to a server that keeps its data.
//!
//! **Invariant:** this crate knows no SQL, no driver, and no schema. It only ever ends processes
//! and removes directories that it made itself.

mod account;
mod address;
mod cache;
mod copy;
pub mod external;
mod fetch;
mod handshake;
mod image;
mod initdb;
mod installation;
mod keeper;
mod places;
mod postmaster;
mod room;
mod run_dir;
mod run_root;
mod search;
mod server;
mod settings;
mod shared;
mod start;
mod store;
mod sweep;
mod version;

pub use account::{Account, AccountError};
pub use address::Address;
pub use cache::Cache;
pub use image::{Image, ImageError};
pub use initdb::base_image;
pub use installation::{Installation, Origin, ProbeError};
pub use run_dir::{RunDirError, RunId};
pub use search::{Attempt, FindError, Found, Outcome, Progress, Search, find};
pub use server::{SaveError, Server, SnapshotError, StopError};
pub use settings::{Profile, ServerOptions, SettingError};
pub use start::StartError;
pub use store::{Store, StoreError, StoreOptions};
pub use sweep::{SweepError, Swept, sweep};
pub use version::Version;
