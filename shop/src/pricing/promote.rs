//! Making promotions and ending them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::promotion::{BasisPoints, Role};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{ProductId, PromotionId};
use crate::money::{Currency, Money};
use crate::value::{Label, Quantity, Slug};

/// A promotion to be made.
#[derive(Debug, Clone)]
pub struct CreatePromotion {
    /// What the customer reads.
    pub name: Label,
    /// What it does.
    pub offer: Offer,
    /// From which subtotal on, at most one amount per currency. With any, the promotion is for
    /// carts of these currencies only.
    pub minimums: Vec<Money>,
    /// Which products it is about; none means all.
    pub products: Vec<(ProductId, Role)>,
    /// Lower is applied first.
    pub priority: i32,
    /// At most one promotion of a group applies to a cart.
    pub stacking_group: Option<Slug>,
    /// Whether it applies only to carts with a voucher for it.
    pub needs_voucher: bool,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when; none for ever.
    pub until: Option<DateTime<Utc>>,
}

/// What a promotion does, in every currency.
#[derive(Debug, Clone)]
pub enum Offer {
    /// A part of the price of each matching line.
    Percentage(BasisPoints),
    /// An amount off all matching lines together: one per currency, and at least one.
    Amount(Vec<Money>),
    /// For every `buy` units that are paid, `get` units are `off`.
    BuyXGetY {
        /// How many must be bought.
        buy: Quantity,
        /// How many are given for them.
        get: Quantity,
        /// What is taken off those.
        off: BasisPoints,
    },
    /// Everything off the shipping.
    FreeShipping,
}

/// Why a promotion was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreatePromotionError {
    /// It would end before it begins.
    #[error("a promotion is valid at some time")]
    NeverValid,
    /// It takes an amount off, but no amount is given, or only a minimum in a currency.
    #[error("an amount in every currency of the promotion is missing")]
    NoAmount,
    /// An amount that is nothing or less.
    #[error("what a promotion takes off is more than nothing")]
    AmountNotPositive,
    /// A minimum below nothing.
    #[error("the least subtotal of a promotion is not negative")]
    MinimumNegative,
    /// Two amounts or two minimums of one currency.
    #[error("{0} is given twice")]
    CurrencyTwice(Currency),
    /// A product that does not exist, or is deleted.
    #[error("a product of the promotion does not exist")]
    UnknownProduct,
    /// A product that is named twice in one role.
    #[error("a product is named twice")]
    ProductTwice,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(CreatePromotionError {
    "promotion_valid_at_some_time" => CreatePromotionError::NeverValid,
    "promotion_product_names_a_product" => CreatePromotionError::UnknownProduct,
    "promotion_product_identity" => CreatePromotionError::ProductTwice,
});

impl Offer {
    /// Kind, percentage, and the quantities to buy and to get.
    fn columns(&self) -> (&'static str, Option<i32>, Option<Quantity>, Option<Quantity>) {
        match self {
            Self::Percentage(part) => ("percentage", Some(part.get()), None, None),
            Self::Amount(_) => ("amount", None, None, None),
            Self::BuyXGetY { buy, get, off } => {
                ("buy_x_get_y", Some(off.get()), Some(*buy), Some(*get))
            }
            Self::FreeShipping => ("free_shipping", None, None, None),
        }
    }
}

/// What is taken off and from which subtotal on, per currency.
fn terms(
    request: &CreatePromotion,
) -> Result<BTreeMap<Currency, (i64, i64)>, CreatePromotionError> {
    use CreatePromotionError as E;
    let mut terms = BTreeMap::new();
    if let Offer::Amount(amounts) = &request.offer {
        for amount in amounts {
            if amount.minor() <= 0 {
                return Err(E::AmountNotPositive);
            }
            if terms.insert(amount.currency(), (amount.minor(), None)).is_some() {
                return Err(E::CurrencyTwice(amount.currency()));
            }
        }
        if terms.is_empty() {
            return Err(E::NoAmount);
        }
    }
    let by_amount = matches!(request.offer, Offer::Amount(_));
    for minimum in &request.minimums {
        if minimum.is_negative() {
            return Err(E::MinimumNegative);
        }
        if by_amount && !terms.contains_key(&minimum.currency()) {
            return Err(E::NoAmount);
        }
        let (_, least) = terms.entry(minimum.currency()).or_insert((0, None));
        if least.replace(minimum.minor()).is_some() {
            return Err(E::CurrencyTwice(minimum.currency()));
        }
    }
    let known =
        |(currency, (off, least)): (_, (_, Option<i64>))| (currency, (off, least.unwrap_or(0)));
    Ok(terms.into_iter().map(known).collect())
}

/// Makes a promotion with its amounts and products: one statement.
///
/// # Errors
/// [`CreatePromotionError`].
pub async fn create_promotion(
    pool: &PgPool,
    context: &Context,
    request: CreatePromotion,
) -> Result<PromotionId, CreatePromotionError> {
    if request.until.is_some_and(|until| until <= request.from) {
        return Err(CreatePromotionError::NeverValid);
    }
    let terms = terms(&request)?;
    let promotion: PromotionId = context.id();
    let (kind, percentage, buy, get) = request.offer.columns();
    let currencies: Vec<&str> = terms.keys().map(|currency| currency.code()).collect();
    let (amounts, minimums): (Vec<i64>, Vec<i64>) = terms.values().copied().unzip();
    let (products, roles): (Vec<ProductId>, Vec<&str>) =
        request.products.iter().map(|(product, role)| (*product, role.as_str())).unzip();
    crate::transact!(pool, CreatePromotionError, |connection| {
        let named: i64 = sqlx::query_scalar(
            "WITH made AS (
                 INSERT INTO promotion (id, name, kind, percentage, buy_quantity, get_quantity,
                                        priority, stacking_group, needs_voucher, valid, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, tstzrange($10, $11), $12)
                 RETURNING id
             ), priced AS (
                 INSERT INTO promotion_amount (promotion_id, currency, amount, min_subtotal)
                 SELECT made.id, part.* FROM made, unnest($13::text[], $14::bigint[], $15::bigint[])
                        AS part
             ), named AS (
                 INSERT INTO promotion_product (promotion_id, product_id, role)
                 SELECT made.id, product.id, part.role
                   FROM made, unnest($16::uuid[], $17::text[]) AS part (product_id, role)
                   JOIN product ON product.id = part.product_id AND product.deleted_at IS NULL
                 RETURNING product_id
             ) SELECT count(*) FROM named",
        )
        .bind(promotion)
        .bind(&request.name)
        .bind(kind)
        .bind(percentage)
        .bind(buy)
        .bind(get)
        .bind(request.priority)
        .bind(&request.stacking_group)
        .bind(request.needs_voucher)
        .bind(request.from)
        .bind(request.until)
        .bind(context.now())
        .bind(&currencies)
        .bind(&amounts)
        .bind(&minimums)
        .bind(&products)
        .bind(&roles)
        .fetch_one(&mut *connection)
        .await?;
        if usize::try_from(named) != Ok(products.len()) {
            Err(CreatePromotionError::UnknownProduct)?;
        }
        Ok(promotion)
    })
}

/// Why a promotion was not ended.
#[derive(Debug, thiserror::Error)]
pub enum DeletePromotionError {
    /// There is none, or not any more.
    #[error("there is no such promotion")]
    NotFound,
    /// It would end before it was made: a clock went back.
    #[error("the promotion is not older than its end")]
    BeforeCreation,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(DeletePromotionError {
    "promotion_deleted_after_creation" => DeletePromotionError::BeforeCreation,
});

/// Ends a promotion at once, and with it the use of its vouchers. Orders keep what they got.
///
/// # Errors
/// [`DeletePromotionError`].
pub async fn delete_promotion(
    pool: &PgPool,
    context: &Context,
    promotion: PromotionId,
) -> Result<(), DeletePromotionError> {
    let deleted =
        sqlx::query("UPDATE promotion SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
            .bind(promotion)
            .bind(context.now())
            .execute(pool)
            .await?
            .rows_affected();
    if deleted == 0 { Err(DeletePromotionError::NotFound) } else { Ok(()) }
}
