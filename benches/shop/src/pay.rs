//! The till: pays orders with the fake provider, which answers at once.

use shop::context::Context;
use shop::order::Placed;
use shop::payment::provider::Source;
use shop::payment::provider::fake::FakeProvider;
use shop::payment::{CaptureMode, MethodType, PayWith, Start, purchase, start};
use sqlx::PgPool;

/// Takes the money of orders.
#[derive(Debug, Clone)]
pub(crate) struct Till {
    provider: FakeProvider,
}

impl Till {
    pub(crate) fn new(context: &Context) -> Self {
        Self { provider: FakeProvider::new(context.clone()) }
    }

    /// Begins the payment of the whole order, and takes its money at once.
    pub(crate) async fn pay(
        &self,
        pool: &PgPool,
        context: &Context,
        placed: &Placed,
    ) -> anyhow::Result<()> {
        let request = Start {
            order: placed.order,
            amount: placed.quote.totals.grand_total,
            with: PayWith::Once { method_type: MethodType::Card, provider: "fake".parse()? },
            capture_mode: CaptureMode::Automatic,
            expires_at: None,
        };
        let payment = shop::alone!(pool, shop::payment::StartError, |connection| {
            start(connection, context, &request).await
        })?;
        let token = Some(Source::Token("tok_visa".parse()?));
        purchase(pool, context, &self.provider, payment, token).await?;
        Ok(())
    }
}
