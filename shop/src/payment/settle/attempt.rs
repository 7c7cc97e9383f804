//! Answers to attempts.

use sqlx::PgConnection;

use super::success::succeed;
use super::{Effect, SettleError, move_to};
use crate::context::Context;
use crate::event;
use crate::id::{AttemptId, CaptureId, PaymentId};
use crate::payment::PaymentState as P;
use crate::payment::events::payment::AttemptDeclined;
use crate::payment::provider::Answer;
use crate::payment::row::{PaymentRow, lock};
use crate::value::Slug;

/// States in which a payment waits for the answer to an attempt.
pub(super) const WAITING: &[P] = &[P::RequiresPaymentMethod, P::RequiresAction, P::Processing];

/// Books what became of an attempt.
pub(crate) async fn attempt(
    connection: &mut PgConnection,
    context: &Context,
    payment: PaymentId,
    attempt: AttemptId,
    answer: &Answer,
) -> Result<Effect, SettleError> {
    let row = lock(connection, payment, false).await?.ok_or(SettleError::NotFound)?;
    if row.attempt_pending != Some(attempt) {
        return late(connection, context, &row, attempt, answer).await;
    }
    match answer {
        Answer::RequiresAction { .. } => {
            wait(connection, context, &row, &[P::RequiresPaymentMethod], P::RequiresAction).await
        }
        Answer::Pending { .. } => {
            let from = [P::RequiresPaymentMethod, P::RequiresAction];
            wait(connection, context, &row, &from, P::Processing).await
        }
        Answer::Authorized { reference } => {
            succeed(connection, context, &row, (attempt, reference), None).await
        }
        Answer::Succeeded { reference } => {
            let capture = Some(context.id());
            succeed(connection, context, &row, (attempt, reference), capture).await
        }
        Answer::Declined { code } => {
            close(connection, context, attempt, "declined", Some(code)).await?;
            let from = [P::RequiresAction, P::Processing];
            let to = P::RequiresPaymentMethod;
            let moved = move_to(connection, context, &row, &from, to, Some(code.as_str())).await?;
            if moved.is_none() {
                let declined = AttemptDeclined { payment, attempt, code: code.clone() };
                event::append(connection, context, payment, &declined).await?;
            }
            Ok(Effect::Applied)
        }
        Answer::Failed { code } => {
            close(connection, context, attempt, "failed", None).await?;
            end(connection, context, (&row, attempt), P::Failed, code).await
        }
        Answer::Canceled => {
            close(connection, context, attempt, "failed", None).await?;
            let expired = row.expires_at.is_some_and(|time| time <= context.now());
            let to = match row.state {
                P::Processing => P::Failed,
                _ if expired => P::Expired,
                _ => P::Voided,
            };
            end(connection, context, (&row, attempt), to, &canceled()).await
        }
    }
}

fn canceled() -> Slug {
    "canceled".parse().expect("a word is a slug")
}

/// The attempt stays open, the payment says what it waits for.
async fn wait(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    from: &[P],
    to: P,
) -> Result<Effect, SettleError> {
    let moved = move_to(connection, context, row, from, to, None).await?;
    Ok(if moved.is_some() { Effect::Applied } else { Effect::Nothing })
}

/// The payment ends with the attempt, unless money is held by an earlier one.
async fn end(
    connection: &mut PgConnection,
    context: &Context,
    (row, attempt): (&PaymentRow, AttemptId),
    to: P,
    code: &Slug,
) -> Result<Effect, SettleError> {
    let moved = move_to(connection, context, row, WAITING, to, Some(code.as_str())).await?;
    if moved.is_none() {
        let declined = AttemptDeclined { payment: row.id, attempt, code: code.clone() };
        event::append(connection, context, row.id, &declined).await?;
    }
    Ok(Effect::Applied)
}

async fn close(
    connection: &mut PgConnection,
    context: &Context,
    attempt: AttemptId,
    state: &'static str,
    code: Option<&Slug>,
) -> Result<(), SettleError> {
    sqlx::query(
        "UPDATE payment_attempt SET state = $2, decline_code = $3, closed_at = $4
          WHERE id = $1 AND state = 'pending'",
    )
    .bind(attempt)
    .bind(state)
    .bind(code.map(Slug::as_str))
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

/// News of an attempt that is closed: the late return of a purchase is the only one that counts.
async fn late(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    attempt: AttemptId,
    answer: &Answer,
) -> Result<Effect, SettleError> {
    let state: Option<String> =
        sqlx::query_scalar("SELECT state FROM payment_attempt WHERE id = $1 AND payment_id = $2")
            .bind(attempt)
            .bind(row.id)
            .fetch_optional(&mut *connection)
            .await?;
    match (state.as_deref(), answer) {
        (None, _) => Err(SettleError::NotFound),
        (Some("succeeded"), Answer::Failed { code }) => {
            let capture: Option<CaptureId> = sqlx::query_scalar(
                "SELECT capture.id FROM capture JOIN payment_attempt USING (provider, provider_ref)
                  WHERE payment_attempt.id = $1",
            )
            .bind(attempt)
            .fetch_optional(&mut *connection)
            .await?;
            match capture {
                Some(capture) => {
                    let returned = Answer::Failed { code: code.clone() };
                    super::capture(connection, context, row.id, capture, &returned).await
                }
                None => Ok(Effect::Nothing),
            }
        }
        // We had given the attempt up, and the provider holds money all the same.
        (Some("declined" | "failed"), Answer::Authorized { .. } | Answer::Succeeded { .. }) => {
            Err(SettleError::Contradiction)
        }
        _ => Ok(Effect::Nothing),
    }
}
