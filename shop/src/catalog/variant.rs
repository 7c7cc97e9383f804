//! Variants: making and deleting them.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row};

use super::Sku;
use super::events::variant::{VariantCreated, VariantDeleted};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{ProductId, VariantId};
use crate::value::Label;

/// One sellable form of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Which.
    pub id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// Its code.
    pub sku: Sku,
    /// Its name.
    pub title: Label,
    /// Whether it is counted; what is not can always be had.
    pub track_inventory: bool,
    /// What one unit weighs, in grams.
    pub weight_g: Option<i32>,
    /// Its version.
    pub version: i64,
}

impl FromRow<'_, PgRow> for Variant {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            product_id: row.try_get("product_id")?,
            sku: row.try_get("sku")?,
            title: row.try_get("title")?,
            track_inventory: row.try_get("track_inventory")?,
            weight_g: row.try_get("weight_g")?,
            version: row.try_get("version")?,
        })
    }
}

/// A variant to be made.
#[derive(Debug, Clone)]
pub struct CreateVariant {
    /// Of which product.
    pub product: ProductId,
    /// Its code, unique among the living.
    pub sku: Sku,
    /// Its name.
    pub title: Label,
    /// Whether it is counted.
    pub track_inventory: bool,
    /// What one unit weighs, in grams.
    pub weight_g: Option<i32>,
}

/// Why a variant was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateVariantError {
    /// The product does not exist, or is deleted.
    #[error("there is no such product")]
    ProductNotFound,
    /// Another variant has the code.
    #[error("another variant has this sku")]
    SkuTaken,
    /// Less than nothing.
    #[error("a weight is not negative")]
    NegativeWeight,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateVariantError {
    "variant_of_a_product" => CreateVariantError::ProductNotFound,
    "variant_of_a_live_product" => CreateVariantError::ProductNotFound,
    "variant_sku_once" => CreateVariantError::SkuTaken,
    "variant_weight_not_negative" => CreateVariantError::NegativeWeight,
});

/// Makes a variant of a product.
///
/// # Errors
/// The product is gone, or the code is taken.
pub async fn create_variant(
    pool: &PgPool,
    context: &Context,
    request: CreateVariant,
) -> Result<VariantId, CreateVariantError> {
    let variant: VariantId = context.id();
    crate::transact!(pool, CreateVariantError, |connection| {
        sqlx::query(
            "INSERT INTO variant
                 (id, product_id, sku, title, track_inventory, weight_g, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(variant)
        .bind(request.product)
        .bind(&request.sku)
        .bind(&request.title)
        .bind(request.track_inventory)
        .bind(request.weight_g)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        let event = VariantCreated {
            variant,
            product: request.product,
            sku: request.sku.clone(),
            track_inventory: request.track_inventory,
        };
        event::append(connection, context, variant, &event).await?;
        Ok(variant)
    })
}

/// Why a variant was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteVariantError {
    /// It does not exist, or is deleted already.
    #[error("there is no such variant")]
    NotFound,
    /// It lies in a cart that is open.
    #[error("the variant is in an open cart")]
    InAnOpenCart,
    /// The clock is behind the time at which it was made.
    #[error("the variant was made later than now")]
    NotYetMade,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DeleteVariantError {
    "cart_line_of_a_live_variant" => DeleteVariantError::InAnOpenCart,
    "variant_deleted_after_creation" => DeleteVariantError::NotYetMade,
});

/// Deletes a variant. Its row stays, because orders may name it; its code is free again.
///
/// # Errors
/// It is gone, or lies in an open cart.
pub async fn delete_variant(
    pool: &PgPool,
    context: &Context,
    variant: VariantId,
) -> Result<(), DeleteVariantError> {
    crate::transact!(pool, DeleteVariantError, |connection| {
        let deleted = sqlx::query(
            "UPDATE variant SET deleted_at = $2, version = version + 1
              WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(variant)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        if deleted.rows_affected() == 0 {
            Err(DeleteVariantError::NotFound)?;
        }
        event::append(connection, context, variant, &VariantDeleted { variant }).await?;
        Ok(())
    })
}

/// Locks a living variant until the transaction ends; what is written about it waits. None: there
/// is no such variant.
pub(super) async fn lock(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Option<VariantId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM variant WHERE id = $1 AND live FOR NO KEY UPDATE")
        .bind(variant)
        .fetch_optional(connection)
        .await
}
