//! From the amounts of a payment to its state.

use sqlx::PgConnection;

use super::SettleError;
use crate::context::Context;
use crate::id::PaymentId;
use crate::machine::{Move, Moved};
use crate::payment::PaymentState;
use crate::payment::events::payment::{
    PaymentAuthorized, PaymentCaptured, PaymentChallenged, PaymentChargedBack, PaymentDeclined,
    PaymentDisputed, PaymentExpired, PaymentFailed, PaymentPartiallyCaptured,
    PaymentPartiallyRefunded, PaymentRefunded, PaymentSubmitted, PaymentVoided,
};
use crate::payment::row::{PaymentRow, read};

/// What has just changed an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// Held money was taken, or not, or was returned.
    Capture,
    /// Held money was given up.
    Void,
    /// Money went back, or came back.
    Refund,
}

/// The state after this one that the amounts call for; none when they agree.
fn next(row: &PaymentRow, expired: bool) -> Option<PaymentState> {
    use PaymentState as P;
    let all_taken = row.captured > 0 && row.captured + row.released == row.authorized;
    let all_back = row.refunded == row.captured && row.capture_pending == 0;
    match row.state {
        P::Authorized if all_taken => Some(P::Captured),
        P::Authorized if row.captured > 0 => Some(P::PartiallyCaptured),
        P::Authorized if row.released > 0 && row.released == row.authorized => {
            Some(if expired { P::Expired } else { P::Voided })
        }
        P::PartiallyCaptured if row.refunded > 0 => Some(P::PartiallyRefunded),
        P::PartiallyCaptured if all_taken => Some(P::Captured),
        P::Captured if row.captured == 0 => Some(P::Failed),
        P::Captured if row.refunded > 0 && all_back => Some(P::Refunded),
        P::Captured if row.refunded > 0 => Some(P::PartiallyRefunded),
        P::PartiallyRefunded if row.refunded == 0 => Some(P::Captured),
        P::PartiallyRefunded if all_back => Some(P::Refunded),
        _ => None,
    }
}

/// Moves the payment to where its amounts say it is. A further partial capture or refund is a
/// move of its own, from a state to itself.
pub(crate) async fn follow(
    connection: &mut PgConnection,
    context: &Context,
    payment: PaymentId,
    happened: Happened,
    succeeded: bool,
) -> Result<(), SettleError> {
    let mut row = read(connection, payment).await?.ok_or(SettleError::NotFound)?;
    let expired = row.expires_at.is_some_and(|end| end <= context.now());
    let mut moved = false;
    // Each step goes further in the life of a payment; four are more than there are in a row.
    for _ in 0..4 {
        let Some(to) = next(&row, expired) else { break };
        move_to(connection, context, &row, &[row.state], to, None).await?;
        row.state = to;
        moved = true;
    }
    let again = match (happened, row.state) {
        (Happened::Capture, PaymentState::PartiallyCaptured)
        | (Happened::Refund, PaymentState::PartiallyRefunded) => succeeded && !moved,
        _ => false,
    };
    if again {
        move_to(connection, context, &row, &[row.state], row.state, None).await?;
    }
    let left_over = row.state == PaymentState::PartiallyCaptured && row.captured == 0;
    if left_over { Err(SettleError::Contradiction) } else { Ok(()) }
}

/// Moves the payment and tells of it.
pub(crate) async fn move_to(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    from: &[PaymentState],
    to: PaymentState,
    because: Option<&str>,
) -> Result<Option<Moved<PaymentState>>, sqlx::Error> {
    let (payment, order, amounts) = (row.id, row.order, row.amounts()?);
    let mut step = Move::new(payment, from, to);
    if let Some(reason) = because {
        step = step.because(reason);
    }
    macro_rules! make {
        ($event:ident) => {
            step.make(connection, context, &$event { payment, order, amounts }).await
        };
    }
    match to {
        PaymentState::RequiresPaymentMethod => make!(PaymentDeclined),
        PaymentState::RequiresAction => make!(PaymentChallenged),
        PaymentState::Processing => make!(PaymentSubmitted),
        PaymentState::Authorized => make!(PaymentAuthorized),
        PaymentState::PartiallyCaptured => make!(PaymentPartiallyCaptured),
        PaymentState::Captured => make!(PaymentCaptured),
        PaymentState::PartiallyRefunded => make!(PaymentPartiallyRefunded),
        PaymentState::Disputed => make!(PaymentDisputed),
        PaymentState::Refunded => make!(PaymentRefunded),
        PaymentState::ChargedBack => make!(PaymentChargedBack),
        PaymentState::Voided => make!(PaymentVoided),
        PaymentState::Failed => make!(PaymentFailed),
        PaymentState::Expired => make!(PaymentExpired),
    }
}
