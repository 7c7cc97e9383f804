//! The shop as a workflow sees it, and what must agree when the workflow is over.

use shop::id::PaymentId;
use shop::order::OrderState;
use shop::payment::provider::InternalProvider;
use shop::payment::provider::fake::{FakeProvider, Moved};
use shop::payment::{Heard, Recovered, hear, recover};
use sqlx::PgPool;

use super::Shopper;
use crate::make::Make;
use crate::payments::books::{hold, ours};

/// The shop and the provider behind it.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Whose database the steps use.
    pub make: Make,
    /// Who moves the money of cards and banks.
    pub fake: FakeProvider,
}

impl Workflow {
    /// A shop in which nothing has happened, with German tax and one location.
    pub async fn new(make: &Make) -> Self {
        make.german_tax().await;
        make.main_location().await;
        Self { make: make.clone(), fake: make.fake() }
    }

    /// The same shop on another way to the database.
    pub fn through(&self, db: &PgPool) -> Self {
        Self { make: self.make.through(db), fake: self.fake.clone() }
    }

    /// Who moves the money of gift cards.
    pub fn internal(&self) -> InternalProvider {
        InternalProvider::new(self.make.db.clone(), self.make.context.clone())
    }

    /// Somebody without an account.
    pub fn guest(&self) -> Shopper {
        Shopper::new(self, None)
    }

    /// Somebody with an account.
    pub async fn customer(&self) -> Shopper {
        let customer = self.make.customer().await;
        Shopper::new(self, Some(customer))
    }

    /// Hears everything that the provider has told since the last time.
    pub async fn hear(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for notice in self.fake.take_notices() {
            heard.push(hear(&self.make.db, &self.make.context, &notice).await.unwrap());
        }
        heard
    }

    /// Asks both providers about what has no answer.
    pub async fn recover(&self) -> Recovered {
        let (db, context) = (&self.make.db, &self.make.context);
        let now = context.now();
        let own = recover(db, context, &self.internal(), now).await.unwrap();
        let round = recover(db, context, &self.fake, now).await.unwrap();
        assert_eq!((own.unknown, own.contradictions), (0, 0));
        assert_eq!((round.unknown, round.contradictions), (0, 0));
        Recovered { settled: own.settled + round.settled, ..round }
    }

    /// The payments at the provider.
    async fn payments(&self) -> Vec<PaymentId> {
        sqlx::query_scalar("SELECT id FROM payment WHERE provider = 'fake' ORDER BY id")
            .fetch_all(&self.make.db)
            .await
            .unwrap()
    }

    /// Our books are the provider's, stock is what was moved, events have no gap, every invariant
    /// holds.
    pub async fn adds_up(&self) {
        for payment in self.payments().await {
            assert_eq!(ours(&self.make, payment).await, self.fake.moved(payment), "{payment}");
        }
        assert_eq!(self.open_questions().await, 0, "rows without an answer");
        assert_eq!(self.misnumbered().await, Vec::<String>::new(), "events with a gap");
        assert_eq!(self.stock_not_moved().await, 0, "stock that no movement explains");
        hold(&self.make, "at the end").await;
    }

    async fn open_questions(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM payment_attempt WHERE state = 'pending')
                  + (SELECT count(*) FROM capture WHERE state = 'pending')
                  + (SELECT count(*) FROM payment_void WHERE state = 'pending')
                  + (SELECT count(*) FROM refund WHERE state = 'pending')",
        )
        .fetch_one(&self.make.db)
        .await
        .unwrap()
    }

    async fn misnumbered(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT format('%s %s: %s', aggregatetype, aggregateid, array_agg(seq ORDER BY seq))
               FROM outbox GROUP BY aggregatetype, aggregateid
             HAVING min(seq) <> 1 OR max(seq) <> count(*) OR count(*) <> count(DISTINCT seq)",
        )
        .fetch_all(&self.make.db)
        .await
        .unwrap()
    }

    async fn stock_not_moved(&self) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM stock_level
              WHERE on_hand <> (SELECT coalesce(sum(delta), 0) FROM stock_movement
                                 WHERE stock_movement.location_id = stock_level.location_id
                                   AND stock_movement.variant_id = stock_level.variant_id)",
        )
        .fetch_one(&self.make.db)
        .await
        .unwrap()
    }

    /// What is there of a variant, promised to orders, and held for carts.
    pub async fn stock(&self, variant: shop::id::VariantId) -> (i64, i64, i64) {
        sqlx::query_as(
            "SELECT sum(on_hand)::bigint, sum(allocated)::bigint, sum(reserved)::bigint
               FROM stock_level WHERE variant_id = $1",
        )
        .bind(variant)
        .fetch_one(&self.make.db)
        .await
        .unwrap()
    }

    /// The state of an order.
    pub async fn state(&self, order: shop::id::OrderId) -> OrderState {
        crate::orders::stage::state(&self.make, order).await
    }

    /// What the provider has taken and not given back of a payment.
    pub fn kept(&self, payment: PaymentId) -> i64 {
        let Moved { captured, refunded, .. } = self.fake.moved(payment);
        captured - refunded
    }
}
