//! The address book of a customer.

use sqlx::{PgConnection, PgPool};

use super::Postcode;
use super::events::{AddressAdded, AddressRemoved, DefaultAddressSet};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{AddressId, CustomerId};
use crate::value::{Country, Label};

/// What an address is for.
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
pub enum AddressKind {
    /// Where parcels go.
    Shipping,
    /// Where bills go.
    Billing,
}

impl AddressKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Shipping, Self::Billing];

    /// As the database writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Billing => "billing",
        }
    }

    fn read(text: &str) -> Result<Self, sqlx::Error> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode("no kind of address".into()))
    }
}

/// Where somebody lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostalAddress {
    /// Who.
    pub recipient: Label,
    /// Street and number.
    pub line1: Label,
    /// What the first line did not hold.
    pub line2: Option<Label>,
    /// The city.
    pub city: Label,
    /// State, province, canton.
    pub region: Option<Label>,
    /// The postcode, where there are any.
    pub postcode: Option<Postcode>,
    /// The country.
    pub country: Country,
}

/// An address for the book.
#[derive(Debug, Clone)]
pub struct AddAddress {
    /// Whose.
    pub customer: CustomerId,
    /// For what.
    pub kind: AddressKind,
    /// Where.
    pub address: PostalAddress,
    /// Whether it is the one to begin with. The first of its kind is anyway.
    pub default: bool,
}

/// Why an address was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddAddressError {
    /// The customer does not exist, or is deleted.
    #[error("there is no such customer")]
    CustomerNotFound,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(AddAddressError {
    "address_of_a_customer" => AddAddressError::CustomerNotFound,
});

/// Adds an address. Of each kind one is the default: the first, until another is set.
///
/// # Errors
/// The customer is gone.
pub async fn add_address(
    pool: &PgPool,
    context: &Context,
    request: AddAddress,
) -> Result<AddressId, AddAddressError> {
    let id: AddressId = context.id();
    let AddAddress { customer, kind, ref address, default } = request;
    crate::transact!(pool, AddAddressError, |connection| {
        lock(connection, customer).await?.ok_or(AddAddressError::CustomerNotFound)?;
        if default {
            clear_default(connection, customer, kind).await?;
        }
        sqlx::query(
            "INSERT INTO address (id, customer_id, kind, is_default, recipient, line1, line2, city,
                                  region, postcode, country, created_at)
             SELECT $1, $2, $3, NOT EXISTS (SELECT FROM address WHERE customer_id = $2
                                               AND kind = $3 AND is_default),
                    $4, $5, $6, $7, $8, $9, $10, $11",
        )
        .bind(id)
        .bind(customer)
        .bind(kind.as_str())
        .bind(&address.recipient)
        .bind(&address.line1)
        .bind(&address.line2)
        .bind(&address.city)
        .bind(&address.region)
        .bind(&address.postcode)
        .bind(address.country)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        let event = AddressAdded { customer, address: id, kind };
        event::append(connection, context, customer, &event).await?;
        Ok(id)
    })
}

/// Why an address was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The customer does not exist, or is deleted.
    #[error("there is no such customer")]
    CustomerNotFound,
    /// It does not exist, or is somebody else's.
    #[error("there is no such address")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(AddressError {});

/// Makes an address the one to begin with for its kind.
///
/// # Errors
/// The customer or the address is gone, or it is somebody else's.
pub async fn set_default_address(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
    address: AddressId,
) -> Result<(), AddressError> {
    crate::transact!(pool, AddressError, |connection| {
        lock(connection, customer).await?.ok_or(AddressError::CustomerNotFound)?;
        let kind: Option<String> =
            sqlx::query_scalar("SELECT kind FROM address WHERE id = $1 AND customer_id = $2")
                .bind(address)
                .bind(customer)
                .fetch_optional(&mut *connection)
                .await?;
        let kind = AddressKind::read(&kind.ok_or(AddressError::NotFound)?)?;
        clear_default(connection, customer, kind).await?;
        sqlx::query("UPDATE address SET is_default = true WHERE id = $1")
            .bind(address)
            .execute(&mut *connection)
            .await?;
        let event = DefaultAddressSet { customer, address, kind };
        event::append(connection, context, customer, &event).await?;
        Ok(())
    })
}

/// Takes an address out of the book. If it was the default, the oldest of its kind becomes it.
///
/// # Errors
/// The customer or the address is gone, or it is somebody else's.
pub async fn remove_address(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
    address: AddressId,
) -> Result<(), AddressError> {
    crate::transact!(pool, AddressError, |connection| {
        lock(connection, customer).await?.ok_or(AddressError::CustomerNotFound)?;
        let removed: Option<(String, bool)> = sqlx::query_as(
            "DELETE FROM address WHERE id = $1 AND customer_id = $2 RETURNING kind, is_default",
        )
        .bind(address)
        .bind(customer)
        .fetch_optional(&mut *connection)
        .await?;
        let (kind, was_default) = removed.ok_or(AddressError::NotFound)?;
        if was_default {
            sqlx::query(
                "UPDATE address SET is_default = true
                  WHERE id = (SELECT id FROM address WHERE customer_id = $1 AND kind = $2
                               ORDER BY created_at, id LIMIT 1)",
            )
            .bind(customer)
            .bind(kind)
            .execute(&mut *connection)
            .await?;
        }
        let event = AddressRemoved { customer, address };
        event::append(connection, context, customer, &event).await?;
        Ok(())
    })
}

/// Locks a customer who is not deleted until the transaction ends, so that their address book
/// changes one step at a time.
async fn lock(
    connection: &mut PgConnection,
    customer: CustomerId,
) -> Result<Option<CustomerId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM customer WHERE id = $1 AND live FOR NO KEY UPDATE")
        .bind(customer)
        .fetch_optional(connection)
        .await
}

async fn clear_default(
    connection: &mut PgConnection,
    customer: CustomerId,
    kind: AddressKind,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE address SET is_default = false
          WHERE customer_id = $1 AND kind = $2 AND is_default",
    )
    .bind(customer)
    .bind(kind.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
