//! Stock: levels, movements, reservations, transfers.

mod allocate;
mod commit;
mod correct;
mod hold;
mod hot;
mod receive;
mod release;
pub mod stage;
mod states;
mod transfer;
