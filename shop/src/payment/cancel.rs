//! A payment is given up before money is held.

use sqlx::PgPool;

use super::PaymentState as P;
use super::attempt::{AttemptError, book};
use super::provider::{Ask, Provider, What};
use super::row::lock;
use super::settle::{Outcome, move_to};
use crate::context::Context;
use crate::id::{AttemptId, Id, PaymentId};

/// Gives up a payment that holds no money. Where an attempt is under way the provider is asked to
/// forget it; it may answer that it is too late, and that is the outcome then.
///
/// # Errors
/// [`AttemptError::WrongState`] where money is held, being taken, or nothing is left to give up.
pub async fn cancel(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    payment: PaymentId,
) -> Result<Outcome, AttemptError> {
    let ask = crate::transact!(pool, AttemptError, |connection| {
        let row = lock(connection, payment, false).await?.ok_or(AttemptError::NotFound)?;
        if row.provider != provider.code() {
            Err(AttemptError::WrongProvider)
        } else if !matches!(row.state, P::RequiresPaymentMethod | P::RequiresAction) {
            Err(AttemptError::WrongState(row.state))
        } else if let Some(attempt) = row.attempt_pending {
            let amount = row.money(row.amount)?;
            let units = row.units(amount)?;
            Ok(Some(Ask { key: attempt.uuid(), payment, amount, units, what: What::Cancel }))
        } else {
            let expired = row.expires_at.is_some_and(|end| end <= context.now());
            let to = if expired { P::Expired } else { P::Voided };
            move_to(connection, context, &row, &[row.state], to, None).await?;
            Ok(None)
        }
    })?;
    let Some(ask) = ask else { return Ok(Outcome::Canceled) };
    let Ok(answer) = provider.ask(&ask).await else { return Ok(Outcome::Unknown) };
    book(pool, context, payment, AttemptId::from_uuid(ask.key), &answer).await?;
    Ok(Outcome::from(&answer))
}
