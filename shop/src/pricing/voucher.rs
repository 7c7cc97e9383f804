//! Vouchers: codes that unlock a promotion, as often as their limits say.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::events::{VoucherCreated, VoucherDeleted, VoucherLimited};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{PromotionId, VoucherId};
use crate::value::{TextError, bounded};

/// The code of a voucher: 3 to 64 letters, digits and hyphens. Capitals and small letters are the
/// same code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VoucherCode(String);

impl VoucherCode {
    /// The code as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VoucherCode {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 64)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.len() < 3 || text.starts_with('-') || !text.bytes().all(plain) {
            return Err(TextError::Form);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::value::stored_as_text!(VoucherCode, "VoucherCode", {
    "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9-]{2,63}$"
});

/// How often a voucher may be used; none for any number of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoucherLimits {
    /// By all customers together.
    pub total: Option<i32>,
    /// By one customer; guests cannot use it then.
    pub per_customer: Option<i32>,
}

/// A voucher to be issued.
#[derive(Debug, Clone)]
pub struct CreateVoucher {
    /// What it unlocks.
    pub promotion: PromotionId,
    /// What the customer enters.
    pub code: VoucherCode,
    /// How often.
    pub limits: VoucherLimits,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when; none for ever.
    pub until: Option<DateTime<Utc>>,
}

/// Why a voucher was not issued.
#[derive(Debug, thiserror::Error)]
pub enum CreateVoucherError {
    /// There is no such promotion, or not any more.
    #[error("there is no such promotion")]
    UnknownPromotion,
    /// The promotion applies without a voucher.
    #[error("the promotion needs no voucher")]
    NeedsNone,
    /// A voucher that lives has the code.
    #[error("another voucher has this code")]
    CodeTaken,
    /// A limit below one.
    #[error("a voucher can be used at least once")]
    LimitNotPositive,
    /// It would end before it begins.
    #[error("a voucher is valid at some time")]
    NeverValid,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreateVoucherError {
    "voucher_for_a_promotion" => CreateVoucherError::UnknownPromotion,
    "voucher_code_once" => CreateVoucherError::CodeTaken,
    "voucher_usage_limit_positive" => CreateVoucherError::LimitNotPositive,
    "voucher_per_customer_limit_positive" => CreateVoucherError::LimitNotPositive,
    "voucher_valid_at_some_time" => CreateVoucherError::NeverValid,
});

/// Issues a voucher for a promotion that needs one.
///
/// # Errors
/// [`CreateVoucherError`].
pub async fn create_voucher(
    pool: &PgPool,
    context: &Context,
    request: CreateVoucher,
) -> Result<VoucherId, CreateVoucherError> {
    let CreateVoucher { promotion, code, limits, from, until } = request;
    if until.is_some_and(|until| until <= from) {
        return Err(CreateVoucherError::NeverValid);
    }
    let voucher: VoucherId = context.id();
    crate::transact!(pool, CreateVoucherError, |connection| {
        let needs_voucher: Option<bool> = sqlx::query_scalar(
            "WITH subject AS (
                 SELECT id, needs_voucher FROM promotion WHERE id = $2 AND deleted_at IS NULL
                    FOR SHARE
             ), made AS (
                 INSERT INTO voucher (id, promotion_id, code, usage_limit, per_customer_limit,
                                      valid, created_at)
                 SELECT $1, subject.id, $3, $4, $5, tstzrange($6, $7), $8
                   FROM subject WHERE needs_voucher
             ) SELECT needs_voucher FROM subject",
        )
        .bind(voucher)
        .bind(promotion)
        .bind(&code)
        .bind(limits.total)
        .bind(limits.per_customer)
        .bind(from)
        .bind(until)
        .bind(context.now())
        .fetch_optional(&mut *connection)
        .await?;
        match needs_voucher {
            None => Err(CreateVoucherError::UnknownPromotion)?,
            Some(false) => Err(CreateVoucherError::NeedsNone)?,
            Some(true) => {}
        }
        let event = VoucherCreated {
            voucher,
            promotion,
            usage_limit: limits.total,
            per_customer_limit: limits.per_customer,
            from,
            until,
        };
        event::append(connection, context, voucher, &event).await?;
        Ok(voucher)
    })
}

/// Why the limits of a voucher were not changed.
#[derive(Debug, thiserror::Error)]
pub enum LimitVoucherError {
    /// There is none, or not any more.
    #[error("there is no such voucher")]
    NotFound,
    /// A limit below one.
    #[error("a voucher can be used at least once")]
    LimitNotPositive,
    /// It was used more often already, by all or by one customer.
    #[error("the voucher has been used more often already")]
    UsedMoreOften,
    /// Whether uses are counted per customer is settled when the voucher is issued.
    #[error("whether uses are counted per customer does not change")]
    CountedOtherwise,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(LimitVoucherError {
    "voucher_usage_limit_positive" => LimitVoucherError::LimitNotPositive,
    "voucher_per_customer_limit_positive" => LimitVoucherError::LimitNotPositive,
    "voucher_used_within_its_limit" => LimitVoucherError::UsedMoreOften,
    "voucher_customer_used_within_its_limit" => LimitVoucherError::UsedMoreOften,
});

/// Sets how often a voucher may be used from now on.
///
/// # Errors
/// [`LimitVoucherError`].
pub async fn limit_voucher(
    pool: &PgPool,
    context: &Context,
    voucher: VoucherId,
    limits: VoucherLimits,
) -> Result<(), LimitVoucherError> {
    crate::transact!(pool, LimitVoucherError, |connection| {
        let counted_alike: Option<bool> = sqlx::query_scalar(
            "WITH subject AS (
                 SELECT id, (per_customer_limit IS NULL) = ($3::integer IS NULL) AS alike
                   FROM voucher WHERE id = $1 AND deleted_at IS NULL FOR UPDATE
             ), changed AS (
                 UPDATE voucher SET usage_limit = $2, per_customer_limit = $3
                   FROM subject WHERE voucher.id = subject.id AND alike
             ) SELECT alike FROM subject",
        )
        .bind(voucher)
        .bind(limits.total)
        .bind(limits.per_customer)
        .fetch_optional(&mut *connection)
        .await?;
        match counted_alike {
            None => Err(LimitVoucherError::NotFound)?,
            Some(false) => Err(LimitVoucherError::CountedOtherwise)?,
            Some(true) => {}
        }
        let event = VoucherLimited {
            voucher,
            usage_limit: limits.total,
            per_customer_limit: limits.per_customer,
        };
        event::append(connection, context, voucher, &event).await?;
        Ok(())
    })
}

/// Why a voucher was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum DeleteVoucherError {
    /// There is none, or not any more.
    #[error("there is no such voucher")]
    NotFound,
    /// It would end before it was issued: a clock went back.
    #[error("the voucher is not older than its end")]
    BeforeCreation,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DeleteVoucherError {
    "voucher_deleted_after_creation" => DeleteVoucherError::BeforeCreation,
});

/// Withdraws a voucher; its code is free again. Orders keep what they got by it.
///
/// # Errors
/// [`DeleteVoucherError`].
pub async fn delete_voucher(
    pool: &PgPool,
    context: &Context,
    voucher: VoucherId,
) -> Result<(), DeleteVoucherError> {
    crate::transact!(pool, DeleteVoucherError, |connection| {
        let deleted =
            sqlx::query("UPDATE voucher SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
                .bind(voucher)
                .bind(context.now())
                .execute(&mut *connection)
                .await?
                .rows_affected();
        if deleted == 0 {
            Err(DeleteVoucherError::NotFound)?;
        }
        event::append(connection, context, voucher, &VoucherDeleted { voucher }).await?;
        Ok(())
    })
}
