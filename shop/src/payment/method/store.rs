//! Methods that a customer keeps: stored, preferred, deleted.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};

use super::{GiftCardCode, NewMethod};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{CustomerId, PaymentMethodId, StoreCreditId};
use crate::payment::MethodType;
use crate::payment::events::method::{MethodDeleted, MethodPreferred, MethodStored};
use crate::payment::provider::{Provider, Sensitive, TokenizeError};

/// A method to store.
#[derive(Debug, Clone)]
pub struct StoreMethod {
    /// Whose.
    pub customer: CustomerId,
    /// What the customer gave.
    pub method: NewMethod,
    /// Whether it is offered first from now on.
    pub preferred: bool,
}

/// What is kept of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMethod {
    /// Its id.
    pub id: PaymentMethodId,
    /// Its type.
    pub method_type: MethodType,
    /// The brand of the card, or the wallet, bank, lender or scheme.
    pub brand: Option<String>,
    /// The last four digits of the card or account.
    pub last4: Option<String>,
}

/// Why a method was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreMethodError {
    /// The provider is not the one of methods of this type.
    #[error("methods of this type are not kept by this provider")]
    WrongProvider,
    /// The provider gave no token.
    #[error(transparent)]
    Tokenize(#[from] TokenizeError),
    /// The customer has stored the same card or account already.
    #[error("the customer has stored this already")]
    AlreadyStored,
    /// There is no such customer.
    #[error("there is no such customer")]
    NoCustomer,
    /// The customer was deleted.
    #[error("the customer was deleted")]
    CustomerDeleted,
    /// No gift card has this code, or no credit this id.
    #[error("there is no such account")]
    NoAccount,
    /// The credit is another customer's.
    #[error("the account is somebody else's")]
    ForeignAccount,
    /// Its time is over.
    #[error("the account has expired")]
    AccountExpired,
    /// A card that expired while it was stored.
    #[error("the card has expired")]
    CardExpired,
    /// What the provider gave cannot be stored, because it looks like the number of a card.
    #[error("the provider's token looks like the number of a card")]
    TokenLooksLikeACard,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(StoreMethodError {
    "payment_method_once_per_customer" => StoreMethodError::AlreadyStored,
    "payment_method_of_a_customer" => StoreMethodError::NoCustomer,
    "payment_method_of_a_live_customer" => StoreMethodError::CustomerDeleted,
    "payment_method_stores_no_card_number" => StoreMethodError::TokenLooksLikeACard,
});

/// What goes into the row.
#[derive(Debug, Default)]
struct Kept {
    token: Option<String>,
    brand: Option<String>,
    last4: Option<String>,
    expiry: Option<(i16, i16)>,
    fingerprint: Option<String>,
    mandate: Option<String>,
}

/// Stores a way to pay. Numbers go to the provider, which gives a token for them.
///
/// # Errors
/// See [`StoreMethodError`].
pub async fn store_method(
    pool: &PgPool,
    context: &Context,
    provider: &dyn Provider,
    request: StoreMethod,
) -> Result<StoredMethod, StoreMethodError> {
    let method_type = request.method.method_type();
    if !method_type.is_kept_by(provider.code()) {
        return Err(StoreMethodError::WrongProvider);
    }
    let kept = keep(context, provider, &request.method).await?;
    let id: PaymentMethodId = context.id();
    let customer = request.customer;
    crate::transact!(pool, StoreMethodError, |connection| {
        // The customer's row first: it numbers the event, and orders what is stored at once.
        lock_customer(connection, customer).await?;
        let account = account_of(connection, context, customer, &request.method).await?;
        if request.preferred {
            forget_default(connection, customer).await?;
        }
        insert(connection, context, (id, provider.code(), account), &request, &kept).await?;
        let stored = MethodStored { customer, method: id, method_type };
        event::append(&mut *connection, context, customer, &stored).await?;
        Ok(())
    })?;
    Ok(StoredMethod { id, method_type, brand: kept.brand, last4: kept.last4 })
}

async fn keep(
    context: &Context,
    provider: &dyn Provider,
    method: &NewMethod,
) -> Result<Kept, StoreMethodError> {
    Ok(match method {
        NewMethod::Card(card) => {
            card.expiry().check(context.now()).map_err(|_| StoreMethodError::CardExpired)?;
            let tokenized = provider.tokenize(Sensitive::Card(card)).await?;
            Kept {
                token: Some(tokenized.token.reveal().to_owned()),
                brand: Some(card.number().brand().as_str().to_owned()),
                last4: Some(card.number().last4().to_owned()),
                expiry: Some((card.expiry().month(), card.expiry().year())),
                fingerprint: Some(tokenized.fingerprint.as_str().to_owned()),
                mandate: None,
            }
        }
        NewMethod::BankDebit { account, mandate } => {
            let tokenized = provider.tokenize(Sensitive::Account(account)).await?;
            Kept {
                token: Some(tokenized.token.reveal().to_owned()),
                last4: Some(account.last4()),
                fingerprint: Some(tokenized.fingerprint.as_str().to_owned()),
                mandate: Some(mandate.as_str().to_owned()),
                ..Kept::default()
            }
        }
        NewMethod::Wallet { wallet, token } => Kept {
            token: Some(token.reveal().to_owned()),
            brand: Some(wallet.as_str().to_owned()),
            ..Kept::default()
        },
        NewMethod::PayLater { lender, token } => Kept {
            token: Some(token.reveal().to_owned()),
            brand: Some(lender.as_str().to_owned()),
            ..Kept::default()
        },
        NewMethod::BankRedirect { bank: name } | NewMethod::Voucher { scheme: name } => {
            Kept { brand: Some(name.as_str().to_owned()), ..Kept::default() }
        }
        NewMethod::BankTransfer
        | NewMethod::GiftCard(_)
        | NewMethod::StoreCredit { .. }
        | NewMethod::CashOnDelivery => Kept::default(),
    })
}

async fn insert(
    connection: &mut PgConnection,
    context: &Context,
    (id, provider, account): (PaymentMethodId, &str, Option<StoreCreditId>),
    request: &StoreMethod,
    kept: &Kept,
) -> Result<(), StoreMethodError> {
    sqlx::query(
        "INSERT INTO payment_method (id, customer_id, type, provider, token, brand, last4,
                exp_month, exp_year, fingerprint, mandate, store_credit_id, is_default, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(id)
    .bind(request.customer)
    .bind(request.method.method_type())
    .bind(provider)
    .bind(kept.token.as_deref())
    .bind(kept.brand.as_deref())
    .bind(kept.last4.as_deref())
    .bind(kept.expiry.map(|expiry| expiry.0))
    .bind(kept.expiry.map(|expiry| expiry.1))
    .bind(kept.fingerprint.as_deref())
    .bind(kept.mandate.as_deref())
    .bind(account)
    .bind(request.preferred)
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

async fn lock_customer(
    connection: &mut PgConnection,
    customer: CustomerId,
) -> Result<(), StoreMethodError> {
    let live: Option<bool> =
        sqlx::query_scalar("SELECT live FROM customer WHERE id = $1 FOR NO KEY UPDATE")
            .bind(customer)
            .fetch_optional(connection)
            .await?
            .map(|live: Option<bool>| live.unwrap_or(false));
    match live {
        None => Err(StoreMethodError::NoCustomer),
        Some(false) => Err(StoreMethodError::CustomerDeleted),
        Some(true) => Ok(()),
    }
}

/// The account that the method draws on, if it is one of ours.
async fn account_of(
    connection: &mut PgConnection,
    context: &Context,
    customer: CustomerId,
    method: &NewMethod,
) -> Result<Option<StoreCreditId>, StoreMethodError> {
    let row = match method {
        NewMethod::GiftCard(code) => {
            find_gift_card(connection, code).await?.ok_or(StoreMethodError::NoAccount)?
        }
        NewMethod::StoreCredit { account } => {
            let row = sqlx::query("SELECT customer_id, expires_at FROM store_credit WHERE id = $1")
                .bind(account)
                .fetch_optional(connection)
                .await?
                .ok_or(StoreMethodError::NoAccount)?;
            if row.try_get::<Option<CustomerId>, _>(0)? != Some(customer) {
                return Err(StoreMethodError::ForeignAccount);
            }
            (*account, row.try_get(1)?)
        }
        _ => return Ok(None),
    };
    match row {
        (_, Some(end)) if end <= context.now() => Err(StoreMethodError::AccountExpired),
        (account, _) => Ok(Some(account)),
    }
}

async fn find_gift_card(
    connection: &mut PgConnection,
    code: &GiftCardCode,
) -> Result<Option<(StoreCreditId, Option<DateTime<Utc>>)>, sqlx::Error> {
    sqlx::query_as("SELECT id, expires_at FROM store_credit WHERE code_hash = $1")
        .bind(code.digest().to_vec())
        .fetch_optional(connection)
        .await
}

async fn forget_default(
    connection: &mut PgConnection,
    customer: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE payment_method SET is_default = false
          WHERE customer_id = $1 AND is_default AND deleted_at IS NULL",
    )
    .bind(customer)
    .execute(connection)
    .await?;
    Ok(())
}

/// Why a stored method was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeMethodError {
    /// The customer has no such method, or has deleted it.
    #[error("the customer has no such method")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ChangeMethodError {});

/// Offers this method first from now on.
///
/// # Errors
/// [`ChangeMethodError::NotFound`], also for another customer's method.
pub async fn set_default_method(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
    method: PaymentMethodId,
) -> Result<(), ChangeMethodError> {
    crate::transact!(pool, ChangeMethodError, |connection| {
        sqlx::query("SELECT FROM customer WHERE id = $1 FOR NO KEY UPDATE")
            .bind(customer)
            .execute(&mut *connection)
            .await?;
        forget_default(connection, customer).await?;
        let changed = sqlx::query(
            "UPDATE payment_method SET is_default = true
              WHERE id = $1 AND customer_id = $2 AND deleted_at IS NULL",
        )
        .bind(method)
        .bind(customer)
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if changed == 0 {
            Err(ChangeMethodError::NotFound)
        } else {
            let preferred = MethodPreferred { customer, method };
            event::append(&mut *connection, context, customer, &preferred).await?;
            Ok(())
        }
    })
}

/// Forgets a method. Payments that were made with it keep naming it; no new one can.
///
/// # Errors
/// [`ChangeMethodError::NotFound`], also for another customer's method.
pub async fn delete_method(
    pool: &PgPool,
    context: &Context,
    customer: CustomerId,
    method: PaymentMethodId,
) -> Result<(), ChangeMethodError> {
    crate::transact!(pool, ChangeMethodError, |connection| {
        sqlx::query("SELECT FROM customer WHERE id = $1 FOR NO KEY UPDATE")
            .bind(customer)
            .execute(&mut *connection)
            .await?;
        // Never before its creation, also when the clock went backwards.
        let changed = sqlx::query(
            "UPDATE payment_method SET deleted_at = greatest($3, created_at), is_default = false
              WHERE id = $1 AND customer_id = $2 AND deleted_at IS NULL",
        )
        .bind(method)
        .bind(customer)
        .bind(context.now())
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if changed == 0 {
            Err(ChangeMethodError::NotFound)
        } else {
            let deleted = MethodDeleted { customer, method };
            event::append(&mut *connection, context, customer, &deleted).await?;
            Ok(())
        }
    })
}
