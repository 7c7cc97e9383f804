//! Products: making, changing and deleting them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::PgPool;

use super::events::product::{ProductCreated, ProductDeleted, ProductUpdated};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::ProductId;
use crate::value::{Label, Slug, TextError};

/// How many characters a description may have.
const DESCRIPTION_MAX: usize = 20_000;

/// What a product is, in as many lines as it takes, at most 20,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(Arc<str>);

impl Description {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Description {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let max = DESCRIPTION_MAX;
        if text.len() > max * 4 || text.chars().count() > max {
            return Err(TextError::TooLong { max });
        }
        let line_break = |character: char| matches!(character, '\n' | '\t' | '\r');
        if text.chars().any(|character| character.is_control() && !line_break(character)) {
            return Err(TextError::Control);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::value::stored_as_text!(Description, "Description", {
    "type": "string", "maxLength": 20_000
});

/// Whether a product is offered.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being prepared.
    Draft,
    /// On sale.
    Active,
    /// No longer on sale.
    Archived,
}

impl ProductStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[Self::Draft, Self::Active, Self::Archived];

    /// As the database writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }
}

/// A product to be made.
#[derive(Debug, Clone)]
pub struct CreateProduct {
    /// Its name.
    pub title: Label,
    /// What it is.
    pub description: Option<Description>,
    /// How it is taxed.
    pub tax_class: Slug,
    /// Whether it is offered.
    pub status: ProductStatus,
}

/// Why a product was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateProductError {
    /// No class has this code.
    #[error("there is no such tax class")]
    UnknownTaxClass,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateProductError {
    "product_taxed_by_a_class" => CreateProductError::UnknownTaxClass,
});

/// Makes a product.
///
/// # Errors
/// Its tax class does not exist.
pub async fn create_product(
    pool: &PgPool,
    context: &Context,
    request: CreateProduct,
) -> Result<ProductId, CreateProductError> {
    let product: ProductId = context.id();
    crate::transact!(pool, CreateProductError, |connection| {
        sqlx::query(
            "INSERT INTO product (id, title, description, tax_class, status, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(product)
        .bind(&request.title)
        .bind(&request.description)
        .bind(&request.tax_class)
        .bind(request.status.as_str())
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        let event = ProductCreated {
            product,
            tax_class: request.tax_class.clone(),
            status: request.status,
        };
        event::append(connection, context, product, &event).await?;
        Ok(product)
    })
}

/// A change of a product; what is none stays.
#[derive(Debug, Clone)]
pub struct UpdateProduct {
    /// Which.
    pub product: ProductId,
    /// The version that the change was made on.
    pub version: i64,
    /// Its new name.
    pub title: Option<Label>,
    /// Its new description.
    pub description: Option<Description>,
    /// Its new class.
    pub tax_class: Option<Slug>,
    /// Its new status.
    pub status: Option<ProductStatus>,
}

/// Why a product was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateProductError {
    /// It does not exist, or is deleted.
    #[error("there is no such product")]
    NotFound,
    /// Somebody else changed it in the meantime.
    #[error("the product was changed in the meantime: its version is {now}")]
    Changed {
        /// Its version now.
        now: i64,
    },
    /// No class has this code.
    #[error("there is no such tax class")]
    UnknownTaxClass,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(UpdateProductError {
    "product_taxed_by_a_class" => UpdateProductError::UnknownTaxClass,
});

/// Changes a product, if it still has the version that the change was made on. Gives the new one.
///
/// # Errors
/// It is gone, or somebody was faster.
pub async fn update_product(
    pool: &PgPool,
    context: &Context,
    request: UpdateProduct,
) -> Result<i64, UpdateProductError> {
    let product = request.product;
    crate::transact!(pool, UpdateProductError, |connection| {
        let updated: Option<i64> = sqlx::query_scalar(
            "UPDATE product
                SET title = coalesce($3, title), description = coalesce($4, description),
                    tax_class = coalesce($5, tax_class), status = coalesce($6, status),
                    version = version + 1
              WHERE id = $1 AND version = $2 AND deleted_at IS NULL
             RETURNING version",
        )
        .bind(product)
        .bind(request.version)
        .bind(&request.title)
        .bind(&request.description)
        .bind(&request.tax_class)
        .bind(request.status.map(ProductStatus::as_str))
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(version) = updated {
            let event = ProductUpdated { product, version };
            event::append(connection, context, product, &event).await?;
            Ok(version)
        } else {
            let now: Option<i64> =
                sqlx::query_scalar("SELECT version FROM product WHERE id = $1 AND live")
                    .bind(product)
                    .fetch_optional(&mut *connection)
                    .await?;
            Err(now.map_or(UpdateProductError::NotFound, |now| UpdateProductError::Changed { now }))
        }
    })
}

/// Why a product was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteProductError {
    /// It does not exist, or is deleted already.
    #[error("there is no such product")]
    NotFound,
    /// It has variants that are not deleted.
    #[error("the product has variants")]
    HasVariants,
    /// The clock is behind the time at which it was made.
    #[error("the product was made later than now")]
    NotYetMade,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DeleteProductError {
    "variant_of_a_live_product" => DeleteProductError::HasVariants,
    "product_deleted_after_creation" => DeleteProductError::NotYetMade,
});

/// Deletes a product. Its row stays, because orders may name its variants.
///
/// # Errors
/// It is gone, or has variants.
pub async fn delete_product(
    pool: &PgPool,
    context: &Context,
    product: ProductId,
) -> Result<(), DeleteProductError> {
    crate::transact!(pool, DeleteProductError, |connection| {
        let deleted = sqlx::query(
            "UPDATE product SET deleted_at = $2, version = version + 1
              WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(product)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        if deleted.rows_affected() == 0 {
            Err(DeleteProductError::NotFound)?;
        }
        event::append(connection, context, product, &ProductDeleted { product }).await?;
        Ok(())
    })
}
