//! Stock: levels, movements, reservations, transfers.

mod allocate;
mod commit;
mod correct;
mod hold;
mod hot;
mod receive;
mod release;
mod stage;
mod states;
mod transfer;
