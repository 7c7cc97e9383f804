//! What every handler is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::PgPool;

use super::key::KeyCache;
use super::limit::{Gate, Limits};
use super::rate::Rates;
use crate::context::Context;
use crate::inventory::HotHolds;
use crate::payment::inbound::NoticeSecrets;
use crate::payment::provider::Provider;
use crate::telemetry::Metrics;

/// The providers of payments, by their codes. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<BTreeMap<String, Arc<dyn Provider>>>);

impl Providers {
    /// These providers.
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn Provider>>) -> Self {
        let by_code = |provider: Arc<dyn Provider>| (provider.code().to_owned(), provider);
        Self(Arc::new(providers.into_iter().map(by_code).collect()))
    }

    /// The provider of this code.
    pub fn find(&self, code: &str) -> Option<&dyn Provider> {
        self.0.get(code).map(AsRef::as_ref)
    }

    /// All of them, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.values()
    }
}

/// What every handler is given. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The database.
    pub pool: PgPool,
    /// The clock and the ids; a request acts as who asks.
    pub context: Context,
    /// Who moves money.
    pub providers: Providers,
    /// How much of what is allowed.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What providers sign their news with.
    pub notices: NoticeSecrets,
    /// Holds of what everybody wants.
    pub hot: HotHolds,
    pub(super) gate: Gate,
    pub(super) rates: Arc<Rates>,
    pub(super) keys: Arc<KeyCache>,
}

impl AppState {
    /// A service on a database.
    pub fn new(
        pool: PgPool,
        context: Context,
        providers: Providers,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            hot: HotHolds::new(pool.clone(), context.clone()),
            gate: Gate::new(limits.in_flight),
            rates: Arc::default(),
            keys: Arc::default(),
            pool,
            context,
            providers,
            notices: NoticeSecrets::default(),
            limits,
            metrics,
        }
    }
}
