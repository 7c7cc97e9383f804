//! Stock that arrives.

use sqlx::{PgConnection, PgPool};

use crate::catalog::events::variant::StockReceived;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{LocationId, StockOperationId, VariantId};
use crate::value::{Label, Quantity};

/// Units of one variant in a delivery.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedLine {
    /// Of which variant.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
}

/// A delivery.
#[derive(Debug, Clone)]
pub struct Receive {
    /// Which delivery: received once, however often it is sent.
    pub operation: StockOperationId,
    /// Where to.
    pub location: LocationId,
    /// What it brought.
    pub lines: Vec<ReceivedLine>,
    /// What there is to say about it, such as the number of its note.
    pub reason: Option<Label>,
}

/// Why a delivery was not received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The location does not exist, or is deleted.
    #[error("there is no such location")]
    LocationNotFound,
    /// A variant does not exist, or is deleted.
    #[error("there is no such variant: {variant}")]
    VariantNotFound {
        /// Which.
        variant: VariantId,
    },
    /// It was received already.
    #[error("the delivery was received already")]
    AlreadyReceived,
    /// It brought nothing.
    #[error("the delivery has no lines")]
    Empty,
    /// One variant is on two of its lines.
    #[error("the variant {variant} is on two lines")]
    VariantTwice {
        /// Which.
        variant: VariantId,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ReceiveError {
    "stock_level_at_a_location" => ReceiveError::LocationNotFound,
    "stock_level_in_use_at_a_live_location" => ReceiveError::LocationNotFound,
    "stock_movement_once_per_operation" => ReceiveError::AlreadyReceived,
});

/// Takes a delivery in: every line of it, or none.
///
/// # Errors
/// The location or a variant is gone, or the delivery was taken in before.
pub async fn receive(
    pool: &PgPool,
    context: &Context,
    request: Receive,
) -> Result<(), ReceiveError> {
    crate::transact!(pool, ReceiveError, |connection| {
        receive_within(connection, context, &request).await
    })
}

/// [`receive`] as a part of the caller's transaction.
pub(crate) async fn receive_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &Receive,
) -> Result<(), ReceiveError> {
    let &Receive { operation, location, ref lines, ref reason } = request;
    let mut variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    if variants.is_empty() {
        return Err(ReceiveError::Empty);
    }
    variants.sort_unstable();
    if let Some(pair) = variants.windows(2).find(|pair| pair.first() == pair.last())
        && let Some(&variant) = pair.first()
    {
        return Err(ReceiveError::VariantTwice { variant });
    }
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity.get()).collect();
    let of: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
    let events: Vec<(VariantId, StockReceived)> = lines
        .iter()
        .map(|&ReceivedLine { variant, quantity }| {
            (variant, StockReceived { variant, location, operation, quantity })
        })
        .collect();
    let missing = super::level::lock_variants(connection, &variants).await?;
    if let Some(variant) = missing {
        Err(ReceiveError::VariantNotFound { variant })?;
    }
    super::level::make(connection, location, &variants).await?;
    sqlx::query(
        "INSERT INTO stock_movement
             (location_id, variant_id, kind, quantity, reason, operation_id, actor, at)
         SELECT $1, variant_id, 'receive', quantity, $4, $5, $6, $7
           FROM unnest($2::uuid[], $3::int[]) AS line (variant_id, quantity)",
    )
    .bind(location)
    .bind(&of)
    .bind(&quantities)
    .bind(reason)
    .bind(operation)
    .bind(context.actor().as_str())
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    event::append_each(connection, context, &events).await?;
    Ok(())
}
