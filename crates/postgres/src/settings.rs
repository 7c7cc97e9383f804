//! The settings of a server: a test bench, or a store that keeps what it was given.
//!
//! In: [`ServerOptions`]. Out: the text of `proofmark.conf`, which the server's configuration
//! includes last.
//!
//! **Invariant:** what the user sets wins, except for the place of the socket.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::{Account, Version, room};

/// What a server is for, which decides the settings that nobody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Data that is worthless after a crash of the machine: nothing waits for a disk.
    Bench,
    /// Data that must survive the process, the server and the machine.
    Durable,
}

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// What it is for. A [`Store`](crate::Store) is always durable.
    pub profile: Profile,
    /// PostgreSQL settings, by name; they win over the ones chosen here.
    pub settings: Vec<(String, String)>,
    /// Where the server's log is appended; `None` keeps it in the run directory.
    pub log_file: Option<PathBuf>,
    /// How long a shared server outlives its last user, in milliseconds.
    pub linger_ms: u32,
    /// Where the run directory is made; `None` chooses memory with enough room, else the
    /// temporary directory.
    pub run_root: Option<PathBuf>,
    /// How many connections the server takes.
    pub max_connections: u32,
    /// How long the server may take until it answers, in milliseconds.
    pub start_timeout_ms: u64,
    /// Forces an account instead of trying; for the tests of this crate.
    #[doc(hidden)]
    pub account: Option<Account>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            profile: Profile::Bench,
            settings: Vec::new(),
            log_file: None,
            linger_ms: 500,
            run_root: None,
            max_connections: 300,
            start_timeout_ms: 60_000,
            account: None,
        }
    }
}

pub(crate) const PORT: u16 = 5432;

/// What both kinds of server have.
const COMMON: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("synchronous_commit", "on"),
    // `wal_level` stays at `replica`: with `minimal` CREATE DATABASE syncs every file and takes
    // half as long again.
    ("wal_level", "replica"),
    ("track_counts", "on"),
    ("jit", "off"),
    ("max_prepared_transactions", "64"),
    ("max_locks_per_transaction", "128"),
    // The log is kept after the run. What a refused statement contained must not be in it: a
    // client is told about its errors, the log only of the server's own troubles.
    ("log_min_messages", "log"),
    ("log_min_error_statement", "panic"),
    ("log_error_verbosity", "terse"),
    ("log_checkpoints", "off"),
    ("log_destination", "stderr"),
    ("logging_collector", "off"),
    ("log_line_prefix", "%m [%p] "),
];

/// The data is worthless after a crash of the machine, so nothing waits for a disk;
/// `synchronous_commit` stays on because turning it off changes what tests can observe.
const BENCH: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("max_wal_senders", "4"),
    ("min_wal_size", "32MB"),
    ("max_wal_size", "256MB"),
    // What a test wrote is read from the WAL when it is over, which a checkpoint in between (every
    // new database makes one) must not have recycled.
    ("wal_keep_size", "32MB"),
    ("checkpoint_timeout", "1h"),
    ("checkpoint_warning", "0"),
    ("shared_buffers", "64MB"),
    // Databases live for seconds, and a vacuum in the middle of a test would change its plans
    // and its statistics.
    ("autovacuum", "off"),
];

/// What was answered is on the disk. The rest is for a service that shares a small machine.
const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("wal_compression", "on"),
    ("max_wal_size", "1GB"),
    ("checkpoint_timeout", "5min"),
    ("shared_buffers", "128MB"),
    ("autovacuum", "on"),
    // Tables of a busy queue are nearly all dead rows; a fifth of a large one is too many.
    ("autovacuum_vacuum_scale_factor", "0.05"),
    ("autovacuum_naptime", "15s"),
    // The disks of today answer a random read as fast as the next block.
    ("random_page_cost", "1.1"),
];

/// A setting whose name PostgreSQL would not read as a name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not the name of a PostgreSQL setting")]
pub struct SettingError(String);

/// The configuration file of one server.
pub(crate) fn configuration(
    options: &ServerOptions,
    version: Version,
    socket_dir: &Path,
) -> Result<String, SettingError> {
    let mut text = String::from("# Written by proofmark at every start.\n");
    let mut set = |name: &str, value: &str| {
        // In this file a backslash starts an escape inside quotes.
        let quoted = value.replace('\\', r"\\").replace('\'', "''");
        writeln!(text, "{name} = '{quoted}'").expect("writing to a String cannot fail");
    };
    let chosen = match options.profile {
        Profile::Bench => BENCH,
        Profile::Durable => DURABLE,
    };
    for (name, value) in COMMON.iter().chain(chosen) {
        set(name, value);
    }
    if room::is_memory(socket_dir) {
        // As fast as POSIX shared memory there, and it goes with the directory even if the
        // server is killed.
        set("dynamic_shared_memory_type", "mmap");
    }
    set("max_connections", &options.max_connections.to_string());
    if version.major >= 15 {
        // Our own starts take milliseconds; a long recovery is told by its end.
        set("log_startup_progress_interval", "0");
    }
    for (name, value) in &options.settings {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if name.is_empty() || !name.chars().all(plain) || value.contains('\n') {
            return Err(SettingError(name.clone()));
        }
        set(name, value);
    }
    set("port", &PORT.to_string());
    // A comma separates directories.
    set("unix_socket_directories", &format!("\"{}\"", socket_dir.display()));
    set("unix_socket_permissions", "0777");
    Ok(text)
}
