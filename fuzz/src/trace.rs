//! A trace file that may have been written by anybody.
//!
//! In: bytes. Out: a panic if a line gives more than one item, or if what was read is another thing
//! once it is written and read again.
//!
//! **Invariant:** a file that cannot be read is an error, which is no finding.

use proofmark_trace::{Reader, Trace, merge};

/// Reads `bytes` as a trace.
///
/// # Panics
/// If something does not hold that must hold whatever the file says.
pub fn trace(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(Reader::new(bytes).count() <= lines, "more items than lines");
    let Ok(trace) = Trace::from_lines(bytes) else { return };
    let mut written = Vec::new();
    trace.write(&mut written).expect("memory can be written to");
    let again = Trace::from_lines(&written[..]).expect("what was written can be read");
    assert_eq!(records(&trace), records(&again), "another trace was written than was read");
    // Two runs of one id are refused, anything else is joined; neither may panic.
    let _ = merge(vec![trace, again]);
}

fn records(trace: &Trace) -> Vec<String> {
    trace.entries().map(|record| format!("{record:?}")).collect()
}
