//! The quote of a cart: everything that decides its price, read in one round trip.
//!
//! In: a cart, where it goes and how. Out: its [`Quote`] at the prices of its lines.
//!
//! **Invariant**: one statement reads all of it, so prices, taxes, promotions and limits are those
//! of one moment. It locks nothing: whoever charges the quote locks the cart first.

use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};

use super::loaded::{LinePart, PromotionPart, ShippingPart};
use super::promotion::VoucherRefusal;
use super::quote::{Quote, QuoteError, quote};
use super::request::{Destination, Policy, QuoteRequest};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{CartId, VoucherId};
use crate::money::Currency;
use crate::value::{Country, Slug};

/// What shall be priced.
#[derive(Debug, Clone, Copy)]
pub struct PriceCart<'a> {
    /// The cart.
    pub cart: CartId,
    /// Where it goes: tax and shipping depend on it.
    pub destination: &'a Destination,
    /// How it is sent; none for a cart that does not know yet, or for nothing to send.
    pub shipping_method: Option<&'a Slug>,
    /// Whether it is paid in cash, whose coins round the total.
    pub payment_is_cash: bool,
    /// How it is rounded.
    pub policy: Policy,
}

/// Why a cart has no price.
#[derive(Debug, thiserror::Error)]
pub enum PriceCartError {
    /// There is no such cart.
    #[error("there is no such cart")]
    UnknownCart,
    /// Nobody has said how something is taxed there.
    #[error("no tax rule of class `{tax_class}` for {country}")]
    NoTaxRule {
        /// How it is taxed.
        tax_class: Slug,
        /// Where.
        country: Country,
    },
    /// There is no such way of sending, or it is not offered any more.
    #[error("there is no way of sending called `{method}`")]
    UnknownShippingMethod {
        /// What was asked for.
        method: Slug,
    },
    /// What was read adds up to nothing that can be charged.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(PriceCartError {});

/// Prices a cart at the prices of its lines: one round trip.
///
/// Vouchers that do not apply are listed in [`Quote::refused`] and are no error.
///
/// # Errors
/// [`PriceCartError`].
pub async fn price_cart(
    connection: &mut PgConnection,
    context: &Context,
    request: PriceCart<'_>,
) -> Result<Quote, PriceCartError> {
    let loaded = load(connection, context, request).await?;
    let mut quote = quote(&loaded.request)?;
    quote.refused.extend(loaded.refused);
    quote.refused.sort_by_key(|(voucher, _)| *voucher);
    Ok(quote)
}

struct Loaded {
    request: QuoteRequest,
    refused: Vec<(VoucherId, VoucherRefusal)>,
}

async fn load(
    connection: &mut PgConnection,
    context: &Context,
    request: PriceCart<'_>,
) -> Result<Loaded, PriceCartError> {
    let PriceCart { cart, destination, shipping_method, .. } = request;
    let row = sqlx::query(LOAD)
        .bind(cart)
        .bind(context.now())
        .bind(destination.country)
        .bind(destination.region.as_deref().unwrap_or_default())
        .bind(shipping_method)
        .fetch_optional(connection)
        .await?
        .ok_or(PriceCartError::UnknownCart)?;
    let currency: Currency = row.try_get("currency")?;
    let Json(lines): Json<Vec<LinePart>> = row.try_get("lines")?;
    let Json(promotions): Json<Vec<PromotionPart>> = row.try_get("promotions")?;
    let shipping: Option<Json<ShippingPart>> = row.try_get("shipping")?;
    let untaxed = |tax_class| PriceCartError::NoTaxRule { tax_class, country: destination.country };
    let lines = lines
        .into_iter()
        .map(|line| line.priced(currency).map_err(|problem| problem.into(untaxed)))
        .collect::<Result<_, _>>()?;
    let shipping = match (shipping_method, shipping) {
        (None, _) => None,
        (Some(method), None) => {
            return Err(PriceCartError::UnknownShippingMethod { method: method.clone() });
        }
        (Some(method), Some(Json(part))) => {
            Some(part.choice(method, currency).map_err(|problem| problem.into(untaxed))?)
        }
    };
    let mut offered = Vec::with_capacity(promotions.len());
    let mut refused = Vec::new();
    for part in promotions {
        let voucher = part.voucher();
        match (part.offered(currency).map_err(|problem| problem.into(untaxed))?, voucher) {
            (Ok(promotion), _) => offered.push(promotion),
            (Err(refusal), Some(voucher)) => refused.push((voucher, refusal)),
            (Err(_), None) => {}
        }
    }
    let cash_increment: i32 = row.try_get("cash_increment")?;
    let request = QuoteRequest {
        currency,
        tax_included: row.try_get("tax_included")?,
        policy: request.policy,
        lines,
        promotions: offered,
        shipping,
        cash_increment: request.payment_is_cash.then_some(i64::from(cash_increment)),
    };
    Ok(Loaded { request, refused })
}

/// Parameters: cart, now, country, region, shipping method.
const LOAD: &str = "
WITH subject AS (
    SELECT cart.id, cart.currency, cart.tax_included, cart.customer_id, currency.cash_increment
      FROM cart JOIN currency ON currency.code = cart.currency WHERE cart.id = $1
), line AS (
    SELECT part.variant_id AS variant, product.id AS product, part.price_id,
           part.price_min_quantity, variant.sku,
           CASE WHEN variant.title = product.title THEN product.title
                ELSE left(product.title || ', ' || variant.title, 200) END AS title,
           part.quantity, part.unit_price, product.tax_class, rule.rate, part.added_at
      FROM cart_line AS part
      JOIN variant ON variant.id = part.variant_id
      JOIN product ON product.id = variant.product_id
      LEFT JOIN LATERAL (
           SELECT (tax_rule.rate * 1000000)::bigint AS rate FROM tax_rule
            WHERE tax_rule.tax_class = product.tax_class AND country = $3
              AND region IN ('', $4) AND valid @> $2
            ORDER BY region DESC LIMIT 1) AS rule ON true
     WHERE part.cart_id = $1
), offer AS (
    SELECT promotion.id, NULL::uuid AS voucher, NULL::text AS refusal
      FROM promotion
     WHERE NOT needs_voucher AND deleted_at IS NULL AND valid @> $2
     UNION ALL
    SELECT promotion.id, voucher.id,
           CASE WHEN voucher.deleted_at IS NOT NULL OR promotion.deleted_at IS NOT NULL
                    THEN 'unknown'
                WHEN NOT (voucher.valid @> $2 AND promotion.valid @> $2) THEN
                    CASE WHEN lower(voucher.valid) >= $2 OR lower(promotion.valid) >= $2
                         THEN 'not_yet_valid' ELSE 'expired' END
                WHEN voucher.used >= voucher.usage_limit THEN 'used_up'
                WHEN voucher.per_customer_limit IS NOT NULL AND subject.customer_id IS NULL
                    THEN 'needs_customer'
                WHEN counter.used >= counter.per_customer_limit THEN 'used_up_by_customer' END
      FROM subject
      JOIN cart_voucher ON cart_voucher.cart_id = subject.id
      JOIN voucher ON voucher.id = cart_voucher.voucher_id
      JOIN promotion ON promotion.id = voucher.promotion_id
      LEFT JOIN voucher_customer AS counter
             ON counter.voucher_id = voucher.id AND counter.customer_id = subject.customer_id
)
SELECT subject.currency, subject.tax_included, subject.cash_increment,
       (SELECT coalesce(jsonb_agg(to_jsonb(line) ORDER BY added_at, variant), '[]') FROM line)
           AS lines,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'id', promotion.id, 'voucher', offer.voucher, 'refusal', offer.refusal,
                   'name', promotion.name, 'kind', promotion.kind,
                   'percentage', promotion.percentage, 'buy_quantity', promotion.buy_quantity,
                   'get_quantity', promotion.get_quantity, 'priority', promotion.priority,
                   'stacking_group', promotion.stacking_group,
                   'amount', terms.amount, 'min_subtotal', terms.min_subtotal,
                   'other_currency', terms.amount IS NULL AND EXISTS (
                       SELECT FROM promotion_amount WHERE promotion_id = promotion.id),
                   'products', (SELECT coalesce(jsonb_agg(jsonb_build_array(product_id, role)
                                                          ORDER BY product_id, role), '[]')
                                  FROM promotion_product WHERE promotion_id = promotion.id))),
                   '[]')
          FROM offer
          JOIN promotion ON promotion.id = offer.id
          LEFT JOIN promotion_amount AS terms
                 ON terms.promotion_id = promotion.id AND terms.currency = subject.currency)
           AS promotions,
       (SELECT jsonb_build_object('tax_class', method.tax_class,
                   'rate', (SELECT (tax_rule.rate * 1000000)::bigint FROM tax_rule
                             WHERE tax_rule.tax_class = method.tax_class AND country = $3
                               AND region IN ('', $4) AND valid @> $2
                             ORDER BY region DESC LIMIT 1),
                   'rates', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                        'id', id, 'from', lower(subtotal),
                                        'below', upper(subtotal), 'amount', amount,
                                        'tax_included', tax_included)), '[]')
                               FROM shipping_rate
                              WHERE shipping_rate.method = method.code AND country = $3
                                AND shipping_rate.currency = subject.currency AND valid @> $2))
          FROM shipping_method AS method WHERE method.code = $5 AND method.active) AS shipping
  FROM subject";
