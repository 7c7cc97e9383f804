//! Payments: methods, every move and every refusal, recovery, notices.

mod books;
mod methods;
mod notices;
mod operations;
mod recovery;
mod refunds;
