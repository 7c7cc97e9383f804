//! A step: what can be held, and what became of it.
//!
//! **Invariant**: a step's text is what the client sent; it is for the eyes of whoever wrote the
//! test, never for a trace.

use std::fmt;
use std::sync::Arc;

/// One of those whose steps are told apart: `a`, `b`, `c`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub usize);

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.0).ok().filter(|index| *index < 26) {
            Some(index) => write!(formatter, "{}", char::from(b'a' + index)),
            None => write!(formatter, "({})", self.0),
        }
    }
}

/// What a step does, as far as its text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Reads and locks nothing.
    Read,
    /// Writes, or locks rows.
    Write,
    /// Takes the snapshot of a transaction that has one.
    Prepare,
    /// Ends a transaction and keeps what it did.
    Commit,
    /// Ends a transaction, or goes back to a savepoint.
    Rollback,
    /// Anything else.
    Other,
}

/// What one actor wants the server to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub(super) actor: Actor,
    pub(super) session: u64,
    pub(super) kind: StepKind,
    pub(super) sql: Arc<str>,
    pub(super) implied: bool,
}

impl Step {
    /// Whose step it is.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Which of the gate's sessions sent it: an actor may have several.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// What it does.
    pub fn kind(&self) -> StepKind {
        self.kind
    }

    /// Its text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Whether it ends a transaction and keeps what it did, said or implied.
    pub fn is_commit(&self) -> bool {
        self.kind == StepKind::Commit
    }

    /// Whether it is the commit of a statement that was sent outside a transaction.
    pub fn is_implied(&self) -> bool {
        self.implied
    }

    /// Whether its text contains `part`, whatever the case.
    pub fn mentions(&self, part: &str) -> bool {
        self.sql.to_lowercase().contains(&part.to_lowercase())
    }
}

/// The text on one line; the commit that nobody wrote says so.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.sql.split_whitespace().collect();
        formatter.write_str(&words.join(" "))?;
        if self.implied { formatter.write_str(" (of the statement before)") } else { Ok(()) }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The server did it; its command tag.
    Done(String),
    /// The server refused it.
    Failed {
        /// The five-character code of the condition.
        sqlstate: String,
        /// The server's message.
        message: String,
    },
    /// The session ended first.
    Lost,
}

/// A step that was let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The step.
    pub step: Step,
    /// Whether it had to wait for a lock of another actor.
    pub waited: bool,
    /// How it ended; nothing while it runs.
    pub ending: Option<Ending>,
}
