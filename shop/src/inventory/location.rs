//! Locations: warehouses and stores.

use sqlx::PgPool;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::LocationId;
use crate::value::{Country, Label, Slug};

/// A location to be made.
#[derive(Debug, Clone)]
pub struct CreateLocation {
    /// Its code, unique among the living.
    pub code: Slug,
    /// Its name.
    pub name: Label,
    /// Where it is.
    pub country: Country,
    /// Which is served first when nothing else decides: the lower.
    pub priority: i32,
}

/// Why a location was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateLocationError {
    /// Another location has the code.
    #[error("another location has this code")]
    CodeTaken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateLocationError {
    "location_code_once" => CreateLocationError::CodeTaken,
});

/// Makes a location. Events tell of the stock that comes to it, not of the location itself.
///
/// # Errors
/// The code is taken.
pub async fn create_location(
    pool: &PgPool,
    context: &Context,
    request: CreateLocation,
) -> Result<LocationId, CreateLocationError> {
    let location: LocationId = context.id();
    sqlx::query(
        "INSERT INTO location (id, code, name, country, priority, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(location)
    .bind(&request.code)
    .bind(&request.name)
    .bind(request.country)
    .bind(request.priority)
    .bind(context.now())
    .execute(pool)
    .await?;
    Ok(location)
}

/// Why a location was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteLocationError {
    /// It does not exist, or is deleted already.
    #[error("there is no such location")]
    NotFound,
    /// There is stock, or a promise of stock.
    #[error("the location is in use")]
    InUse,
    /// The clock is behind the time at which it was made.
    #[error("the location was made later than now")]
    NotYetMade,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DeleteLocationError {
    "stock_level_in_use_at_a_live_location" => DeleteLocationError::InUse,
    "location_deleted_after_creation" => DeleteLocationError::NotYetMade,
});

/// Deletes a location that has nothing. Its row stays, because movements name it.
///
/// # Errors
/// It is gone, or in use.
pub async fn delete_location(
    pool: &PgPool,
    context: &Context,
    location: LocationId,
) -> Result<(), DeleteLocationError> {
    let deleted =
        sqlx::query("UPDATE location SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
            .bind(location)
            .bind(context.now())
            .execute(pool)
            .await?;
    if deleted.rows_affected() == 0 { Err(DeleteLocationError::NotFound) } else { Ok(()) }
}
