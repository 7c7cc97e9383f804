//! What a template is made from.
//!
//! In: paths and a command from the configuration. Out: a [`Recipe`].
//!
//! **Invariant**: holds no text; the files are read when the key is computed and again, from the
//! same reading, when the template is built (see [`crate::migrations`]).

use std::path::PathBuf;

use crate::migrations::Format;

/// Where the schema comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Migrations {
    /// An empty database.
    None,
    /// SQL files of one directory, applied in the order of their versions.
    Directory {
        /// The directory.
        path: PathBuf,
        /// How its files are named.
        format: Format,
    },
    /// Any command; it finds the database in `DATABASE_URL` and `PGHOST`, `PGPORT`, ....
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Files and directories whose content decides whether the template is still right.
        watch: Vec<PathBuf>,
    },
}

/// Everything that decides what a template contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The name that the suite knows the database by, for example `shop`.
    pub database: String,
    /// The schema.
    pub migrations: Migrations,
    /// SQL files run after the migrations, in this order.
    pub seeds: Vec<PathBuf>,
    /// The directory that relative paths in messages are relative to, and in which a command runs.
    pub root: PathBuf,
}
