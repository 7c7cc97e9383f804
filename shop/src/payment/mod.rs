//! Payments: methods, attempts, captures, voids, refunds, disputes, and the provider behind them.

pub mod events;
