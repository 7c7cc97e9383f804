//! The row of a payment, locked and read.
//!
//! **Invariant**: the order's row is locked before the payment's, the payment's before those of
//! its parts; what is read here is not older than the lock.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::events::payment::Amounts;
use super::reference::ProviderReference;
use super::{CaptureMode, MethodType, PaymentState};
use crate::id::{AttemptId, OrderId, PaymentId, PaymentMethodId};
use crate::money::{Currency, Money, ProviderAmountError, ProviderCurrency};

/// A payment as it is under its lock.
#[derive(Debug, Clone)]
pub(crate) struct PaymentRow {
    pub(crate) id: PaymentId,
    pub(crate) order: OrderId,
    pub(crate) provider: String,
    pub(crate) method_type: MethodType,
    pub(crate) method: Option<PaymentMethodId>,
    pub(crate) mode: CaptureMode,
    pub(crate) state: PaymentState,
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
    pub(crate) authorized: i64,
    pub(crate) captured: i64,
    pub(crate) capture_pending: i64,
    pub(crate) voided: i64,
    pub(crate) refunded: i64,
    pub(crate) disputed: i64,
    /// The part of `voided` that the provider has confirmed.
    pub(crate) released: i64,
    /// The attempt that was not answered yet, if there is one.
    pub(crate) attempt_pending: Option<AttemptId>,
    /// The provider's name of the attempt that holds the money.
    pub(crate) authorization: Option<ProviderReference>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// How the provider writes the currency.
    exponent: i16,
    multiple_of: i32,
}

impl PaymentRow {
    /// An amount in the payment's currency; sums of the database are in range.
    pub(crate) fn money(&self, minor: i64) -> Result<Money, sqlx::Error> {
        Money::new(minor, self.currency).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    /// How far it is, as its events tell.
    pub(crate) fn amounts(&self) -> Result<Amounts, sqlx::Error> {
        Ok(Amounts {
            authorized: self.money(self.authorized)?,
            captured: self.money(self.captured)?,
            voided: self.money(self.voided)?,
            refunded: self.money(self.refunded)?,
            disputed: self.money(self.disputed)?,
        })
    }

    /// An amount as the provider writes it.
    pub(crate) fn units(&self, amount: Money) -> Result<i64, ProviderAmountError> {
        ProviderCurrency::new(self.currency, self.exponent.into(), self.multiple_of.into())?
            .to_provider(amount)
    }

    /// Held money that nobody has asked for yet.
    pub(crate) fn remaining(&self) -> i64 {
        // All are at least zero and their sum at most `authorized`, by
        // `payment_captured_within_authorized`, so nothing overflows.
        self.authorized - self.captured - self.capture_pending - self.voided
    }

    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            order: row.try_get("order_id")?,
            provider: row.try_get("provider")?,
            method_type: row.try_get("method_type")?,
            method: row.try_get("payment_method_id")?,
            mode: row.try_get("capture_mode")?,
            state: row.try_get("state")?,
            currency: row.try_get("currency")?,
            amount: row.try_get("amount")?,
            authorized: row.try_get("authorized")?,
            captured: row.try_get("captured")?,
            capture_pending: row.try_get("capture_pending")?,
            voided: row.try_get("voided")?,
            refunded: row.try_get("refunded")?,
            disputed: row.try_get("disputed")?,
            released: row.try_get("released")?,
            attempt_pending: row.try_get("attempt_pending")?,
            authorization: row.try_get("authorization_ref")?,
            expires_at: row.try_get("expires_at")?,
            exponent: row.try_get("exponent")?,
            multiple_of: row.try_get("multiple_of")?,
        })
    }
}

/// Locks the order, and the lines where their sums will be moved, then the payment; then reads it.
/// None when there is no such payment.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    payment: PaymentId,
    lines: bool,
) -> Result<Option<PaymentRow>, sqlx::Error> {
    if lines {
        sqlx::query(
            "WITH held AS MATERIALIZED (
                 SELECT id FROM orders
                  WHERE id = (SELECT order_id FROM payment WHERE id = $1) FOR NO KEY UPDATE)
             SELECT order_line.id FROM held JOIN order_line ON order_line.order_id = held.id
              ORDER BY order_line.id FOR NO KEY UPDATE OF order_line",
        )
        .bind(payment)
        .fetch_all(&mut *connection)
        .await?;
    }
    let row = sqlx::query(LOCK).bind(payment).fetch_optional(&mut *connection).await?;
    match row {
        Some(row) if row.try_get("is_current")? => PaymentRow::read(&row).map(Some),
        Some(_) => read(connection, payment).await,
        None => Ok(None),
    }
}

macro_rules! read_columns {
    () => {
        "payment.id, order_id, payment.provider, method_type, payment_method_id, capture_mode,
         state, payment.currency, amount::bigint AS amount, authorized, captured, capture_pending,
         voided, refunded, disputed, expires_at, exponent, multiple_of,
         (SELECT coalesce(sum(amount), 0)::bigint FROM payment_void
           WHERE payment_id = payment.id AND state = 'succeeded') AS released,
         (SELECT id FROM payment_attempt
           WHERE payment_id = payment.id AND state = 'pending') AS attempt_pending,
         (SELECT provider_ref FROM payment_attempt
           WHERE payment_id = payment.id AND state = 'succeeded'
           ORDER BY created_at DESC, id DESC LIMIT 1) AS authorization_ref"
    };
}

// A statement sees what was committed when it began, and the locks may have been waited for. Every
// change of a payment or of its parts writes the payment's row, under these locks; so if the row
// that was locked is the one that was seen, all that was seen is as of the lock.
const LOCK: &str = concat!(
    "WITH held AS MATERIALIZED (
         SELECT id FROM orders
          WHERE id = (SELECT order_id FROM payment WHERE id = $1) FOR NO KEY UPDATE),
     locked AS MATERIALIZED (
         SELECT payment.ctid AS place FROM held JOIN payment ON payment.order_id = held.id
          WHERE payment.id = $1 FOR NO KEY UPDATE OF payment)
     SELECT ",
    read_columns!(),
    ", locked.place = payment.ctid AS is_current
       FROM locked
       JOIN payment ON payment.id = $1
       JOIN provider_currency ON provider_currency.provider = payment.provider
                             AND provider_currency.currency = payment.currency",
);

const READ: &str = concat!(
    "SELECT ",
    read_columns!(),
    " FROM payment
      JOIN provider_currency ON provider_currency.provider = payment.provider
                            AND provider_currency.currency = payment.currency
     WHERE payment.id = $1",
);

/// Reads the payment, whose lock this transaction has.
pub(crate) async fn read(
    connection: &mut PgConnection,
    payment: PaymentId,
) -> Result<Option<PaymentRow>, sqlx::Error> {
    let row = sqlx::query(READ).bind(payment).fetch_optional(connection).await?;
    row.as_ref().map(PaymentRow::read).transpose()
}
