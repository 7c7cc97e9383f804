//! The catalog against real servers of every major version that can be had.

mod attribution;
mod failing_rows;
mod located;
mod reading;
mod servers;
mod state_columns;
mod violations;
