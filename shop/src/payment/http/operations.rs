//! What moves money: claimed with its key, asked of the provider, answered from the books.

use uuid::Uuid;

use super::views;
use crate::context::Context;
use crate::http::idempotency::{Answer, Claim};
use crate::http::{AppState, Caller, Code, Problem};
use crate::id::{AttemptId, CaptureId, Id, OrderId, PaymentId, RefundId, VoidId};
use crate::order::http::admit;
use crate::payment::Kind;
use crate::payment::provider::{Ask, Provider};

/// What a request came to before its provider is asked.
#[derive(Debug)]
pub(super) enum Step {
    /// It was answered before.
    Answered(Answer),
    /// It was begun by this request.
    Begun(Ask),
    /// It was begun by somebody who is gone.
    Unfinished(Uuid),
}

/// Begins in a transaction with its key, asks the provider, and answers; the block gives the
/// question.
macro_rules! asking {
    ($state:expr, $context:expr, $claim:expr, $provider:expr, $payment:expr, $kind:expr,
     |$connection:ident| $begin:block) => {{
        use $crate::http::idempotency::Taken;
        use $crate::payment::http::operations::{Step, carry_out, read_resource, write_resource};
        let step = $crate::transact!(&$state.pool, $crate::http::Problem, |$connection| {
            match $claim.take($connection, $context).await? {
                Taken::Answered(answer) => Ok(Step::Answered(answer)),
                Taken::Unfinished(resource) => {
                    Ok(Step::Unfinished(read_resource($kind, &resource)?))
                }
                Taken::New => {
                    let ask = $begin?;
                    $claim.begun($connection, &write_resource($kind, ask.key)).await?;
                    Ok(Step::Begun(ask))
                }
            }
        })?;
        carry_out(&$state, $context, &$claim, $provider, $payment, $kind, step).await
    }};
}
pub(super) use asking;

/// The provider of a payment.
pub(super) async fn find_provider(
    state: &AppState,
    payment: PaymentId,
) -> Result<&dyn Provider, Problem> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT provider::text FROM payment WHERE id = $1")
            .bind(payment)
            .fetch_optional(&state.pool)
            .await?;
    connected(state, &found.ok_or_else(views::missing)?)
}

/// The provider of a code.
pub(super) fn connected<'a>(state: &'a AppState, code: &str) -> Result<&'a dyn Provider, Problem> {
    state.providers.find(code).ok_or_else(|| Problem::new(Code::ProviderUnavailable))
}

/// The same, for a shopper who may pay for the order of their cart only.
pub(super) async fn take_payment<'a>(
    state: &'a AppState,
    caller: &Caller,
    payment: PaymentId,
) -> Result<&'a dyn Provider, Problem> {
    let found: Option<(OrderId, String)> =
        sqlx::query_as("SELECT order_id, provider::text FROM payment WHERE id = $1")
            .bind(payment)
            .fetch_optional(&state.pool)
            .await?;
    let (order, provider) = found.ok_or_else(views::missing)?;
    admit(&state.pool, caller, order).await.map_err(|_| views::missing())?;
    connected(state, &provider)
}

/// Asks the provider, unless that was done, and answers with what the books say.
pub(super) async fn carry_out(
    state: &AppState,
    context: &Context,
    claim: &Claim,
    provider: &dyn Provider,
    payment: PaymentId,
    kind: Kind,
    step: Step,
) -> Result<Answer, Problem> {
    let pool = &state.pool;
    let (key, done) = match step {
        Step::Answered(answer) => return Ok(answer),
        Step::Begun(ask) => {
            (ask.key, crate::payment::finish(pool, context, provider, kind, ask).await)
        }
        Step::Unfinished(key) => {
            (key, crate::payment::resume(pool, context, provider, kind, key, payment).await)
        }
    };
    let mut connection = pool.acquire().await?;
    if let Err(error) = done {
        // Whoever repeats the request need not wait for it to be given up for lost.
        claim.lock_until(&mut connection, context.now()).await?;
        return Err(error.into());
    }
    let answer = match kind {
        Kind::Attempt => {
            Answer::made(&views::attempt(&mut connection, AttemptId::from_uuid(key)).await?)
        }
        Kind::Capture => {
            Answer::made(&views::capture(&mut connection, CaptureId::from_uuid(key)).await?)
        }
        Kind::Void => Answer::made(&views::void(&mut connection, VoidId::from_uuid(key)).await?),
        Kind::Refund => {
            Answer::made(&views::refund(&mut connection, RefundId::from_uuid(key)).await?)
        }
    }?;
    claim.complete(&mut connection, context, &answer).await?;
    Ok(answer)
}

/// What was begun, as the key remembers it.
pub(super) fn write_resource(kind: Kind, key: Uuid) -> String {
    match kind {
        Kind::Attempt => AttemptId::from_uuid(key).to_string(),
        Kind::Capture => CaptureId::from_uuid(key).to_string(),
        Kind::Void => VoidId::from_uuid(key).to_string(),
        Kind::Refund => RefundId::from_uuid(key).to_string(),
    }
}

/// What was begun, by what the key remembers.
pub(super) fn read_resource(kind: Kind, text: &str) -> Result<Uuid, Problem> {
    let read = match kind {
        Kind::Attempt => text.parse::<AttemptId>().map(Id::uuid),
        Kind::Capture => text.parse::<CaptureId>().map(Id::uuid),
        Kind::Void => text.parse::<VoidId>().map(Id::uuid),
        Kind::Refund => text.parse::<RefundId>().map(Id::uuid),
    };
    read.map_err(|_| Problem::new(Code::Internal))
}
