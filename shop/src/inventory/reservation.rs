//! Reservations: the only promise of stock there is.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use crate::id::{CartId, LocationId, OrderLineId, ReservationId, VariantId};
use crate::value::Quantity;

crate::machine::states! {
    /// Where a reservation is in its life.
    pub enum ReservationState of crate::machine::Machine {
        table: "reservation",
        history_key: "reservation_id",
        aggregate: crate::event::Aggregate::Reservation,
        aggregate_key: "id",
    };
    /// Held for a cart, until its time is over.
    Active = "active",
    /// Promised to a line of an order.
    Committed = "committed",
    /// All of it has left, or was given back after some had left.
    Fulfilled = "fulfilled",
    /// Given back.
    Released = "released",
    /// Its time was over.
    Expired = "expired",
}

/// A claim on the stock of one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Which.
    pub id: ReservationId,
    /// For which cart, as long as there is one.
    pub cart: Option<CartId>,
    /// Of which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// For which line of an order, once there is one.
    pub order_line: Option<OrderLineId>,
    /// How many.
    pub quantity: Quantity,
    /// Where it is in its life.
    pub state: ReservationState,
    /// Until when it is held.
    pub expires_at: DateTime<Utc>,
}

impl FromRow<'_, PgRow> for Reservation {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            cart: row.try_get("cart_id")?,
            variant: row.try_get("variant_id")?,
            location: row.try_get("location_id")?,
            order_line: row.try_get("order_line_id")?,
            quantity: row.try_get("quantity")?,
            state: row.try_get("state")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}
