//! Answers to captures.

use sqlx::PgConnection;

use super::{Effect, Happened, SettleError, follow};
use crate::context::Context;
use crate::id::{CaptureId, PaymentId};
use crate::machine::Move;
use crate::payment::CaptureState as C;
use crate::payment::events::payment::{CaptureFailed, CaptureSucceeded};
use crate::payment::provider::Answer;
use crate::payment::row::lock;

/// Books what became of a capture, also its late return.
pub(crate) async fn capture(
    connection: &mut PgConnection,
    context: &Context,
    payment: PaymentId,
    capture: CaptureId,
    answer: &Answer,
) -> Result<Effect, SettleError> {
    let row = lock(connection, payment, false).await?.ok_or(SettleError::NotFound)?;
    let amount: Option<i64> =
        sqlx::query_scalar("SELECT amount::bigint FROM capture WHERE id = $1 AND payment_id = $2")
            .bind(capture)
            .bind(payment)
            .fetch_optional(&mut *connection)
            .await?;
    let amount = row.money(amount.ok_or(SettleError::NotFound)?)?;
    let moved = match answer {
        Answer::Succeeded { reference } => {
            let moved = Move::new(capture, &[C::Pending], C::Succeeded)
                .with("provider_ref", reference.as_str())
                .make(connection, context, &CaptureSucceeded { payment, capture, amount })
                .await?;
            moved.is_some()
        }
        Answer::Failed { code } | Answer::Declined { code } => {
            let moved = Move::new(capture, &[C::Pending, C::Succeeded], C::Failed)
                .because(code.as_str())
                .make(connection, context, &CaptureFailed { payment, capture, amount })
                .await?;
            moved.is_some()
        }
        _ => false,
    };
    if !moved {
        return Ok(Effect::Nothing);
    }
    let succeeded = matches!(answer, Answer::Succeeded { .. });
    follow(connection, context, payment, Happened::Capture, succeeded).await?;
    Ok(Effect::Applied)
}
