//! Stock: levels, movements, reservations, transfers.

mod receive;
