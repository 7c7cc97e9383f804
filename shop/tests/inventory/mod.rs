//! Stock: levels, movements, reservations, transfers.

mod allocate;
mod commit;
mod hold;
mod receive;
mod release;
mod stage;
