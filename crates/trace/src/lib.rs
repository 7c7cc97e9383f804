//! A versioned, append-only file of what each test tried.
//!
//! In: what the command, the proxy and the pool report while a suite runs. Out: one JSON Lines
//! file that stays readable after a crash, can be read back and merged with the traces of other
//! machines. Main types: [`Writer`], [`Trace`], [`Record`].
//!
//! **Invariant:** nothing here has a field for a row's value, an error's message or a password,
//! and nothing here judges: what a record means for a promise is the coverage crate's business.

mod command_line;
mod evidence;
mod header;
mod merge;
mod names;
mod read;
mod record;
mod trace;
mod write;

pub use command_line::CommandLine;
pub use evidence::{
    ActionSeen, CheckLeft, ClauseSeen, Deep, LeaseEvidence, MovesLeft, RefusedMove, RowsLeft,
    StatementCalls, StatementText, StatesLeft,
};
pub use header::{FORMAT, Header, RunId, VERSION};
pub use merge::{MergeError, merge};
pub use names::Names;
pub use read::{Ending, Item, Problem, ReadError, Reader, UnknownKinds};
pub use record::{
    CommandFinished, Entry, LeaseReturned, Masked, Record, RunFinished, RunStarted, ServerUsed,
    TemplateHash, TemplateUsed, ToolsFinished,
};
pub use trace::{LeaseKey, Run, Trace};
pub use write::{CreateError, Writer};

// What records are made of, so that a reader of traces needs this crate only.
pub use proofmark_catalog::source::Migration;
pub use proofmark_pool::{
    BrokenInvariant, Difference, How, InUse, IndexRead, Isolation, Scans, TableRead, TableWritten,
};
pub use proofmark_proxy::{
    Ended, Event, Identity, Lane, LeaseId, Refusal, SessionId, TestName, TurnedAway,
};
