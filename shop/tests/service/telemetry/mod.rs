//! What is seen of the service: ids, SQL, metrics, logs, health.

mod health;
mod logs;
mod metrics;
mod request_ids;
