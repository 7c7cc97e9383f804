//! The metrics of the service, for Prometheus.
//!
//! In: what happens, one method per event. Out: the text of OpenMetrics. HTTP has the names of
//! OpenTelemetry's conventions, so dashboards that know those fit; business metrics begin with
//! `shop_`. What is read from elsewhere (pool, outbox, process) is read when somebody asks.
//!
//! Orders, payments and refunds are counted by the worker, from the events it publishes: the
//! outbox holds each of them exactly once, whoever made it, and none for what was rolled back. An
//! event that is published again after a crash is counted again.
//!
//! **Invariant**: one registry per service, none for the process, so tests in one process do not
//! see each other. No label takes a value from a request: see
//! [`telemetry`](super).

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use sqlx::{PgConnection, PgPool};

use super::process::usage;
use super::request::Refusal;
use crate::event::{Envelope, PublishError, Published, Publisher};
use crate::id::EventId;
use crate::order::OrderState;
use crate::payment::{PaymentState, RefundState};

/// Upper bounds of the buckets of durations, in seconds: OpenTelemetry's, and two below them.
const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The codes of problems that mean: somebody wanted stock that is not there.
const OVERSELL: [&str; 1] = ["out_of_stock"];

/// The label of a field that the API does not have.
const UNKNOWN_FIELD: &str = "other";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    http_request_method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    http_request_method: &'static str,
    http_route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the names of OpenTelemetry's conventions")]
struct AnswerLabel {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FieldLabel {
    field: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// How the delivery of a webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took it.
    Delivered,
    /// It will be tried again.
    Retried,
    /// It was tried as often as it may be, or the receiver is gone.
    GivenUp,
}

impl Delivery {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::GivenUp => "given_up",
        }
    }
}

/// Declares the metrics: a field each, registered under a name with what it tells.
macro_rules! metrics {
    ($($field:ident: $kind:ty = $name:literal, $help:literal;)*) => {
        /// Every metric of one service.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            fields: OnceLock<HashSet<String>>,
            $($field: $kind,)*
        }

        impl Metrics {
            fn registered(mut registry: Registry) -> Self {
                $(
                    let $field = <$kind as New>::new();
                    // Both are handles of the same.
                    registry.register($name, $help, $field.clone());
                )*
                Self { registry, fields: OnceLock::new(), $($field,)* }
            }
        }
    };
}

/// A metric at zero.
trait New {
    fn new() -> Self;
}

impl New for Durations<AnswerLabel> {
    fn new() -> Self {
        Self::new_with_constructor(|| Histogram::new(SECONDS))
    }
}

/// The metrics that have a default.
macro_rules! by_default {
    ($($kind:ty),* $(,)?) => {
        $(impl New for $kind {
            fn new() -> Self {
                Self::default()
            }
        })*
    };
}

by_default!(
    Gauge,
    Gauge<f64, AtomicU64>,
    Counter,
    Counter<f64, AtomicU64>,
    Family<MethodLabel, Gauge>,
    Family<StateLabel, Gauge>,
    Family<RouteLabel, Counter>,
    Family<StateLabel, Counter>,
    Family<CodeLabel, Counter>,
    Family<FieldLabel, Counter>,
    Family<OutcomeLabel, Counter>,
);

metrics! {
    requests: Durations<AnswerLabel> =
        "http_server_request_duration_seconds",
        "Duration of HTTP requests, by the pattern of the route";
    active: Family<MethodLabel, Gauge> =
        "http_server_active_requests",
        "HTTP requests under way";
    abandoned: Family<RouteLabel, Counter> =
        "http_server_abandoned_requests",
        "HTTP requests whose client left before the answer";
    connections: Family<StateLabel, Gauge> =
        "db_client_connection_count",
        "Connections of the pool, idle and used";
    connections_max: Gauge =
        "db_client_connection_max",
        "Connections that the pool may open";
    database_up: Gauge =
        "shop_database_up",
        "Whether the database answered when this was asked";
    retries: Counter =
        "shop_transaction_retries",
        "Transactions tried once more after a serialization failure or a deadlock";
    draining: Gauge =
        "shop_draining",
        "Whether the service finishes what it began and takes no more";
    problems: Family<CodeLabel, Counter> =
        "shop_problems",
        "Requests answered with a problem, by its code";
    validation: Family<FieldLabel, Counter> =
        "shop_validation_failures",
        "Fields of requests that were not valid, by the reason";
    oversell: Counter =
        "shop_oversell_refused",
        "Attempts to take more stock than there is";
    outbox: Gauge =
        "shop_outbox_unpublished",
        "Events that wait to be published, counted up to 10,000";
    outbox_age: Gauge<f64, AtomicU64> =
        "shop_outbox_oldest_unpublished_seconds",
        "How long ago the oldest event happened that waits to be published";
    published: Counter =
        "shop_events_published",
        "Events that were published";
    orders: Family<StateLabel, Counter> =
        "shop_orders",
        "Orders by the state they came into";
    payments: Family<StateLabel, Counter> =
        "shop_payments",
        "Payments by the state they came into";
    refunds: Family<StateLabel, Counter> =
        "shop_refunds",
        "Refunds by the state they came into";
    swept: Counter =
        "shop_holds_expired",
        "Holds whose time was over and whose stock the sweeper gave back";
    deliveries: Family<OutcomeLabel, Counter> =
        "shop_webhook_deliveries",
        "Attempts to deliver a webhook, by how they ended";
    memory: Gauge =
        "process_resident_memory_bytes",
        "Memory that the process holds";
    files: Gauge =
        "process_open_fds",
        "Files that the process has open";
    cpu: Counter<f64, AtomicU64> =
        "process_cpu_seconds",
        "Processor time that the process has used";
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All of them, at zero. What has a known set of labels is there from the beginning, so that a
    /// rate over it is zero and not unknown.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("shop_build", "The version that runs", build);
        let metrics = Self::registered(registry);
        for &state in OrderState::ALL {
            drop(metrics.orders.get_or_create(&StateLabel { state: state.as_str() }));
        }
        for &state in PaymentState::ALL {
            drop(metrics.payments.get_or_create(&StateLabel { state: state.as_str() }));
        }
        for &state in RefundState::ALL {
            drop(metrics.refunds.get_or_create(&StateLabel { state: state.as_str() }));
        }
        for outcome in [Delivery::Delivered, Delivery::Retried, Delivery::GivenUp] {
            drop(metrics.deliveries.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }));
        }
        metrics
    }

    /// The names of fields that refusals are counted by; any other is counted as `other`. Only
    /// what is told first counts.
    pub fn know_fields(&self, fields: impl IntoIterator<Item = String>) {
        self.fields.get_or_init(|| fields.into_iter().collect());
    }

    /// A request was refused.
    pub fn refused(&self, refusal: &Refusal) {
        self.problems.get_or_create(&CodeLabel { code: refusal.code }).inc();
        if OVERSELL.contains(&refusal.code) {
            self.oversell.inc();
        }
        if let Some((field, reason)) = &refusal.field {
            let known = self.fields.get().is_some_and(|fields| fields.contains(field));
            let field = if known { field.clone() } else { UNKNOWN_FIELD.to_owned() };
            self.validation.get_or_create(&FieldLabel { field, reason }).inc();
        }
    }

    /// An event was published.
    pub fn published(&self, event: &Envelope) {
        self.published.inc();
        if let Some(state) = order_state(&event.kind) {
            self.orders.get_or_create(&StateLabel { state: state.as_str() }).inc();
        }
        if let Some(state) = payment_state(&event.kind) {
            self.payments.get_or_create(&StateLabel { state: state.as_str() }).inc();
        }
        if let Some(state) = refund_state(&event.kind) {
            self.refunds.get_or_create(&StateLabel { state: state.as_str() }).inc();
        }
    }

    /// Holds expired and were swept.
    pub fn swept(&self, holds: u64) {
        self.swept.inc_by(holds);
    }

    /// The delivery of a webhook was tried.
    pub fn delivered(&self, outcome: Delivery) {
        self.deliveries.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }).inc();
    }

    /// The service takes nothing more: `/health/ready` says so from now on.
    pub fn drain(&self) {
        self.draining.set(1);
    }

    /// Whether it does.
    pub fn is_draining(&self) -> bool {
        self.draining.get() == 1
    }

    pub(super) fn retried(&self, times: u64) {
        self.retries.inc_by(times);
    }

    pub(super) fn request_begun(&self, method: &'static str) {
        self.active.get_or_create(&MethodLabel { http_request_method: method }).inc();
    }

    pub(super) fn request_ended(&self, method: &'static str) {
        self.active.get_or_create(&MethodLabel { http_request_method: method }).dec();
    }

    pub(super) fn request_abandoned(&self, method: &'static str, route: &str) {
        let label = RouteLabel { http_request_method: method, http_route: route.to_owned() };
        self.abandoned.get_or_create(&label).inc();
    }

    pub(super) fn request_answered(
        &self,
        method: &'static str,
        route: &str,
        status: u16,
        took: Duration,
    ) {
        let label = AnswerLabel {
            http_request_method: method,
            http_route: route.to_owned(),
            http_response_status_code: status,
        };
        self.requests.get_or_create(&label).observe(took.as_secs_f64());
    }

    /// Everything, as OpenMetrics writes it, after reading pool, outbox and process.
    ///
    /// # Errors
    /// The text could not be written, which is a bug.
    pub async fn scrape(&self, pool: &PgPool) -> Result<String, std::fmt::Error> {
        let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
        let used = i64::from(pool.size()).saturating_sub(idle).max(0);
        for (state, count) in [("idle", idle), ("used", used)] {
            self.connections.get_or_create(&StateLabel { state }).set(count);
        }
        self.connections_max.set(i64::from(pool.options().get_max_connections()));
        // A number that is not known must not look like one that is: the last one stays, and the
        // gauge beside it says that it is old.
        let lag = tokio::time::timeout(READ_LIMIT, outbox_lag(pool)).await;
        if let Ok(Ok((waiting, age))) = lag {
            self.database_up.set(1);
            self.outbox.set(waiting);
            self.outbox_age.set(age);
        } else {
            self.database_up.set(0);
        }
        if let Some(usage) = usage() {
            self.memory.set(usage.resident_bytes);
            self.files.set(usage.open_files);
            self.cpu.inc_by((usage.cpu_seconds - self.cpu.get()).max(0.0));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// How long a scrape waits for the database.
const READ_LIMIT: Duration = Duration::from_secs(1);

/// The state that an order is in after an event, if the event is about that.
fn order_state(event: &str) -> Option<OrderState> {
    let change = event.strip_prefix("order.")?;
    OrderState::ALL.iter().copied().find(|state| state.as_str() == change)
}

/// The state that a payment is in after an event, if the event is about that.
fn payment_state(event: &str) -> Option<PaymentState> {
    let state = match event.strip_prefix("payment.")? {
        "started" | "declined" => "requires_payment_method",
        "challenged" => "requires_action",
        "submitted" => "processing",
        change => change,
    };
    PaymentState::ALL.iter().copied().find(|known| known.as_str() == state)
}

/// The state that a refund is in after an event, if the event is about that.
fn refund_state(event: &str) -> Option<RefundState> {
    let state = match event.strip_prefix("payment.refund_")? {
        "requested" => "pending",
        "challenged" => "requires_action",
        change => change,
    };
    RefundState::ALL.iter().copied().find(|known| known.as_str() == state)
}

/// How many events wait, counted up to 10,000, and for how many seconds the oldest has.
async fn outbox_lag(pool: &PgPool) -> Result<(i64, f64), sqlx::Error> {
    // Both read the index of what is not published, and stop.
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE published_at IS NULL
                                        LIMIT 10000) AS waiting),
                coalesce((SELECT greatest(extract(epoch FROM now() - occurred_at), 0)
                            FROM outbox WHERE published_at IS NULL
                           ORDER BY xid, position LIMIT 1), 0)::float8",
    )
    .fetch_one(pool)
    .await
}

/// A publisher that counts what another has published.
#[derive(Debug)]
pub struct CountingPublisher<P> {
    publisher: P,
    metrics: Arc<Metrics>,
}

impl<P: Publisher> CountingPublisher<P> {
    /// Counts what `publisher` publishes.
    pub fn new(publisher: P, metrics: Arc<Metrics>) -> Self {
        Self { publisher, metrics }
    }
}

#[async_trait]
impl<P: Publisher> Publisher for CountingPublisher<P> {
    async fn publish(
        &self,
        connection: &mut PgConnection,
        event: &Envelope,
    ) -> Result<(), PublishError> {
        self.publisher.publish(connection, event).await?;
        self.metrics.published(event);
        Ok(())
    }

    async fn publish_all(&self, connection: &mut PgConnection, events: &[Envelope]) -> Published {
        let published = self.publisher.publish_all(connection, events).await;
        let done: HashSet<EventId> = published.done.iter().copied().collect();
        for event in events.iter().filter(|event| done.contains(&event.id)) {
            self.metrics.published(event);
        }
        published
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event that is renamed must not silently leave its metric at zero.
    #[test]
    fn every_state_is_told_by_an_event() {
        let events: Vec<&str> = crate::event::catalogue().iter().map(|kind| kind.name).collect();
        for &state in OrderState::ALL {
            assert!(events.iter().any(|event| order_state(event) == Some(state)), "{state}");
        }
        for &state in PaymentState::ALL {
            assert!(events.iter().any(|event| payment_state(event) == Some(state)), "{state}");
        }
        for &state in RefundState::ALL {
            assert!(events.iter().any(|event| refund_state(event) == Some(state)), "{state}");
        }
    }
}
