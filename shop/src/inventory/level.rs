//! Levels: making them, and what is written about the stock of a variant one at a time.

use std::collections::HashSet;

use sqlx::PgConnection;

use crate::id::{LocationId, VariantId};

/// Locks living variants in the order of their ids until the transaction ends, because their
/// events will be numbered. Gives one that does not exist or is deleted, if there is any.
///
/// Reservations do not number events of variants, so a sale never waits here.
pub(super) async fn lock_variants(
    connection: &mut PgConnection,
    variants: &[VariantId],
) -> Result<Option<VariantId>, sqlx::Error> {
    let found: Vec<VariantId> = sqlx::query_scalar(
        "SELECT id FROM variant WHERE id = ANY ($1) AND live ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(variants)
    .fetch_all(connection)
    .await?;
    let found: HashSet<VariantId> = found.into_iter().collect();
    Ok(variants.iter().copied().find(|variant| !found.contains(variant)))
}

/// Makes the levels of variants at a location that are not there yet; they begin empty.
pub(super) async fn make(
    connection: &mut PgConnection,
    location: LocationId,
    variants: &[VariantId],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO stock_level (location_id, variant_id)
         SELECT $1, variant_id FROM unnest($2::uuid[]) AS line (variant_id) ORDER BY variant_id
         ON CONFLICT DO NOTHING",
    )
    .bind(location)
    .bind(variants)
    .execute(connection)
    .await?;
    Ok(())
}
