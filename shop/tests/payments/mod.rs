//! Payments: methods, every move and every refusal, recovery, notices.

mod bad_input;
pub mod books;
mod credit;
mod lives;
mod methods;
mod moves;
mod notices;
mod operations;
mod recovery;
mod refunds;
mod refusals;
