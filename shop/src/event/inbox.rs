//! What a consumer has handled.

use sqlx::PgConnection;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::EventId;
use crate::value::Slug;

/// Notes that a consumer handles an event; false: it has handled it before, and must not again.
///
/// To be called first in the transaction of the effect. Of two that handle one event at a time the
/// second waits for the first, and handles it only if the first gives up.
///
/// # Errors
/// The database failed.
pub async fn handle_once(
    connection: &mut PgConnection,
    context: &Context,
    consumer: &Slug,
    event: EventId,
) -> Result<bool, DatabaseError> {
    let noted = sqlx::query(
        "INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(consumer)
    .bind(event)
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}
