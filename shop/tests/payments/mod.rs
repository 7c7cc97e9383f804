//! Payments: methods, every move and every refusal, recovery, notices.

mod books;
mod operations;
