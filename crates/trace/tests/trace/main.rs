//! What a trace file keeps, and what it never does.

mod merging;
mod privacy;
mod reading;
mod runs;
mod writing;
