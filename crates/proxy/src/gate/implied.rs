//! The `BEGIN`, `COMMIT` and `ROLLBACK` that the gate sends for a statement outside a transaction.
//!
//! They go through the extended protocol under names of their own, because a simple Query would
//! destroy the unnamed statement that the client has just prepared.
//!
//! **Invariant**: leaves no prepared statement and no portal behind.

use proofmark_wire::frontend::{Bind, Close, Execute, Parse, Target};
use proofmark_wire::{frame, tag};

const NAME: &[u8] = b"proofmark_gate";

/// The messages that run one statement, up to the Sync.
pub(super) fn run(sql: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    // A commit that failed has left its statement: what is behind an error is skipped.
    Close { target: Target::Statement, name: NAME }.write(&mut out);
    Parse { name: NAME, text: sql.as_bytes(), parameter_types: Vec::new() }.write(&mut out);
    let bind = Bind {
        portal: NAME,
        statement: NAME,
        parameter_formats: Vec::new(),
        parameters: Vec::new(),
        result_formats: Vec::new(),
    };
    bind.write(&mut out);
    Execute { portal: NAME, rows_max: 0 }.write(&mut out);
    Close { target: Target::Portal, name: NAME }.write(&mut out);
    Close { target: Target::Statement, name: NAME }.write(&mut out);
    frame(&mut out, tag::frontend::SYNC, |_| {});
    out
}
