//! What a server of deep mode is started with.
//!
//! In: the binaries, and the settings that the user wants. Out: those and ours.
//!
//! **Invariant**: the user's own settings stay; a library that is not there is not loaded, because
//! a server that is told to load it does not start.

use proofmark_postgres::Installation;

const LIBRARIES: &str = "shared_preload_libraries";

/// Statements that are told apart; one that is forgotten is not known to have run.
const STATEMENTS_MAX: &str = "20000";

/// Every counter that is asked is locked until it has answered, and a schema may have many.
const LOCKS: &str = "512";

/// The settings of a server whose databases count.
pub(super) fn settings(
    installation: &Installation,
    wanted: &[(String, String)],
) -> Vec<(String, String)> {
    let mut settings = vec![("max_locks_per_transaction".to_owned(), LOCKS.to_owned())];
    let mut loaded = String::new();
    for (name, value) in wanted {
        if name == LIBRARIES {
            loaded.clone_from(value);
        } else {
            settings.push((name.clone(), value.clone()));
        }
    }
    if installation.has_library("pg_stat_statements") {
        if !loaded.contains("pg_stat_statements") {
            let comma = if loaded.is_empty() { "" } else { "," };
            loaded.push_str(comma);
            loaded.push_str("pg_stat_statements");
        }
        for (name, value) in [("track", "all"), ("save", "off"), ("max", STATEMENTS_MAX)] {
            settings.push((format!("pg_stat_statements.{name}"), value.to_owned()));
        }
    }
    if !loaded.is_empty() {
        settings.push((LIBRARIES.to_owned(), loaded));
    }
    settings
}
