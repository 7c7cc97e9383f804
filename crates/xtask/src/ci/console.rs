//! What the runner says to a person.
//!
//! In: lines. Out: standard output, whole lines at a time, so that gates that end together do not
//! mix.
//!
//! **Invariant:** a closed terminal stops nothing.

use std::io::Write;

/// Writes a line.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody is left to be told that nobody listens.
    drop(writeln!(out, "{line}"));
    drop(out.flush());
}
