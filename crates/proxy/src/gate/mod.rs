//! The statement gate: holds the steps of a few actors until somebody lets them go.
//!
//! In go a database's address and a number of actors, out come as many addresses. Whoever connects
//! to one of them speaks to the database as before, except that each *step* (a statement, a
//! commit, a rollback) waits while it is held: by hand ([`Gate::hold_when`]), or because all steps
//! of an actor are ([`Gate::hold_all`]), which is how schedules are explored. Main type: [`Gate`].
//!
//! Not steps, and passed straight on: `BEGIN`, `SAVEPOINT`, `SET`, `SHOW`, `DISCARD` and the like,
//! batches that only prepare or describe, and lookups in `pg_catalog` by which drivers learn types.
//! Under `REPEATABLE READ` and `SERIALIZABLE` the first preparation inside a transaction is a step,
//! because it takes the snapshot.
//!
//! A writing statement outside a transaction is run as `BEGIN; statement`, its answer waits, and
//! its `COMMIT` is a step of its own. That equals a slow commit, and it is how a race inside one
//! statement is seen. Statements that cannot run inside a transaction, `CALL`, `DO`, `COPY` and
//! definitions of tables are one step each.
//!
//! A batch of several statements under one Sync is split behind each Execute; several statements
//! in one Query are one step; a function of the database is one step, whatever it does.
//!
//! **Invariant**: every order that the gate brings about could have come about without it: it
//! delays, and adds nothing but the `BEGIN` and `COMMIT` that the server would have implied.

mod answer;
mod batch;
mod classify;
mod control;
mod handle;
mod hold;
mod implied;
mod monitor;
mod serve;
mod session;
mod stage;
mod state;
mod step;

pub use handle::{Gate, GateError};
pub use hold::Hold;
pub use state::Phase;
pub use step::{Actor, Ending, Happened, Step, StepKind};
