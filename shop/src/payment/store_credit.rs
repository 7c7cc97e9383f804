//! Gift cards and store credit: issued here, spent through the internal provider.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row};

use super::events::store_credit::CreditIssued;
use super::method::GiftCardCode;
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{CustomerId, StoreCreditEntryId, StoreCreditId};
use crate::money::{Currency, Money, MoneyError};

/// What an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What was put in.
    pub issued: Money,
    /// What payments have claimed.
    pub held: Money,
    /// What payments have taken.
    pub spent: Money,
    /// What can still be claimed.
    pub available: Money,
}

/// Why an account was not opened or read.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// Nothing, or less.
    #[error("the amount is not more than zero")]
    NotPositive,
    /// It ends before it begins.
    #[error("the account would have expired already")]
    ExpiresInThePast,
    /// There is no such customer.
    #[error("there is no such customer")]
    NoCustomer,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Money out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreditError {
    "positive_amount_in_range" => CreditError::NotPositive,
    "store_credit_expires_after_creation" => CreditError::ExpiresInThePast,
    "store_credit_of_a_customer" => CreditError::NoCustomer,
});

/// Issues a gift card. The code is shown now and never again.
///
/// # Errors
/// See [`CreditError`].
pub async fn issue_gift_card(
    connection: &mut PgConnection,
    context: &Context,
    amount: Money,
    customer: Option<CustomerId>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(StoreCreditId, GiftCardCode), CreditError> {
    let code = GiftCardCode::random();
    let digest = code.digest().to_vec();
    let id = open(connection, context, amount, customer, expires_at, Some(digest)).await?;
    Ok((id, code))
}

/// Gives a customer credit.
///
/// # Errors
/// See [`CreditError`].
pub async fn give_credit(
    connection: &mut PgConnection,
    context: &Context,
    amount: Money,
    customer: CustomerId,
    expires_at: Option<DateTime<Utc>>,
) -> Result<StoreCreditId, CreditError> {
    open(connection, context, amount, Some(customer), expires_at, None).await
}

async fn open(
    connection: &mut PgConnection,
    context: &Context,
    amount: Money,
    customer: Option<CustomerId>,
    expires_at: Option<DateTime<Utc>>,
    digest: Option<Vec<u8>>,
) -> Result<StoreCreditId, CreditError> {
    if amount.minor() < 1 {
        return Err(CreditError::NotPositive);
    }
    let id: StoreCreditId = context.id();
    let kind = if digest.is_some() { "gift_card" } else { "store_credit" };
    sqlx::query(
        "INSERT INTO store_credit (id, customer_id, kind, currency, code_hash, created_at,
                                   expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(customer)
    .bind(kind)
    .bind(amount.currency())
    .bind(digest)
    .bind(context.now())
    .bind(expires_at)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO store_credit_entry (id, store_credit_id, currency, kind, amount, actor, at)
         VALUES ($1, $2, $3, 'issue', $4, $5, $6)",
    )
    .bind(context.id::<StoreCreditEntryId>())
    .bind(id)
    .bind(amount.currency())
    .bind(amount.minor())
    .bind(context.actor().as_str())
    .bind(context.now())
    .execute(&mut *connection)
    .await?;
    let issued = CreditIssued { store_credit: id, customer, amount };
    event::append(connection, context, id, &issued).await?;
    Ok(id)
}

/// What an account holds now.
///
/// # Errors
/// [`CreditError::NotFound`].
pub async fn balance(
    connection: &mut PgConnection,
    account: StoreCreditId,
) -> Result<Balance, CreditError> {
    let row = sqlx::query(
        "SELECT currency, issued::bigint, held::bigint, spent::bigint FROM store_credit
          WHERE id = $1",
    )
    .bind(account)
    .fetch_optional(connection)
    .await?
    .ok_or(CreditError::NotFound)?;
    let currency: Currency = row.try_get(0)?;
    let money = |column: usize| -> Result<Money, CreditError> {
        Ok(Money::new(row.try_get(column)?, currency)?)
    };
    let (issued, held, spent) = (money(1)?, money(2)?, money(3)?);
    let available = issued.minus(held)?.minus(spent)?;
    Ok(Balance { issued, held, spent, available })
}
