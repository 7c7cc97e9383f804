//! Payments: methods, attempts, captures, voids, refunds, disputes, and the provider behind them.
//!
//! In: an order to pay for. Out: money held, taken, given up, given back, in step with what the
//! provider says. Every question to the provider has a row that was committed before, whose id is
//! the provider's key; its answer is booked after, once, whoever brings it: the operation that
//! asked, [`recover`](recover()) after a crash, or a [`Notice`].
//!
//! **Invariant**: no provider is asked inside a transaction, nor for money that is not claimed in
//! the payment's row; sums and moves are the database's to allow.

// As in `money`; an `expect` says why it cannot happen, and is for constants of the code only.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod attempt;
mod cancel;
mod capture;
mod dispute;
pub mod events;
mod expire;
pub(crate) mod http;
pub mod inbound;
pub mod method;
pub mod provider;
mod recover;
mod reference;
mod refund;
mod row;
mod settle;
mod start;
mod state;
mod store_credit;
mod terms;
mod void;
mod webhook;

pub(crate) use attempt::begin_fitting as begin_attempt;
pub use attempt::{AttemptError, Attempted, authorize, purchase, reauthorize};
pub use cancel::cancel;
pub(crate) use capture::begin as begin_capture;
pub use capture::{Capture, CaptureError, Captured, capture};
pub use dispute::{DisputeError, OpenDispute, move_dispute, open_dispute};
pub use expire::{Expired, expire_due};
pub(crate) use recover::{Kind, finish, resume};
pub use recover::{Recovered, recover};
pub use reference::{Note, ProviderReference, ReferenceError, SecretToken, holds_a_card_number};
pub(crate) use refund::begin as begin_refund;
pub use refund::{
    Refund, RefundError, RefundLine, Refunded, cancel_refund, refund, resubmit_refund,
};
pub use settle::{Effect, Outcome, SettleError};
pub use start::{PayWith, Start, StartError, start};
pub use state::{CaptureState, DisputeState, PaymentState, RefundState};
pub use store_credit::{Balance, CreditError, balance, give_credit, issue_gift_card};
pub use terms::{CaptureMode, MethodType, RefundReason};
pub(crate) use void::begin as begin_void;
pub use void::{Void, VoidError, Voided, void};
pub use webhook::{HearError, Heard, News, Notice, apply_due, hear};
