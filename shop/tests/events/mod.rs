//! Events: their catalogue, the outbox, the worker.

mod catalogue;
mod worker;
