//! What somebody bought: pay → ship → cancel or send back → get the money.

use shop::id::{AttemptId, CustomerId, FulfilmentId, OrderId, OrderLineId, PaymentId, ReturnId};
use shop::money::Money;
use shop::order::{
    self, Cancel, Cancelled, OrderState, OwedUnits, ReceiveReturn, RequestReturn, ReturnReceipt,
    Shipment, Units, Wanted,
};
use shop::payment::provider::{Provider, Source};
use shop::payment::{
    Capture, CaptureMode, MethodType, Outcome, PayWith, Refund, RefundLine, RefundReason,
    authorize, capture, issue_gift_card, purchase, refund,
};
use shop::pricing::Quote;

use super::Workflow;
use crate::make::payment::token;
use crate::orders::stage::units;

/// What somebody bought.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub flow: Workflow,
    pub customer: Option<CustomerId>,
    pub id: OrderId,
    pub lines: Vec<OrderLineId>,
    pub quote: Quote,
    pub total: Money,
}

/// So much money in the currency of another.
pub fn like(money: Money, minor: i64) -> Money {
    Money::new(minor, money.currency()).unwrap()
}

/// All units of an order.
pub fn all_of(bought: &Purchase) -> Vec<Units> {
    let quantities = bought.quote.lines.iter().map(|line| i64::from(line.quantity.get()));
    bought.lines.iter().zip(quantities).map(|(line, quantity)| units(*line, quantity)).collect()
}

/// What is asked to give the money of units back, and of what is none.
pub fn refunding(
    payment: PaymentId,
    owed: &[OwedUnits],
    extras: Money,
    for_return: Option<ReturnId>,
) -> Refund {
    let line = |owed: &OwedUnits| RefundLine { order_line: owed.line, amount: owed.amount };
    let lines: Vec<RefundLine> = owed.iter().map(line).collect();
    let amount = lines.iter().fold(extras, |sum, line| sum.plus(line.amount).unwrap());
    let (amount, reason) = (Some(amount), RefundReason::RequestedByCustomer);
    Refund { payment, amount, reason, note: None, lines, for_return }
}

impl Purchase {
    /// Begins a payment of a part of the total.
    pub async fn start(&self, kind: MethodType, amount: Money, mode: CaptureMode) -> PaymentId {
        let provider = match kind {
            MethodType::GiftCard => "internal",
            MethodType::CashOnDelivery => "manual",
            _ => "fake",
        };
        let with = PayWith::Once { method_type: kind, provider: provider.parse().unwrap() };
        let payment = self.flow.make.payment().for_order(self.id).of(amount);
        payment.with(with).captured(mode).await
    }

    /// Pays everything by card at once; the order is confirmed.
    pub async fn pay(&self) -> PaymentId {
        self.pay_part(self.total).await;
        assert_eq!(self.state().await, OrderState::Confirmed);
        let payments: Vec<PaymentId> =
            sqlx::query_scalar("SELECT id FROM payment WHERE order_id = $1 AND state = 'captured'")
                .bind(self.id)
                .fetch_all(&self.flow.make.db)
                .await
                .unwrap();
        assert_eq!(payments.len(), 1, "one payment has paid");
        payments[0]
    }

    /// Pays a part by card at once.
    pub async fn pay_part(&self, amount: Money) -> PaymentId {
        let (payment, _, outcome) = self.ask(MethodType::Card, amount, token()).await;
        assert_eq!(outcome, Outcome::Succeeded);
        assert_eq!(self.flow.fake.moved(payment).captured, amount.minor());
        payment
    }

    /// Pays a part with a gift card of this worth.
    pub async fn pay_with_gift_card(&self, worth: Money) -> PaymentId {
        let make = &self.flow.make;
        let mut connection = make.db.acquire().await.unwrap();
        let (_, code) =
            issue_gift_card(&mut connection, &make.context, worth, None, None).await.unwrap();
        drop(connection);
        let card = Some(Source::GiftCard(code));
        let payment = self.start(MethodType::GiftCard, worth, CaptureMode::Automatic).await;
        let internal = self.flow.internal();
        let paid = purchase(&make.db, &make.context, &internal, payment, card).await.unwrap();
        assert_eq!(paid.outcome, Outcome::Succeeded);
        payment
    }

    /// Asks the provider to take a part at once.
    pub async fn ask(
        &self,
        kind: MethodType,
        amount: Money,
        source: Option<Source>,
    ) -> (PaymentId, AttemptId, Outcome) {
        let make = &self.flow.make;
        let payment = self.start(kind, amount, CaptureMode::Automatic).await;
        let fake = &self.flow.fake;
        let asked = purchase(&make.db, &make.context, fake, payment, source).await.unwrap();
        (payment, asked.attempt, asked.outcome)
    }

    /// Has everything held on a card, to be taken in parts; the order is confirmed.
    pub async fn authorize(&self) -> PaymentId {
        let make = &self.flow.make;
        let mode = CaptureMode::ManualMultiple;
        let payment = self.start(MethodType::Card, self.total, mode).await;
        let fake = &self.flow.fake;
        let held = authorize(&make.db, &make.context, fake, payment, token()).await.unwrap();
        assert_eq!(held.outcome, Outcome::Authorized);
        assert_eq!(self.state().await, OrderState::Confirmed);
        assert_eq!(self.flow.fake.moved(payment).captured, 0);
        payment
    }

    /// Takes a part of what is held.
    pub async fn capture(&self, payment: PaymentId, amount: Money) {
        let before = self.flow.fake.moved(payment).captured;
        let make = &self.flow.make;
        let wanted = Capture { payment, amount: Some(amount) };
        let taken = capture(&make.db, &make.context, &self.flow.fake, wanted).await.unwrap();
        assert_eq!(taken.outcome, Outcome::Succeeded);
        assert_eq!(self.flow.fake.moved(payment).captured, before + amount.minor());
    }

    /// Packs and sends units; gives the parcels.
    pub async fn ship(&self, wanted: Wanted) -> Vec<FulfilmentId> {
        let (db, context) = (&self.flow.make.db, &self.flow.make.context);
        let mut sent = Vec::new();
        for parcel in order::fulfil(db, context, self.id, &wanted).await.unwrap() {
            let state = order::ship(db, context, parcel.fulfilment, &Shipment::default()).await;
            let shipped = [OrderState::PartiallyFulfilled, OrderState::Fulfilled];
            assert!(shipped.contains(&state.unwrap()));
            sent.push(parcel.fulfilment);
        }
        sent
    }

    /// Packs, sends and delivers everything.
    pub async fn deliver(&self) {
        let (db, context) = (&self.flow.make.db, &self.flow.make.context);
        for parcel in self.ship(Wanted::Everything).await {
            order::deliver(db, context, parcel).await.unwrap();
        }
        assert_eq!(self.state().await, OrderState::Fulfilled);
    }

    /// Cancels units, or everything.
    pub async fn cancel(&self, units: Option<Vec<Units>>) -> Cancelled {
        let reason = "changed their mind".parse().unwrap();
        let wanted = Cancel { order: self.id, customer: self.customer, units, reason };
        let make = &self.flow.make;
        order::cancel(&make.db, &make.context, &wanted).await.unwrap()
    }

    /// Sends units back, which can be sold again or not.
    pub async fn send_back(&self, sent: Vec<Units>, restock: bool) -> (ReturnId, ReturnReceipt) {
        let (db, context) = (&self.flow.make.db, &self.flow.make.context);
        let restock = if restock { sent.clone() } else { Vec::new() };
        let reason = "too small".parse().unwrap();
        let wanted = RequestReturn { order: self.id, customer: self.customer, units: sent, reason };
        let returned = order::request_return(db, context, &wanted).await.unwrap();
        order::approve_return(db, context, returned).await.unwrap();
        let location = self.flow.make.main_location().await;
        let arrived = ReceiveReturn { returned, location, restock };
        (returned, order::receive_return(db, context, &arrived).await.unwrap())
    }

    /// Gives the money of units back, and of what is none.
    pub async fn refund(
        &self,
        payment: PaymentId,
        owed: &[OwedUnits],
        extras: Money,
        for_return: Option<ReturnId>,
    ) -> Money {
        let wanted = refunding(payment, owed, extras, for_return);
        self.give_back(&self.flow.fake, &wanted).await
    }

    /// Gives money back at a provider, and ends the return that it is for.
    pub async fn give_back(&self, provider: &dyn Provider, wanted: &Refund) -> Money {
        let (db, context) = (&self.flow.make.db, &self.flow.make.context);
        let back = refund(db, context, provider, wanted).await.unwrap();
        assert_eq!(back.outcome, Outcome::Succeeded);
        assert_eq!(Some(back.amount), wanted.amount);
        if let Some(returned) = wanted.for_return {
            order::complete_return(db, context, returned).await.unwrap();
        }
        back.amount
    }

    /// The order's state.
    pub async fn state(&self) -> OrderState {
        self.flow.state(self.id).await
    }

    /// What is still owed to the customer, by line, and shipping and rounding.
    pub async fn owed(&self) -> (Money, Money) {
        let make = &self.flow.make;
        let owed = order::owed(&make.db, self.id).await.unwrap();
        let nothing = Money::zero(self.total.currency());
        let lines = owed.lines.iter();
        (lines.fold(nothing, |sum, line| sum.plus(line.amount).unwrap()), owed.extras)
    }
}
