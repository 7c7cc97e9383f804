//! What a trace file keeps, and what it never does.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod merging;
mod privacy;
mod reading;
mod runs;
mod writing;
