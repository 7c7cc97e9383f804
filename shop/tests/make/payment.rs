//! Payments in every state, and orders to pay for.

use std::future::IntoFuture;

use chrono::{DateTime, Duration, Utc};
use shop::id::{CustomerId, OrderId, PaymentId};
use shop::money::{Currency, Money};
use shop::payment::provider::Source;
use shop::payment::provider::fake::{Behaviour, FakeProvider};
use shop::payment::{
    Capture, CaptureMode, DisputeState, MethodType, OpenDispute, Outcome, PayWith, PaymentState,
    Refund, RefundReason, Start, Void, authorize, capture, expire_due, move_dispute, open_dispute,
    purchase, refund, start, void,
};

use super::{Built, Make};

/// Euro cents.
pub fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR).unwrap()
}

/// What a customer pays with who has stored nothing.
#[expect(clippy::unnecessary_wraps, reason = "it is what the operations take")]
pub fn token() -> Option<Source> {
    Some(Source::Token("tok_visa".parse().unwrap()))
}

/// A payment of an order.
#[derive(Debug, Clone)]
pub struct PaymentBuilder {
    make: Make,
    amount: Money,
    order: Option<OrderId>,
    with: PayWith,
    mode: CaptureMode,
    expires_at: Option<DateTime<Utc>>,
}

impl Make {
    /// A provider that has moved nothing yet.
    pub fn fake(&self) -> FakeProvider {
        FakeProvider::new(self.context.clone())
    }

    /// A placed order of shipping only, which is all that a payment looks at.
    pub async fn order_of(&self, total: Money, customer: Option<CustomerId>) -> OrderId {
        let order: OrderId = self.context.id();
        sqlx::query(
            "INSERT INTO orders (id, customer_id, email, currency, tax_included, lines_subtotal,
                                 shipping_amount, grand_total, placed_at)
             VALUES ($1, $2, 'ada@example.org', $3, true, 0, $4, $4, $5)",
        )
        .bind(order)
        .bind(customer)
        .bind(total.currency())
        .bind(total.minor())
        .bind(self.context.now())
        .execute(&self.db)
        .await
        .unwrap();
        order
    }

    /// A payment of 100.00 EUR by card through the fake provider, captured later and in parts, for
    /// an order of its own unless one is named.
    pub fn payment(&self) -> PaymentBuilder {
        PaymentBuilder {
            make: self.clone(),
            amount: eur(10_000),
            order: None,
            with: PayWith::Once {
                method_type: MethodType::Card,
                provider: "fake".parse().unwrap(),
            },
            mode: CaptureMode::ManualMultiple,
            expires_at: None,
        }
    }

    /// A payment of 100.00 EUR that its operations have brought into `state`.
    pub async fn payment_in(&self, state: PaymentState, fake: &FakeProvider) -> PaymentId {
        use PaymentState as P;
        let soon = self.context.now() + Duration::hours(1);
        let payment = match state {
            P::Expired => self.payment().expiring(soon).await,
            _ => self.payment().await,
        };
        let ask = async |behaviour| {
            fake.script([behaviour]);
            authorize(&self.db, &self.context, fake, payment, token()).await.unwrap();
        };
        match state {
            P::RequiresPaymentMethod => {}
            P::RequiresAction => ask(Behaviour::RequireAction).await,
            P::Processing => ask(Behaviour::Pend).await,
            P::Failed => ask(Behaviour::Fail("fraud".parse().unwrap())).await,
            P::Expired => {
                self.clock.advance(Duration::hours(2));
                expire_due(&self.db, &self.context, fake, 100).await.unwrap();
            }
            _ => ask(Behaviour::Succeed).await,
        }
        let take = async |minor| self.capture(fake, payment, minor).await;
        let back = async |minor| self.refund(fake, payment, minor).await;
        match state {
            P::PartiallyCaptured => take(4_000).await,
            P::Captured | P::PartiallyRefunded | P::Refunded | P::Disputed | P::ChargedBack => {
                take(10_000).await;
            }
            P::Voided => {
                let all = Void { payment, amount: None };
                let voided = void(&self.db, &self.context, fake, all).await.unwrap();
                assert_eq!(voided.outcome, Outcome::Succeeded);
            }
            _ => {}
        }
        match state {
            P::PartiallyRefunded => back(3_000).await,
            P::Refunded => back(10_000).await,
            P::Disputed | P::ChargedBack => {
                let mut connection = self.db.acquire().await.unwrap();
                let request = self.dispute_of(payment, eur(10_000));
                let dispute = open_dispute(&mut connection, &self.context, &request).await.unwrap();
                if state == P::ChargedBack {
                    let lost = DisputeState::Lost;
                    move_dispute(&mut connection, &self.context, dispute, lost).await.unwrap();
                }
            }
            _ => {}
        }
        assert_eq!(self.state_of(payment).await, state);
        payment
    }

    /// A dispute about an amount, to be answered within a week.
    pub fn dispute_of(&self, payment: PaymentId, amount: Money) -> OpenDispute {
        OpenDispute {
            payment,
            amount,
            reason: "not received".parse().unwrap(),
            reference: self.name("dp").parse().unwrap(),
            respond_by: self.context.now() + Duration::days(7),
        }
    }

    /// Takes cents of a payment.
    pub async fn capture(&self, fake: &FakeProvider, payment: PaymentId, minor: i64) {
        let request = Capture { payment, amount: Some(eur(minor)) };
        let captured = capture(&self.db, &self.context, fake, request).await.unwrap();
        assert_eq!(captured.outcome, Outcome::Succeeded);
    }

    /// Gives cents of a payment back.
    pub async fn refund(&self, fake: &FakeProvider, payment: PaymentId, minor: i64) {
        let request = refund_of(payment, eur(minor));
        let refunded = refund(&self.db, &self.context, fake, &request).await.unwrap();
        assert_eq!(refunded.outcome, Outcome::Succeeded);
    }

    /// An order of an amount, paid at once.
    pub async fn purchased(&self, fake: &FakeProvider, amount: Money) -> PaymentId {
        let payment = self.payment().of(amount).captured(CaptureMode::Automatic).await;
        let purchased = purchase(&self.db, &self.context, fake, payment, token()).await.unwrap();
        assert_eq!(purchased.outcome, Outcome::Succeeded);
        payment
    }

    /// The state of a payment.
    pub async fn state_of(&self, payment: PaymentId) -> PaymentState {
        sqlx::query_scalar("SELECT state FROM payment WHERE id = $1")
            .bind(payment)
            .fetch_one(&self.db)
            .await
            .unwrap()
    }
}

/// A refund that the customer asked for.
pub fn refund_of(payment: PaymentId, amount: Money) -> Refund {
    Refund {
        payment,
        amount: Some(amount),
        reason: RefundReason::RequestedByCustomer,
        note: None,
        lines: Vec::new(),
        for_return: None,
    }
}

impl PaymentBuilder {
    /// Of another amount.
    #[must_use]
    pub fn of(mut self, amount: Money) -> Self {
        self.amount = amount;
        self
    }

    /// Captured in another mode.
    #[must_use]
    pub fn captured(mut self, mode: CaptureMode) -> Self {
        self.mode = mode;
        self
    }

    /// Of an order that is there.
    #[must_use]
    pub fn for_order(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }

    /// With another method.
    #[must_use]
    pub fn with(mut self, with: PayWith) -> Self {
        self.with = with;
        self
    }

    /// Until a time.
    #[must_use]
    pub fn expiring(mut self, at: DateTime<Utc>) -> Self {
        self.expires_at = Some(at);
        self
    }

    async fn make(self) -> PaymentId {
        let make = self.make;
        let order = match self.order {
            Some(order) => order,
            None => make.order_of(self.amount, None).await,
        };
        let request = Start {
            order,
            amount: self.amount,
            with: self.with,
            capture_mode: self.mode,
            expires_at: self.expires_at,
        };
        let mut transaction = make.db.begin().await.unwrap();
        let payment = start(&mut transaction, &make.context, &request).await.unwrap();
        transaction.commit().await.unwrap();
        payment
    }
}

impl IntoFuture for PaymentBuilder {
    type Output = PaymentId;
    type IntoFuture = Built<PaymentId>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}
