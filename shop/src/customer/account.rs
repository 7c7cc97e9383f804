//! Accounts: registering, changing and deleting them.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};

use super::events::{CustomerDeleted, CustomerRegistered, CustomerUpdated};
use super::{Email, Phone};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{CustomerId, Id as _};
use crate::value::Label;

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Who.
    pub id: CustomerId,
    /// Where to write to.
    pub email: Email,
    /// The name.
    pub name: Option<Label>,
    /// Where to call.
    pub phone: Option<Phone>,
    /// The version, for a change that must not overwrite another.
    pub version: i64,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// A person who wants an account.
#[derive(Debug, Clone)]
pub struct Register {
    /// Where to write to; one account per address.
    pub email: Email,
    /// The name.
    pub name: Option<Label>,
    /// Where to call.
    pub phone: Option<Phone>,
}

/// Why somebody was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another account has the address.
    #[error("another customer has this email")]
    EmailTaken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(RegisterError {
    "customer_email_once" => RegisterError::EmailTaken,
});

/// Gives a person an account.
///
/// # Errors
/// The email is that of another.
pub async fn register(
    pool: &PgPool,
    context: &Context,
    request: Register,
) -> Result<CustomerId, RegisterError> {
    let customer: CustomerId = context.id();
    crate::transact!(pool, RegisterError, |connection| {
        sqlx::query(
            "INSERT INTO customer (id, email, name, phone, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(customer)
        .bind(&request.email)
        .bind(&request.name)
        .bind(&request.phone)
        .bind(context.now())
        .execute(&mut *connection)
        .await?;
        event::append(connection, context, customer, &CustomerRegistered { customer }).await?;
        Ok(customer)
    })
}

/// A change of an account; all of its fields are replaced.
#[derive(Debug, Clone)]
pub struct Update {
    /// Whose.
    pub customer: CustomerId,
    /// The version that the change was made on.
    pub version: i64,
    /// Where to write to.
    pub email: Email,
    /// The name.
    pub name: Option<Label>,
    /// Where to call.
    pub phone: Option<Phone>,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// It does not exist, or is deleted.
    #[error("there is no such customer")]
    NotFound,
    /// Somebody else changed it in the meantime.
    #[error("the customer was changed in the meantime: the version is {now}")]
    Changed {
        /// Its version now.
        now: i64,
    },
    /// Another account has the address.
    #[error("another customer has this email")]
    EmailTaken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(UpdateError {
    "customer_email_once" => UpdateError::EmailTaken,
});

/// Changes an account, if it still has the version that the change was made on. Gives the new one.
///
/// # Errors
/// It is gone, somebody was faster, or the email is that of another.
pub async fn update(pool: &PgPool, context: &Context, request: Update) -> Result<i64, UpdateError> {
    let customer = request.customer;
    crate::transact!(pool, UpdateError, |connection| {
        let updated: Option<i64> = sqlx::query_scalar(
            "UPDATE customer SET email = $3, name = $4, phone = $5, version = version + 1
              WHERE id = $1 AND version = $2 AND deleted_at IS NULL
             RETURNING version",
        )
        .bind(customer)
        .bind(request.version)
        .bind(&request.email)
        .bind(&request.name)
        .bind(&request.phone)
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(version) = updated {
            let event = CustomerUpdated { customer, version };
            event::append(connection, context, customer, &event).await?;
            Ok(version)
        } else {
            let now: Option<i64> =
                sqlx::query_scalar("SELECT version FROM customer WHERE id = $1 AND live")
                    .bind(customer)
                    .fetch_optional(&mut *connection)
                    .await?;
            Err(now.map_or(UpdateError::NotFound, |now| UpdateError::Changed { now }))
        }
    })
}

/// Why an account was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// It does not exist, or is deleted already.
    #[error("there is no such customer")]
    NotFound,
    /// A cart of the customer is open or in checkout.
    #[error("the customer has an open cart")]
    HasAnOpenCart,
    /// A way to pay is stored.
    #[error("the customer has stored payment methods")]
    HasPaymentMethods,
    /// The clock is behind the time at which the account was made.
    #[error("the customer was registered later than now")]
    NotYetMade,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DeleteError {
    "cart_of_a_live_customer" => DeleteError::HasAnOpenCart,
    "payment_method_of_a_live_customer" => DeleteError::HasPaymentMethods,
    "customer_deleted_after_creation" => DeleteError::NotYetMade,
});

/// Deletes an account: its personal fields are overwritten, its addresses are gone. The row stays,
/// because orders name it.
///
/// # Errors
/// It is gone, or something still needs it.
pub async fn delete(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
) -> Result<(), DeleteError> {
    crate::transact!(pool, DeleteError, |connection| {
        let deleted = sqlx::query(
            "UPDATE customer
                SET deleted_at = $2, email = $3, name = NULL, phone = NULL, version = version + 1
              WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(customer)
        .bind(context.now())
        .bind(format!("{}@deleted.invalid", customer.uuid().simple()))
        .execute(&mut *connection)
        .await?;
        if deleted.rows_affected() == 0 {
            Err(DeleteError::NotFound)?;
        }
        sqlx::query("DELETE FROM address WHERE customer_id = $1")
            .bind(customer)
            .execute(&mut *connection)
            .await?;
        event::append(connection, context, customer, &CustomerDeleted { customer }).await?;
        Ok(())
    })
}

/// A customer who is not deleted. None: there is no such customer.
///
/// # Errors
/// The database failed.
pub async fn find(
    connection: &mut PgConnection,
    customer: CustomerId,
) -> Result<Option<Customer>, DatabaseError> {
    let row = sqlx::query(
        "SELECT id, email, name::text, phone, version, created_at
           FROM customer WHERE id = $1 AND live",
    )
    .bind(customer)
    .fetch_optional(connection)
    .await?;
    let read = |row: sqlx::postgres::PgRow| {
        Ok::<_, sqlx::Error>(Customer {
            id: row.try_get(0)?,
            email: row.try_get(1)?,
            name: row.try_get(2)?,
            phone: row.try_get(3)?,
            version: row.try_get(4)?,
            created_at: row.try_get(5)?,
        })
    };
    Ok(row.map(read).transpose()?)
}
