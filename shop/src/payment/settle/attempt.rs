//! Answers to attempts.

use sqlx::PgConnection;

use super::{Effect, SettleError, move_to};
use crate::context::Context;
use crate::event;
use crate::id::{AttemptId, CaptureId, PaymentId};
use crate::machine::Move;
use crate::order::{self, ConfirmError};
use crate::payment::events::payment::{AttemptDeclined, CaptureRequested, CaptureSucceeded};
use crate::payment::provider::Answer;
use crate::payment::reference::ProviderReference;
use crate::payment::row::{PaymentRow, lock, read};
use crate::payment::{CaptureState, PaymentState as P};
use crate::value::Slug;

/// States in which a payment waits for the answer to an attempt.
const WAITING: &[P] = &[P::RequiresPaymentMethod, P::RequiresAction, P::Processing];

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
            succeed(connection, context, &row, attempt, reference).await?;
            let now = current(connection, payment).await?;
            let from = [WAITING, &[P::Authorized]].concat();
            move_to(connection, context, &now, &from, P::Authorized, None).await?;
            confirm(connection, context, &row).await?;
            Ok(Effect::Applied)
        }
        Answer::Succeeded { reference } => {
            succeed(connection, context, &row, attempt, reference).await?;
            take(connection, context, &row, reference).await?;
            let now = current(connection, payment).await?;
            move_to(connection, context, &now, WAITING, P::Captured, None).await?;
            confirm(connection, context, &row).await?;
            Ok(Effect::Applied)
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

async fn current(
    connection: &mut PgConnection,
    payment: PaymentId,
) -> Result<PaymentRow, SettleError> {
    read(connection, payment).await?.ok_or(SettleError::NotFound)
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

/// Closes the attempt as succeeded; an authorisation before it counts no more.
async fn succeed(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    attempt: AttemptId,
    reference: &ProviderReference,
) -> Result<(), SettleError> {
    sqlx::query(
        "UPDATE payment_attempt SET state = 'replaced' WHERE payment_id = $1 AND state = 'succeeded'",
    )
    .bind(row.id)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE payment_attempt SET state = 'succeeded', provider_ref = $2, closed_at = $3
          WHERE id = $1 AND state = 'pending'",
    )
    .bind(attempt)
    .bind(reference)
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE payment SET provider_ref = $2 WHERE id = $1")
        .bind(row.id)
        .bind(reference)
        .execute(connection)
        .await?;
    Ok(())
}

/// Books the capture that a purchase includes.
async fn take(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
    reference: &ProviderReference,
) -> Result<(), SettleError> {
    let capture: CaptureId = context.id();
    let (payment, amount) = (row.id, row.money(row.amount)?);
    sqlx::query(
        "INSERT INTO capture (id, payment_id, currency, provider, amount, provider_ref, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(capture)
    .bind(payment)
    .bind(row.currency)
    .bind(&row.provider)
    .bind(row.amount)
    .bind(reference)
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    let requested = CaptureRequested { payment, capture, amount };
    event::append(connection, context, payment, &requested).await?;
    Move::new(capture, &[CaptureState::Pending], CaptureState::Succeeded)
        .make(connection, context, &CaptureSucceeded { payment, capture, amount })
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

/// Confirms the order once its payments hold or have taken its total. An order that was closed in
/// the meantime keeps the payment, which is then to be given back.
async fn confirm(
    connection: &mut PgConnection,
    context: &Context,
    row: &PaymentRow,
) -> Result<(), SettleError> {
    let covered: bool = sqlx::query_scalar(
        "SELECT orders.grand_total::bigint <=
                (SELECT coalesce(sum(authorized - voided), 0)::bigint FROM payment
                  WHERE order_id = orders.id AND state NOT IN ('failed', 'voided', 'expired'))
           FROM orders WHERE id = $1",
    )
    .bind(row.order)
    .fetch_one(&mut *connection)
    .await?;
    if !covered {
        return Ok(());
    }
    match order::confirm(connection, context, row.order).await {
        Ok(_) | Err(ConfirmError::Closed(_)) => Ok(()),
        Err(ConfirmError::Database(error)) => Err(error.into()),
        Err(error) => Err(SettleError::Order(error)),
    }
}
