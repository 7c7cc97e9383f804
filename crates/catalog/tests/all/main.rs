//! The catalog against real servers of every major version that can be had.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its snapshots so")]

mod attribution;
mod failing_rows;
mod located;
mod random;
mod reading;
mod servers;
mod state_columns;
mod violations;
