//! The machines of a payment: the payment, its captures, refunds and disputes.

use crate::event::Aggregate;
use crate::machine::Machine;

/// A machine of a part of a payment.
const fn part(table: &'static str, history_key: &'static str) -> Machine {
    Machine { table, history_key, aggregate: Aggregate::Payment, aggregate_key: "payment_id" }
}

crate::machine::states! {
    /// Where a payment is in its life.
    pub enum PaymentState of Machine {
        table: "payment",
        history_key: "payment_id",
        aggregate: Aggregate::Payment,
        aggregate_key: "id",
    };
    /// Nothing was asked of the provider yet, or the last attempt was declined.
    RequiresPaymentMethod = "requires_payment_method",
    /// The customer has to do something: a challenge, a redirect.
    RequiresAction = "requires_action",
    /// The provider has the order and will tell later.
    Processing = "processing",
    /// The money is held for us.
    Authorized = "authorized",
    /// A part of the held money was taken.
    PartiallyCaptured = "partially_captured",
    /// All of the money that was not given up was taken.
    Captured = "captured",
    /// A part of the money that was taken went back.
    PartiallyRefunded = "partially_refunded",
    /// The customer's bank holds money back until it is decided who keeps it.
    Disputed = "disputed",
    /// All of the money that was taken went back.
    Refunded = "refunded",
    /// The bank has given disputed money to the customer.
    ChargedBack = "charged_back",
    /// It was given up before any money was taken.
    Voided = "voided",
    /// No money comes from it.
    Failed = "failed",
    /// Its time was over before any money was taken.
    Expired = "expired",
}

crate::machine::states! {
    /// Where a capture is in its life.
    pub enum CaptureState of part("capture", "capture_id");
    /// The provider has been or will be asked.
    Pending = "pending",
    /// The money was taken.
    Succeeded = "succeeded",
    /// It was not, or it was returned later.
    Failed = "failed",
}

crate::machine::states! {
    /// Where a refund is in its life.
    pub enum RefundState of part("refund", "refund_id");
    /// The provider has been or will be asked.
    Pending = "pending",
    /// Somebody has to say where the money shall go.
    RequiresAction = "requires_action",
    /// The money went back.
    Succeeded = "succeeded",
    /// It did not, or it came back to us later.
    Failed = "failed",
    /// It was called off.
    Canceled = "canceled",
}

crate::machine::states! {
    /// Where a dispute is in its life.
    pub enum DisputeState of part("dispute", "dispute_id");
    /// The bank has taken the money and waits for our answer.
    Opened = "opened",
    /// We have answered with evidence.
    Challenged = "challenged",
    /// We let the customer have the money.
    Accepted = "accepted",
    /// The money is ours again.
    Won = "won",
    /// The money is the customer's.
    Lost = "lost",
    /// We did not answer in time, so the money is the customer's.
    Expired = "expired",
    /// The customer took it back.
    Canceled = "canceled",
}

impl DisputeState {
    /// Whether the money of a dispute in this state is ours.
    pub const fn leaves_the_money(self) -> bool {
        matches!(self, Self::Won | Self::Canceled)
    }
}
