//! What an answer of the provider changes here.
//!
//! In: a part of a payment that was asked for, and what the provider says became of it. Out: the
//! part closed, the payment moved to where its amounts say it is. The operation that asked, the
//! recovery after a crash and the webhooks all come through here.
//!
//! **Invariant**: each answer takes effect once, whoever brings it and however often: a part is
//! only closed while it is open, under the lock of its payment.

mod attempt;
mod capture;
mod fold;
mod refund;
mod success;
mod void;

pub(crate) use attempt::attempt;
pub(crate) use capture::capture;
pub(crate) use fold::{Happened, follow, move_to};
pub(crate) use refund::refund;
pub(crate) use void::void;

use super::provider::Answer;
use crate::database::DatabaseError;
use crate::money::MoneyError;
use crate::value::Slug;

/// What became of what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Succeeded,
    /// The money is held.
    Authorized,
    /// Somebody must do something first.
    RequiresAction,
    /// The provider will tell later.
    Pending,
    /// Not this time.
    Declined {
        /// Why.
        code: Slug,
    },
    /// Not at all.
    Failed {
        /// Why.
        code: Slug,
    },
    /// It was called off.
    Canceled,
    /// The provider did not answer. Recovery will ask again; nothing is asked twice.
    Unknown,
}

impl From<&Answer> for Outcome {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::RequiresAction { .. } => Self::RequiresAction,
            Answer::Pending { .. } => Self::Pending,
            Answer::Authorized { .. } => Self::Authorized,
            Answer::Succeeded { .. } => Self::Succeeded,
            Answer::Declined { code } => Self::Declined { code: code.clone() },
            Answer::Failed { code } => Self::Failed { code: code.clone() },
            Answer::Canceled => Self::Canceled,
        }
    }
}

/// Why an answer could not be booked.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The payment, or the part, does not exist, or not yet.
    #[error("there is no such payment")]
    NotFound,
    /// The amounts here do not allow what the provider says has happened: a person must look.
    #[error("the provider's news contradict the books")]
    Contradiction,
    /// Money out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SettleError {
    "payment_captured_within_authorized" => SettleError::Contradiction,
    "payment_authorized_within_amount" => SettleError::Contradiction,
    "payment_refunded_within_captured" => SettleError::Contradiction,
    "payment_history_move_allowed" => SettleError::Contradiction,
    "capture_history_move_allowed" => SettleError::Contradiction,
    "refund_history_move_allowed" => SettleError::Contradiction,
    "dispute_history_move_allowed" => SettleError::Contradiction,
    "orders_never_paid_twice" => SettleError::Contradiction,
});

/// Whether a new answer took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It did.
    Applied,
    /// It told nothing new.
    Nothing,
}
