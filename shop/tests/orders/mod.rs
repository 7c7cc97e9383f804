//! Orders: placing, cancelling, fulfilling, returning.

mod placing;
