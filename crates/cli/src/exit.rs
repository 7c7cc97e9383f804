//! How `proofmark` says with a number how it went.
//!
//! The numbers are part of the interface and never change their meaning.

use std::process::ExitCode;

/// One number, one cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Clean,
    /// A bug, or something on this machine that no rule foresees.
    Internal,
    /// Wrong arguments, or a wrong configuration (migrations included).
    Usage,
    /// Nothing was observed: no statement of the suite came through.
    NothingObserved,
    /// The suite itself failed; its own code is printed.
    SuiteFailed,
    /// No server could be used.
    ServerUnusable,
    /// The gate failed: the suite passed, but a configured rule is broken, an invariant does not
    /// hold, or a database that came back was not equal to its template again.
    GateFailed,
    /// Ended by a signal before the suite was started.
    Interrupted(i32),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Internal => 1,
            Exit::Usage => 2,
            Exit::NothingObserved => 3,
            Exit::SuiteFailed => 4,
            Exit::ServerUnusable => 5,
            Exit::GateFailed => 10,
            Exit::Interrupted(signal) => 128_u8.saturating_add(u8::try_from(signal).unwrap_or(0)),
        })
    }
}
