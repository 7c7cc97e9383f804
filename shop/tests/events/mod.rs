//! Events: their catalogue, the outbox, the worker.

mod catalogue;
mod webhooks;
mod worker;
