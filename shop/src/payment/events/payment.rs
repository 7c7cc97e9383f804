//! Events of a payment, and of its attempts, captures, voids, refunds and disputes.

use crate::id::{
    AttemptId, CaptureId, DisputeId, OrderId, PaymentId, PaymentMethodId, RefundId, VoidId,
};
use crate::money::Money;
use crate::payment::{CaptureMode, MethodType, RefundReason};
use crate::value::Slug;

/// How far a payment is, told with every change of its state.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    /// Held for us, or more.
    pub authorized: Money,
    /// Taken.
    pub captured: Money,
    /// Held and given up.
    pub voided: Money,
    /// Gone back.
    pub refunded: Money,
    /// Held back or taken by the customer's bank.
    pub disputed: Money,
}

crate::events! { Payment;
    /// A payment of an order begins; nothing was asked of a provider yet.
    "payment.started" 1 => PaymentStarted {
        /// Which.
        payment: PaymentId,
        /// What it is for.
        order: OrderId,
        /// How much.
        amount: Money,
        /// How.
        method_type: MethodType,
        /// With which stored method.
        method: Option<PaymentMethodId>,
        /// Who moves the money.
        provider: Slug,
        /// When the money is taken.
        capture_mode: CaptureMode,
    }
    /// The provider is about to be asked.
    "payment.attempt_requested" 1 => AttemptRequested {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        attempt: AttemptId,
        /// For how much.
        amount: Money,
    }
    /// An attempt was declined while the payment stays what it is.
    "payment.attempt_declined" 1 => AttemptDeclined {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        attempt: AttemptId,
        /// Why, as the provider says.
        code: Slug,
    }
    /// The customer has to act.
    "payment.challenged" 1 => PaymentChallenged {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// The provider will tell later.
    "payment.submitted" 1 => PaymentSubmitted {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// The money is held, or held anew.
    "payment.authorized" 1 => PaymentAuthorized {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// A challenged or submitted payment was declined and may be tried again.
    "payment.declined" 1 => PaymentDeclined {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// A part was taken.
    "payment.partially_captured" 1 => PaymentPartiallyCaptured {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// All was taken; also after a refund that failed, or a dispute that was won.
    "payment.captured" 1 => PaymentCaptured {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// A part went back.
    "payment.partially_refunded" 1 => PaymentPartiallyRefunded {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// All went back.
    "payment.refunded" 1 => PaymentRefunded {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// The customer's bank holds money back.
    "payment.disputed" 1 => PaymentDisputed {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// The disputed money is the customer's.
    "payment.charged_back" 1 => PaymentChargedBack {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// It was given up before money was taken.
    "payment.voided" 1 => PaymentVoided {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// No money comes from it, or what came was returned.
    "payment.failed" 1 => PaymentFailed {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// Its time was over before money was taken.
    "payment.expired" 1 => PaymentExpired {
        /// Which.
        payment: PaymentId,
        /// Of which order.
        order: OrderId,
        /// How far it is.
        amounts: Amounts,
    }
    /// Held money is about to be taken.
    "payment.capture_requested" 1 => CaptureRequested {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        capture: CaptureId,
        /// How much.
        amount: Money,
    }
    /// The money of a capture was taken.
    "payment.capture_succeeded" 1 => CaptureSucceeded {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        capture: CaptureId,
        /// How much.
        amount: Money,
    }
    /// The money of a capture was not taken, or was returned.
    "payment.capture_failed" 1 => CaptureFailed {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        capture: CaptureId,
        /// How much.
        amount: Money,
    }
    /// Held money is about to be given up.
    "payment.void_requested" 1 => VoidRequested {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        void: VoidId,
        /// How much.
        amount: Money,
    }
    /// Held money was given up.
    "payment.void_succeeded" 1 => VoidSucceeded {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        void: VoidId,
        /// How much.
        amount: Money,
    }
    /// The money stays held.
    "payment.void_failed" 1 => VoidFailed {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        void: VoidId,
        /// How much.
        amount: Money,
    }
    /// Money is about to go back.
    "payment.refund_requested" 1 => RefundRequested {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: RefundReason,
    }
    /// Somebody has to say where the money shall go.
    "payment.refund_challenged" 1 => RefundChallenged {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Money,
    }
    /// The provider is asked again.
    "payment.refund_submitted" 1 => RefundSubmitted {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Money,
    }
    /// The money went back.
    "payment.refund_succeeded" 1 => RefundSucceeded {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Money,
    }
    /// The money did not go back, or came back to us.
    "payment.refund_failed" 1 => RefundFailed {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Money,
    }
    /// The refund was called off.
    "payment.refund_canceled" 1 => RefundCanceled {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        refund: RefundId,
        /// How much.
        amount: Money,
    }
    /// The customer's bank took money back until it is decided who keeps it.
    "payment.dispute_opened" 1 => DisputeOpened {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
        /// About how much.
        amount: Money,
    }
    /// We answered with evidence.
    "payment.dispute_challenged" 1 => DisputeChallenged {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
    }
    /// We let the customer have the money.
    "payment.dispute_accepted" 1 => DisputeAccepted {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
    }
    /// The money is ours again.
    "payment.dispute_won" 1 => DisputeWon {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
    }
    /// The money is the customer's.
    "payment.dispute_lost" 1 => DisputeLost {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
    }
    /// Nobody answered in time; the money is the customer's.
    "payment.dispute_expired" 1 => DisputeExpired {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
    }
    /// The customer took it back; the money is ours again.
    "payment.dispute_canceled" 1 => DisputeCanceled {
        /// Of which payment.
        payment: PaymentId,
        /// Which.
        dispute: DisputeId,
    }
}
