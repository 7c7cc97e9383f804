//! Making the ledger say what is on the shelf: stock-takes, write-offs, backorder limits.

use sqlx::{PgConnection, PgPool};

use super::level;
use crate::catalog::events::variant::{BackorderLimitSet, StockAdjusted, StockWrittenOff};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{LocationId, StockOperationId, VariantId};
use crate::value::{Label, Quantity};

/// What there is of a variant at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockLevel {
    /// Where.
    pub location: LocationId,
    /// Of which variant.
    pub variant: VariantId,
    /// How many are there.
    pub on_hand: i32,
    /// How many of them are held for carts.
    pub reserved: i32,
    /// How many are promised to orders.
    pub allocated: i32,
    /// How many may be promised beyond what is there.
    pub backorder_limit: i32,
    /// The version, which every change of a quantity raises.
    pub version: i64,
}

/// The level of a variant at a location. None: there never was any stock.
///
/// # Errors
/// The database failed.
pub async fn find_level(
    connection: &mut PgConnection,
    location: LocationId,
    variant: VariantId,
) -> Result<Option<StockLevel>, DatabaseError> {
    let row: Option<(i32, i32, i32, i32, i64)> = sqlx::query_as(
        "SELECT on_hand, reserved, allocated, backorder_limit, version
           FROM stock_level WHERE location_id = $1 AND variant_id = $2",
    )
    .bind(location)
    .bind(variant)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(on_hand, reserved, allocated, backorder_limit, version)| StockLevel {
        location,
        variant,
        on_hand,
        reserved,
        allocated,
        backorder_limit,
        version,
    }))
}

/// What a count is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What was known to be there when it was counted. The difference is applied to what is known
    /// now, so what is sold between counting and writing stays sold.
    OnHand(i32),
    /// The version when it was counted. The count is refused if anything has changed since.
    Version(i64),
}

/// A count of one variant at a location.
#[derive(Debug, Clone)]
pub struct StockTake {
    /// Which count: written once, however often it is sent.
    pub operation: StockOperationId,
    /// Where.
    pub location: LocationId,
    /// Of which variant.
    pub variant: VariantId,
    /// How many were found.
    pub counted: i64,
    /// What they are compared with.
    pub basis: Basis,
    /// Why it was counted, or what was found.
    pub reason: Label,
}

/// Why stock was not corrected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectError {
    /// The location has never had any of the variant, or one of them does not exist.
    #[error("there is no such stock level")]
    NotFound,
    /// It was written already.
    #[error("the correction was written already")]
    AlreadyWritten,
    /// The level has changed since it was counted.
    #[error("the level was changed in the meantime: its version is {now}")]
    Changed {
        /// Its version now.
        now: i64,
    },
    /// Less than nothing was counted or known, or more than a movement holds.
    #[error("a count is from 0 to 1000000")]
    CountOutOfRange,
    /// Less would be left than is promised to carts and orders.
    #[error("more is promised than would be left")]
    Promised,
    /// Less than nothing would be left.
    #[error("more would go than there is")]
    MoreThanThereIs,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CorrectError {
    "stock_movement_once_per_operation" => CorrectError::AlreadyWritten,
    "stock_movement_at_a_level" => CorrectError::NotFound,
    "stock_movement_quantity_in_range" => CorrectError::CountOutOfRange,
    "stock_level_never_oversold" => CorrectError::Promised,
    "stock_level_on_hand_not_negative" => CorrectError::MoreThanThereIs,
});

/// Corrects a level by what a count found more or fewer. Gives the difference; none is written
/// where there is none.
///
/// # Errors
/// The level is gone or has changed, or the count would leave less than is promised.
pub async fn adjust(
    pool: &PgPool,
    context: &Context,
    request: StockTake,
) -> Result<i32, CorrectError> {
    crate::transact!(pool, CorrectError, |connection| {
        adjust_within(connection, context, &request).await
    })
}

/// [`adjust`] as a part of the caller's transaction.
pub(crate) async fn adjust_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &StockTake,
) -> Result<i32, CorrectError> {
    const COUNT_MAX: i64 = 1_000_000;
    let &StockTake { operation, location, variant, counted, basis, ref reason } = request;
    if !(0..=COUNT_MAX).contains(&counted) {
        return Err(CorrectError::CountOutOfRange);
    }
    level::lock_variants(connection, &[variant]).await?;
    let known = match basis {
        Basis::OnHand(known) if known < 0 => Err(CorrectError::CountOutOfRange)?,
        Basis::OnHand(known) => known,
        Basis::Version(version) => {
            let (known, now) = lock(connection, location, variant).await?;
            if now != version {
                Err(CorrectError::Changed { now })?;
            }
            known
        }
    };
    let delta =
        i32::try_from(counted - i64::from(known)).map_err(|_| CorrectError::CountOutOfRange)?;
    if delta == 0 {
        lock(connection, location, variant).await?;
    } else {
        let kind = if delta > 0 { "adjust_up" } else { "adjust_down" };
        let by = Correction { operation, location, variant, reason };
        write(connection, context, by, kind, delta.unsigned_abs()).await?;
        let event = StockAdjusted { variant, location, operation, delta };
        event::append(connection, context, variant, &event).await?;
    }
    Ok(delta)
}

/// Stock that is given up.
#[derive(Debug, Clone)]
pub struct WriteOff {
    /// Which write-off: written once, however often it is sent.
    pub operation: StockOperationId,
    /// Where.
    pub location: LocationId,
    /// Of which variant.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// Why.
    pub reason: Label,
}

/// Writes stock off that is broken, stolen or expired.
///
/// # Errors
/// There is no such level, or less would be left than is promised.
pub async fn write_off(
    pool: &PgPool,
    context: &Context,
    request: WriteOff,
) -> Result<(), CorrectError> {
    crate::transact!(pool, CorrectError, |connection| {
        write_off_within(connection, context, &request).await
    })
}

/// [`write_off`] as a part of the caller's transaction.
pub(crate) async fn write_off_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &WriteOff,
) -> Result<(), CorrectError> {
    let &WriteOff { operation, location, variant, quantity, ref reason } = request;
    level::lock_variants(connection, &[variant]).await?;
    let by = Correction { operation, location, variant, reason };
    write(connection, context, by, "write_off", quantity.get().unsigned_abs()).await?;
    let event = StockWrittenOff { variant, location, operation, quantity };
    event::append(connection, context, variant, &event).await?;
    Ok(())
}

/// What a movement says besides how much.
#[derive(Debug, Clone, Copy)]
struct Correction<'a> {
    operation: StockOperationId,
    location: LocationId,
    variant: VariantId,
    reason: &'a Label,
}

async fn write(
    connection: &mut PgConnection,
    context: &Context,
    by: Correction<'_>,
    kind: &str,
    quantity: u32,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO stock_movement
             (location_id, variant_id, kind, quantity, reason, operation_id, actor, at)
         VALUES ($1, $2, $3, $4::bigint, $5, $6, $7, $8)",
    )
    .bind(by.location)
    .bind(by.variant)
    .bind(kind)
    .bind(i64::from(quantity))
    .bind(by.reason)
    .bind(by.operation)
    .bind(context.actor().as_str())
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks a level and reads what is there and its version.
async fn lock(
    connection: &mut PgConnection,
    location: LocationId,
    variant: VariantId,
) -> Result<(i32, i64), CorrectError> {
    let level: Option<(i32, i64)> = sqlx::query_as(
        "SELECT on_hand, version FROM stock_level
          WHERE location_id = $1 AND variant_id = $2 FOR NO KEY UPDATE",
    )
    .bind(location)
    .bind(variant)
    .fetch_optional(connection)
    .await?;
    level.ok_or(CorrectError::NotFound)
}

/// How much of a variant may be promised at a location beyond what is there.
#[derive(Debug, Clone, Copy)]
pub struct SetBackorderLimit {
    /// Where.
    pub location: LocationId,
    /// Of which variant.
    pub variant: VariantId,
    /// How many.
    pub limit: i64,
}

/// Why a limit was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetBackorderLimitError {
    /// The location does not exist, or is deleted.
    #[error("there is no such location")]
    LocationNotFound,
    /// The variant does not exist, or is deleted.
    #[error("there is no such variant")]
    VariantNotFound,
    /// Negative, or more than a million.
    #[error("a backorder limit is from 0 to 1000000")]
    OutOfRange,
    /// More is promised beyond what is there already.
    #[error("more is promised already")]
    Promised,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SetBackorderLimitError {
    "stock_level_at_a_location" => SetBackorderLimitError::LocationNotFound,
    "stock_level_backorder_limit_in_range" => SetBackorderLimitError::OutOfRange,
    "stock_level_never_oversold" => SetBackorderLimitError::Promised,
});

/// Sets how much of a variant may be promised at a location beyond what is there.
///
/// # Errors
/// The location or variant is gone, or more is promised already.
pub async fn set_backorder_limit(
    pool: &PgPool,
    context: &Context,
    request: SetBackorderLimit,
) -> Result<(), SetBackorderLimitError> {
    let SetBackorderLimit { location, variant, limit } = request;
    let limit = i32::try_from(limit).map_err(|_| SetBackorderLimitError::OutOfRange)?;
    crate::transact!(pool, SetBackorderLimitError, |connection| {
        if level::lock_variants(connection, &[variant]).await?.is_some() {
            Err(SetBackorderLimitError::VariantNotFound)?;
        }
        let live: Option<bool> =
            sqlx::query_scalar("SELECT live FROM location WHERE id = $1 FOR KEY SHARE")
                .bind(location)
                .fetch_optional(&mut *connection)
                .await?;
        if live != Some(true) {
            Err(SetBackorderLimitError::LocationNotFound)?;
        }
        level::make(connection, location, &[variant]).await?;
        sqlx::query(
            "UPDATE stock_level SET backorder_limit = $3, version = version + 1
              WHERE location_id = $1 AND variant_id = $2",
        )
        .bind(location)
        .bind(variant)
        .bind(limit)
        .execute(&mut *connection)
        .await?;
        let event = BackorderLimitSet { variant, location, limit };
        event::append(connection, context, variant, &event).await?;
        Ok(())
    })
}
