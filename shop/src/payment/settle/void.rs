//! Answers to voids.

use sqlx::PgConnection;

use super::{Effect, Happened, SettleError, follow};
use crate::context::Context;
use crate::event;
use crate::id::{PaymentId, VoidId};
use crate::payment::events::payment::{VoidFailed, VoidSucceeded};
use crate::payment::provider::Answer;
use crate::payment::row::lock;

/// Books what became of a void.
pub(crate) async fn void(
    connection: &mut PgConnection,
    context: &Context,
    payment: PaymentId,
    void: VoidId,
    answer: &Answer,
) -> Result<Effect, SettleError> {
    let (state, reference) = match answer {
        Answer::Succeeded { reference } => ("succeeded", Some(reference)),
        Answer::Failed { .. } | Answer::Declined { .. } | Answer::Canceled => ("failed", None),
        _ => return Ok(Effect::Nothing),
    };
    let row = lock(connection, payment, false).await?.ok_or(SettleError::NotFound)?;
    let amount: Option<i64> = sqlx::query_scalar(
        "UPDATE payment_void SET state = $3, provider_ref = $4, closed_at = $5
          WHERE id = $1 AND payment_id = $2 AND state = 'pending' RETURNING amount::bigint",
    )
    .bind(void)
    .bind(payment)
    .bind(state)
    .bind(reference)
    .bind(context.now())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(amount) = amount else {
        let known: Option<bool> =
            sqlx::query_scalar("SELECT true FROM payment_void WHERE id = $1 AND payment_id = $2")
                .bind(void)
                .bind(payment)
                .fetch_optional(connection)
                .await?;
        return known.map(|_| Effect::Nothing).ok_or(SettleError::NotFound);
    };
    let amount = row.money(amount)?;
    if reference.is_some() {
        let succeeded = VoidSucceeded { payment, void, amount };
        event::append(connection, context, payment, &succeeded).await?;
    } else {
        event::append(connection, context, payment, &VoidFailed { payment, void, amount }).await?;
    }
    follow(connection, context, payment, Happened::Void, reference.is_some()).await?;
    Ok(Effect::Applied)
}
