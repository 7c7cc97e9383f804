//! Answers to refunds.

use sqlx::{PgConnection, Row};

use super::{Effect, Happened, SettleError, follow};
use crate::context::Context;
use crate::event;
use crate::id::{PaymentId, RefundId};
use crate::machine::Move;
use crate::money::Money;
use crate::payment::events::payment::{
    RefundCanceled, RefundChallenged, RefundFailed, RefundRequested, RefundSubmitted,
    RefundSucceeded,
};
use crate::payment::provider::Answer;
use crate::payment::row::{PaymentRow, lock};
use crate::payment::{PaymentState, RefundReason, RefundState as R};

/// Books what became of a refund, also its late failure.
pub(crate) async fn refund(
    connection: &mut PgConnection,
    context: &Context,
    payment: PaymentId,
    refund: RefundId,
    answer: &Answer,
) -> Result<Effect, SettleError> {
    let row = lock(connection, payment, true).await?.ok_or(SettleError::NotFound)?;
    let found =
        sqlx::query("SELECT amount::bigint, reason FROM refund WHERE id = $1 AND payment_id = $2")
            .bind(refund)
            .bind(payment)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(SettleError::NotFound)?;
    let amount = row.money(found.try_get(0)?)?;
    let Some(to) = step(connection, context, (payment, refund, amount), answer).await? else {
        return Ok(Effect::Nothing);
    };
    if row.state == PaymentState::Refunded && matches!(to, R::Failed | R::Canceled) {
        let reason: RefundReason = found.try_get(1)?;
        owe(connection, context, &row, refund, amount, reason).await?;
    }
    follow(connection, context, payment, Happened::Refund, to == R::Succeeded).await?;
    Ok(Effect::Applied)
}

/// Moves the refund; the state that it is in then, or none when nothing was to be moved.
async fn step(
    connection: &mut PgConnection,
    context: &Context,
    (payment, refund, amount): (PaymentId, RefundId, Money),
    answer: &Answer,
) -> Result<Option<R>, sqlx::Error> {
    let open = [R::Pending, R::RequiresAction];
    let (to, moved) = match answer {
        Answer::Succeeded { reference } => {
            let told = RefundSucceeded { payment, refund, amount };
            let step =
                Move::new(refund, &open, R::Succeeded).with("provider_ref", reference.as_str());
            (R::Succeeded, step.make(connection, context, &told).await?)
        }
        Answer::Failed { code } | Answer::Declined { code } => {
            let told = RefundFailed { payment, refund, amount };
            let step = Move::new(refund, &[R::Pending, R::RequiresAction, R::Succeeded], R::Failed)
                .because(code.as_str());
            (R::Failed, step.make(connection, context, &told).await?)
        }
        Answer::Canceled => {
            let told = RefundCanceled { payment, refund, amount };
            let step = Move::new(refund, &open, R::Canceled);
            (R::Canceled, step.make(connection, context, &told).await?)
        }
        Answer::RequiresAction { .. } => {
            let told = RefundChallenged { payment, refund, amount };
            let step = Move::new(refund, &[R::Pending], R::RequiresAction);
            (R::RequiresAction, step.make(connection, context, &told).await?)
        }
        Answer::Pending { .. } => {
            let told = RefundSubmitted { payment, refund, amount };
            let step = Move::new(refund, &[R::RequiresAction], R::Pending);
            (R::Pending, step.make(connection, context, &told).await?)
        }
        Answer::Authorized { .. } => return Ok(None),
    };
    Ok(moved.map(|_| to))
}

/// A payment that is refunded stays so, and its money still belongs to the customer: what came
/// back to us is claimed at once by a refund that waits for somebody to say where it shall go.
async fn owe(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    failed: RefundId,
    amount: Money,
    reason: RefundReason,
) -> Result<(), SettleError> {
    let (refund, payment): (RefundId, PaymentId) = (context.id(), row.id);
    sqlx::query(
        "INSERT INTO refund (id, payment_id, order_id, currency, provider, amount, reason, note,
                             return_id, created_at)
         SELECT $1, payment_id, order_id, currency, provider, amount, reason, note, return_id, $3
           FROM refund WHERE id = $2",
    )
    .bind(refund)
    .bind(failed)
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO refund_line (refund_id, order_line_id, order_id, currency, amount)
         SELECT $1, order_line_id, order_id, currency, amount FROM refund_line
          WHERE refund_id = $2 ORDER BY order_line_id",
    )
    .bind(refund)
    .bind(failed)
    .execute(&mut *connection)
    .await?;
    let requested = RefundRequested { payment, refund, amount, reason };
    event::append(connection, context, payment, &requested).await?;
    Move::new(refund, &[R::Pending], R::RequiresAction)
        .because("an earlier refund came back")
        .make(connection, context, &RefundChallenged { payment, refund, amount })
        .await?;
    Ok(())
}
