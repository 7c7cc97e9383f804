//! Payments whose time is over.

use sqlx::PgPool;

use super::PaymentState as P;
use super::attempt::AttemptError;
use super::cancel::cancel;
use super::provider::Provider;
use super::void::{Void, VoidError, void};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::PaymentId;

/// What a round over the due payments came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Payments that were ended, or whose held money was given up.
    pub ended: u32,
    /// Payments that were left for the next round: an answer is missing, or they changed meanwhile.
    pub left: u32,
}

/// Ends payments of the provider whose time is over: what was not begun expires, what waits for the
/// customer is called off, held money is given up. At most `limit` of them, the longest due first.
///
/// # Errors
/// The database.
pub async fn expire_due(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    limit: u32,
) -> Result<Expired, DatabaseError> {
    let due: Vec<(PaymentId, P)> = sqlx::query_as(
        "SELECT id, state FROM payment
          WHERE provider = $1 AND expires_at <= $2
            AND state IN ('requires_payment_method', 'requires_action', 'authorized')
          ORDER BY expires_at, id LIMIT $3",
    )
    .bind(provider.code())
    .bind(context.now())
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    let mut round = Expired::default();
    for (payment, state) in due {
        let ended = if state == P::Authorized {
            match void(pool, context, provider, Void { payment, amount: None }).await {
                Ok(voided) => voided.outcome == super::Outcome::Succeeded,
                Err(VoidError::Database(error)) => return Err(error),
                Err(_) => false,
            }
        } else {
            match cancel(pool, context, provider, payment).await {
                Ok(outcome) => outcome != super::Outcome::Unknown,
                Err(AttemptError::Database(error)) => return Err(error),
                Err(_) => false,
            }
        };
        if ended {
            round.ended += 1;
        } else {
            round.left += 1;
        }
    }
    Ok(round)
}
