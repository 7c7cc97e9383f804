//! An order as it is shown.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row as _};

use super::units::decode;
use super::{OrderRefusal, OrderState};
use crate::database::DatabaseError;
use crate::id::{CustomerId, OrderId, OrderLineId, VariantId};
use crate::money::{Currency, Money};

/// A line as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Which.
    pub line: OrderLineId,
    /// What.
    pub variant: VariantId,
    /// The SKU when it was ordered.
    pub sku: String,
    /// The title when it was ordered.
    pub title: String,
    /// How many.
    pub quantity: i32,
    /// What one costs.
    pub unit_price: Money,
    /// What the customer pays for all of it.
    pub total: Money,
    /// How many are in parcels, shipped or not yet.
    pub fulfilled: i32,
    /// How many will not be delivered.
    pub cancelled: i32,
    /// How many are in returns.
    pub returned: i32,
    /// How much was given back for it.
    pub refunded: Money,
}

/// An order as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    /// Which.
    pub order: OrderId,
    /// Its number, for people.
    pub number: i64,
    /// Where it is in its life.
    pub state: OrderState,
    /// Who bought; none for a guest.
    pub customer: Option<CustomerId>,
    /// When.
    pub placed_at: DateTime<Utc>,
    /// What was agreed to be paid.
    pub total: Money,
    /// Its lines, by id.
    pub lines: Vec<OrderLine>,
}

/// Why an order is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(ViewError {});

const ORDER: &str = "
    SELECT number, state::text, customer_id, placed_at, grand_total::bigint, currency::text
      FROM orders WHERE id = $1";

const LINES: &str = "
    SELECT id, variant_id, sku, title::text, quantity::int, unit_price::bigint, total, fulfilled,
           cancelled, returned, refunded::bigint
      FROM order_line WHERE order_id = $1 ORDER BY id";

/// An order with its lines, in one consistent picture; for a customer only their own.
///
/// # Errors
/// [`OrderRefusal::NotFound`] and [`OrderRefusal::Foreign`].
pub async fn view(
    pool: &PgPool,
    order: OrderId,
    by: Option<CustomerId>,
) -> Result<OrderView, ViewError> {
    crate::transact!(pool, ViewError, |connection| {
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *connection)
            .await?;
        let head = sqlx::query(ORDER)
            .bind(order)
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(OrderRefusal::NotFound)?;
        let customer: Option<CustomerId> = head.try_get(2)?;
        if by.is_some() && by != customer {
            Err(OrderRefusal::Foreign)?;
        }
        let currency: Currency = head.try_get(5)?;
        let money = |minor: i64| Money::new(minor, currency).map_err(decode);
        let rows = sqlx::query(LINES).bind(order).fetch_all(&mut *connection).await?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            lines.push(OrderLine {
                line: row.try_get(0)?,
                variant: row.try_get(1)?,
                sku: row.try_get(2)?,
                title: row.try_get(3)?,
                quantity: row.try_get(4)?,
                unit_price: money(row.try_get(5)?)?,
                total: money(row.try_get(6)?)?,
                fulfilled: row.try_get(7)?,
                cancelled: row.try_get(8)?,
                returned: row.try_get(9)?,
                refunded: money(row.try_get(10)?)?,
            });
        }
        Ok(OrderView {
            order,
            number: head.try_get(0)?,
            state: head.try_get(1)?,
            customer,
            placed_at: head.try_get(3)?,
            total: money(head.try_get(4)?)?,
            lines,
        })
    })
}
