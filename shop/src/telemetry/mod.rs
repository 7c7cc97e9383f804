//! What can be seen of the service while it runs: logs, metrics, health, and whose SQL it is.
//!
//! In: requests and their answers, published events, refusals. Out: a line of log per request
//! ([`log`]), `/metrics` ([`metrics`]), `/health/live` and `/health/ready` ([`health`]), and a
//! comment with the request's id on every transaction ([`sql`]).
//!
//! **Invariant**: no label of a metric and no line of log holds what somebody sent: labels are
//! words of this code or patterns of routes, logs hold ids, codes and times.

pub mod health;
pub mod log;
pub mod metrics;
mod process;
pub mod request;
pub mod sql;

pub use health::routes;
pub use metrics::{CountingPublisher, Metrics};
pub use request::{Refusal, observe};
