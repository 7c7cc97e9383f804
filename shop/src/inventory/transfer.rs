//! Stock on its way from one location to another.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use super::events::transfer::{
    TransferCancelled, TransferDrafted, TransferLine, TransferReceived, TransferSent,
};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{LocationId, StockTransferId, StockTransferLineId, VariantId};
use crate::machine::Move;
use crate::value::Quantity;

crate::machine::states! {
    /// Where a transfer is in its life.
    pub enum TransferState of crate::machine::Machine {
        table: "stock_transfer",
        history_key: "stock_transfer_id",
        aggregate: crate::event::Aggregate::StockTransfer,
        aggregate_key: "id",
    };
    /// Being put together; no stock has moved.
    Draft = "draft",
    /// It has left, and belongs to no location.
    InTransit = "in_transit",
    /// It has arrived, as far as it has.
    Received = "received",
    /// Given up before it left.
    Cancelled = "cancelled",
}

/// A transfer to be drafted.
#[derive(Debug, Clone)]
pub struct DraftTransfer {
    /// Where from.
    pub from: LocationId,
    /// Where to.
    pub to: LocationId,
    /// How many of what; each variant once.
    pub lines: Vec<(VariantId, Quantity)>,
}

/// Why a transfer was not drafted.
#[derive(Debug, thiserror::Error)]
pub enum DraftTransferError {
    /// A location does not exist, or is deleted.
    #[error("there is no such location")]
    LocationNotFound,
    /// A variant does not exist, or is deleted.
    #[error("there is no such variant: {variant}")]
    VariantNotFound {
        /// Which.
        variant: VariantId,
    },
    /// It would go where it comes from.
    #[error("a transfer goes to another location")]
    SameLocation,
    /// There is nothing to transfer.
    #[error("a transfer has lines")]
    Empty,
    /// One variant is on two of its lines.
    #[error("a variant is on two lines")]
    VariantTwice,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DraftTransferError {
    "stock_transfer_from_a_location" => DraftTransferError::LocationNotFound,
    "stock_transfer_to_a_location" => DraftTransferError::LocationNotFound,
    "stock_transfer_goes_elsewhere" => DraftTransferError::SameLocation,
    "stock_transfer_line_variant_once" => DraftTransferError::VariantTwice,
});

/// Drafts a transfer; no stock moves.
///
/// # Errors
/// A location or variant is gone, or there is nothing to transfer.
pub async fn transfer_draft(
    pool: &PgPool,
    context: &Context,
    request: DraftTransfer,
) -> Result<StockTransferId, DraftTransferError> {
    crate::transact!(pool, DraftTransferError, |connection| {
        transfer_draft_within(connection, context, &request).await
    })
}

/// [`transfer_draft`] as a part of the caller's transaction.
pub(crate) async fn transfer_draft_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &DraftTransfer,
) -> Result<StockTransferId, DraftTransferError> {
    let &DraftTransfer { from, to, ref lines } = request;
    if lines.is_empty() {
        return Err(DraftTransferError::Empty);
    }
    let transfer: StockTransferId = context.id();
    let mut variants: Vec<VariantId> = lines.iter().map(|(variant, _)| *variant).collect();
    variants.sort_unstable();
    if let Some(variant) = super::level::lock_variants(connection, &variants).await? {
        Err(DraftTransferError::VariantNotFound { variant })?;
    }
    let drafted = sqlx::query(
        "INSERT INTO stock_transfer (id, from_location_id, to_location_id, created_at)
         SELECT $1, $2, $3, $4
          WHERE NOT EXISTS (SELECT FROM location WHERE id IN ($2, $3) AND NOT live)",
    )
    .bind(transfer)
    .bind(from)
    .bind(to)
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    if drafted.rows_affected() == 0 {
        Err(DraftTransferError::LocationNotFound)?;
    }
    sqlx::query(
        "INSERT INTO stock_transfer_line
             (id, transfer_id, from_location_id, to_location_id, variant_id, quantity)
         SELECT id, $1, $2, $3, variant_id, quantity
           FROM unnest($4::uuid[], $5::uuid[], $6::int[]) AS line (id, variant_id, quantity)",
    )
    .bind(transfer)
    .bind(from)
    .bind(to)
    .bind(lines.iter().map(|_| context.id::<StockTransferLineId>()).collect::<Vec<_>>())
    .bind(lines.iter().map(|(variant, _)| *variant).collect::<Vec<_>>())
    .bind(lines.iter().map(|(_, quantity)| quantity.get()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let lines = lines
        .iter()
        .map(|&(variant, quantity)| TransferLine { variant, quantity, received: None })
        .collect();
    let event = TransferDrafted { transfer, from, to, lines };
    event::append(connection, context, transfer, &event).await?;
    Ok(transfer)
}

/// Why a transfer did not move on.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// It does not exist.
    #[error("there is no such transfer")]
    NotFound,
    /// It is in a state in which this cannot be done.
    #[error("the transfer is {state}")]
    WrongState {
        /// The state it is in.
        state: TransferState,
    },
    /// Less is there than shall be sent, or it is promised to somebody.
    #[error("there is not enough stock to send")]
    OutOfStock,
    /// The location that it goes to is deleted.
    #[error("the location is deleted")]
    LocationDeleted,
    /// A variant that is no line of the transfer.
    #[error("the transfer has no line of the variant {variant}")]
    NoSuchLine {
        /// Which.
        variant: VariantId,
    },
    /// More than was sent.
    #[error("more cannot arrive than was sent")]
    MoreThanWasSent,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(TransferError {
    "stock_level_on_hand_not_negative" => TransferError::OutOfStock,
    "stock_level_never_oversold" => TransferError::OutOfStock,
    "stock_movement_at_a_level" => TransferError::OutOfStock,
    "stock_level_in_use_at_a_live_location" => TransferError::LocationDeleted,
    "stock_transfer_line_receives_at_most_what_was_sent" => TransferError::MoreThanWasSent,
});

/// Sends a draft: its stock leaves the location that it comes from.
///
/// # Errors
/// It is no draft, or there is not enough that is promised to nobody.
pub async fn transfer_send(
    pool: &PgPool,
    context: &Context,
    transfer: StockTransferId,
) -> Result<(), TransferError> {
    crate::transact!(pool, TransferError, |connection| {
        transfer_send_within(connection, context, transfer).await
    })
}

/// [`transfer_send`] as a part of the caller's transaction.
pub(crate) async fn transfer_send_within(
    connection: &mut PgConnection,
    context: &Context,
    transfer: StockTransferId,
) -> Result<(), TransferError> {
    let to = TransferState::InTransit;
    let sent = Move::new(transfer, &[TransferState::Draft], to)
        .make(connection, context, &TransferSent { transfer })
        .await?;
    if sent.is_none() {
        Err(refusal(connection, transfer).await?)?;
    }
    // One statement for all lines: its trigger moves the levels in the order of their keys.
    sqlx::query(
        "INSERT INTO stock_movement
             (location_id, variant_id, kind, quantity, sent_line_id, actor, at)
         SELECT from_location_id, variant_id, 'transfer_out', quantity, id, $2, $3
           FROM stock_transfer_line WHERE transfer_id = $1",
    )
    .bind(transfer)
    .bind(context.actor().as_str())
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

/// Receives a transfer: what arrived is stock of the location that it goes to. What of a line did
/// not arrive is lost; a line that is not named arrived whole. Nothing arrived where none is named.
///
/// # Errors
/// It is not on its way, or more would arrive than was sent.
pub async fn transfer_receive(
    pool: &PgPool,
    context: &Context,
    transfer: StockTransferId,
    arrived: &BTreeMap<VariantId, Option<Quantity>>,
) -> Result<(), TransferError> {
    crate::transact!(pool, TransferError, |connection| {
        transfer_receive_within(connection, context, transfer, arrived).await
    })
}

/// [`transfer_receive`] as a part of the caller's transaction.
pub(crate) async fn transfer_receive_within(
    connection: &mut PgConnection,
    context: &Context,
    transfer: StockTransferId,
    arrived: &BTreeMap<VariantId, Option<Quantity>>,
) -> Result<(), TransferError> {
    let lines = lines_in_transit(connection, transfer).await?;
    let sent = |variant: &VariantId| lines.iter().any(|(_, sent, _)| sent == variant);
    if let Some(&variant) = arrived.keys().find(|variant| !sent(variant)) {
        // A transfer that does not exist, or is not on its way, is that before anything else.
        Err(match refusal(connection, transfer).await? {
            TransferError::WrongState { state: TransferState::InTransit } => {
                TransferError::NoSuchLine { variant }
            }
            other => other,
        })?;
    }
    let told: Vec<TransferLine> = lines
        .iter()
        .map(|&(_, variant, quantity)| {
            let received = arrived.get(&variant).copied().unwrap_or(Some(quantity));
            TransferLine { variant, quantity, received }
        })
        .collect();
    let event = TransferReceived { transfer, lines: told.clone() };
    let received = Move::new(transfer, &[TransferState::InTransit], TransferState::Received)
        .make(connection, context, &event)
        .await?;
    if received.is_none() {
        Err(refusal(connection, transfer).await?)?;
    }
    let received: Vec<_> = told.iter().map(|line| line.received.map(Quantity::get)).collect();
    sqlx::query(
        "UPDATE stock_transfer_line AS line SET received = part.received
           FROM unnest($1::uuid[], $2::int[]) AS part (id, received) WHERE line.id = part.id",
    )
    .bind(lines.iter().map(|(id, ..)| *id).collect::<Vec<_>>())
    .bind(received)
    .execute(&mut *connection)
    .await?;
    take_in(connection, context, transfer).await?;
    Ok(())
}

/// Gives a draft up.
///
/// # Errors
/// It is no draft.
pub async fn transfer_cancel(
    pool: &PgPool,
    context: &Context,
    transfer: StockTransferId,
    reason: &str,
) -> Result<(), TransferError> {
    crate::transact!(pool, TransferError, |connection| {
        transfer_cancel_within(connection, context, transfer, reason).await
    })
}

/// [`transfer_cancel`] as a part of the caller's transaction.
pub(crate) async fn transfer_cancel_within(
    connection: &mut PgConnection,
    context: &Context,
    transfer: StockTransferId,
    reason: &str,
) -> Result<(), TransferError> {
    let cancelled = Move::new(transfer, &[TransferState::Draft], TransferState::Cancelled)
        .because(reason)
        .make(connection, context, &TransferCancelled { transfer })
        .await?;
    if cancelled.is_none() {
        Err(refusal(connection, transfer).await?)?;
    }
    Ok(())
}

/// The lines of a transfer, in the order of its variants.
async fn lines_in_transit(
    connection: &mut PgConnection,
    transfer: StockTransferId,
) -> Result<Vec<(StockTransferLineId, VariantId, Quantity)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, variant_id, quantity::int FROM stock_transfer_line
          WHERE transfer_id = $1 ORDER BY variant_id",
    )
    .bind(transfer)
    .fetch_all(connection)
    .await
}

/// Moves what arrived into the levels of the location that the transfer goes to.
async fn take_in(
    connection: &mut PgConnection,
    context: &Context,
    transfer: StockTransferId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO stock_level (location_id, variant_id)
         SELECT to_location_id, variant_id FROM stock_transfer_line
          WHERE transfer_id = $1 AND received IS NOT NULL ORDER BY variant_id
         ON CONFLICT DO NOTHING",
    )
    .bind(transfer)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO stock_movement
             (location_id, variant_id, kind, quantity, received_line_id, actor, at)
         SELECT to_location_id, variant_id, 'transfer_in', received, id, $2, $3
           FROM stock_transfer_line WHERE transfer_id = $1 AND received IS NOT NULL",
    )
    .bind(transfer)
    .bind(context.actor().as_str())
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

/// Why a transfer did not move: it is not there, or in another state.
async fn refusal(
    connection: &mut PgConnection,
    transfer: StockTransferId,
) -> Result<TransferError, sqlx::Error> {
    let state: Option<TransferState> =
        sqlx::query_scalar("SELECT state FROM stock_transfer WHERE id = $1")
            .bind(transfer)
            .fetch_optional(connection)
            .await?;
    Ok(state.map_or(TransferError::NotFound, |state| TransferError::WrongState { state }))
}
