//! The units of an order: where each is, and what each is worth.
//!
//! A unit is open until it is cancelled or put into a parcel. Units that were cancelled, got lost
//! or came back are *settled*: their money is owed. What `k` more of them are worth is the
//! difference of two cumulative shares of the line, so that however a line is cut into pieces, the
//! pieces add up to it exactly.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::id::{LocationId, OrderId, OrderLineId, VariantId};
use crate::money::{Currency, Money};
use crate::value::Quantity;

/// So many units of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    /// Of which line.
    pub line: OrderLineId,
    /// How many.
    pub quantity: Quantity,
}

/// Units with what they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwedUnits {
    /// Of which line.
    pub line: OrderLineId,
    /// How many.
    pub quantity: Quantity,
    /// What the customer paid for exactly these.
    pub amount: Money,
}

/// A line of an order that is locked.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: OrderLineId,
    pub(super) variant: VariantId,
    pub(super) quantity: i64,
    /// In parcels that were not cancelled.
    pub(super) fulfilled: i64,
    pub(super) cancelled: i64,
    /// In parcels that have left.
    pub(super) shipped: i64,
    /// In parcels that got lost.
    pub(super) lost: i64,
    /// In returns that were not refused.
    pub(super) returned: i64,
    /// In returns whose goods are here.
    pub(super) back: i64,
    /// What the customer pays for all of it.
    pub(super) total: Money,
    /// The stock promised to it; nothing for a variant whose inventory is not tracked.
    pub(super) places: Vec<Place>,
}

/// Stock promised to a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) location: LocationId,
    /// What is in no parcel yet.
    pub(super) free: i64,
}

impl Line {
    /// Units that are neither cancelled nor in a parcel.
    pub(super) fn open(&self) -> i64 {
        self.quantity - self.fulfilled - self.cancelled
    }

    /// Units whose money is owed.
    pub(super) fn settled(&self) -> i64 {
        self.cancelled + self.lost + self.back
    }

    /// What `more` units are worth, after those that are settled.
    pub(super) fn worth(&self, more: Quantity) -> Result<OwedUnits, sqlx::Error> {
        self.worth_after(self.settled(), i64::from(more.get())).map(|amount| OwedUnits {
            line: self.id,
            quantity: more,
            amount,
        })
    }

    /// What `more` units are worth after `already`.
    pub(super) fn worth_after(&self, already: i64, more: i64) -> Result<Money, sqlx::Error> {
        let unit = |count: i64| u32::try_from(count).map_err(decode);
        self.total.of_units(unit(self.quantity)?, unit(already)?, unit(more)?).map_err(decode)
    }

    /// Takes `wanted` open units from the places, in their order; for a variant without inventory
    /// from nowhere.
    pub(super) fn take(&self, wanted: Quantity) -> Vec<(Option<LocationId>, i64)> {
        let mut left = i64::from(wanted.get());
        if self.places.is_empty() {
            return vec![(None, left)];
        }
        let mut taken = Vec::new();
        for place in &self.places {
            let part = left.min(place.free);
            if part > 0 {
                taken.push((Some(place.location), part));
                left -= part;
            }
        }
        taken
    }
}

/// A number of the database that breaks one of its own rules.
pub(super) fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

const LINES: &str = "
    SELECT line.id, line.variant_id, line.quantity::bigint, line.fulfilled::bigint,
           line.cancelled::bigint, line.returned::bigint, line.total,
           coalesce(parcel.shipped, 0)::bigint, coalesce(parcel.lost, 0)::bigint,
           coalesce(arrival.back, 0)::bigint
      FROM order_line AS line
      LEFT JOIN LATERAL (
           SELECT sum(part.quantity) FILTER (WHERE fulfilment.state
                      IN ('shipped', 'delivered', 'lost')) AS shipped,
                  sum(part.quantity) FILTER (WHERE fulfilment.state = 'lost') AS lost
             FROM fulfilment_line AS part
             JOIN fulfilment ON fulfilment.id = part.fulfilment_id
            WHERE part.order_line_id = line.id) AS parcel ON true
      LEFT JOIN LATERAL (
           SELECT sum(part.quantity) AS back FROM order_return_line AS part
             JOIN order_return ON order_return.id = part.return_id
            WHERE part.order_line_id = line.id
              AND order_return.state IN ('received', 'completed')) AS arrival ON true
     WHERE line.order_id = $1 ORDER BY line.id";

const PLACES: &str = "
    SELECT reservation.order_line_id, reservation.location_id,
           (CASE WHEN reservation.state = 'committed'
                 THEN reservation.quantity - reservation.shipped - reservation.withdrawn
                      - coalesce(packed.units, 0) ELSE 0 END)::bigint
      FROM order_line AS line
      JOIN reservation ON reservation.order_line_id = line.id
      LEFT JOIN LATERAL (
           SELECT sum(part.quantity) AS units FROM fulfilment_line AS part
             JOIN fulfilment ON fulfilment.id = part.fulfilment_id
            WHERE part.order_line_id = line.id AND fulfilment.state = 'pending'
              AND part.stock_location_id = reservation.location_id) AS packed ON true
     WHERE line.order_id = $1
     ORDER BY reservation.order_line_id, reservation.location_id";

/// The lines of a locked order, by id, with the stock promised to them.
pub(super) async fn lines(
    connection: &mut PgConnection,
    order: OrderId,
    currency: Currency,
) -> Result<BTreeMap<OrderLineId, Line>, sqlx::Error> {
    type Row = (OrderLineId, VariantId, i64, i64, i64, i64, i64, i64, i64, i64);
    let rows: Vec<Row> = sqlx::query_as(LINES).bind(order).fetch_all(&mut *connection).await?;
    let mut lines = BTreeMap::new();
    for (id, variant, quantity, fulfilled, cancelled, returned, total, shipped, lost, back) in rows
    {
        let total = Money::new(total, currency).map_err(decode)?;
        let places = Vec::new();
        let line = Line {
            id,
            variant,
            quantity,
            fulfilled,
            cancelled,
            shipped,
            lost,
            returned,
            back,
            total,
            places,
        };
        lines.insert(id, line);
    }
    let places: Vec<(OrderLineId, LocationId, i64)> =
        sqlx::query_as(PLACES).bind(order).fetch_all(connection).await?;
    for (line, location, free) in places {
        if let Some(line) = lines.get_mut(&line) {
            line.places.push(Place { location, free });
        }
    }
    Ok(lines)
}

/// Why units of lines were not what somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitsRefusal {
    /// No units were named.
    #[error("no units were named")]
    None,
    /// A line is not one of the order.
    #[error("{0} is no line of the order")]
    NotInOrder(OrderLineId),
    /// A line was named twice.
    #[error("{0} is named twice")]
    Twice(OrderLineId),
    /// There are not as many units left of a line.
    #[error("{line} has {left} units left")]
    TooMany {
        /// The line.
        line: OrderLineId,
        /// How many are left.
        left: i64,
    },
}

/// Looks up the lines that somebody named, each once, with at most what `left` says of it.
pub(super) fn named<'l>(
    lines: &'l BTreeMap<OrderLineId, Line>,
    units: &[Units],
    left: impl Fn(&Line) -> i64,
) -> Result<Vec<(&'l Line, Quantity)>, UnitsRefusal> {
    let mut found = BTreeMap::new();
    for &Units { line: id, quantity } in units {
        let line = lines.get(&id).ok_or(UnitsRefusal::NotInOrder(id))?;
        let left = left(line);
        if i64::from(quantity.get()) > left {
            return Err(UnitsRefusal::TooMany { line: id, left });
        }
        if found.insert(id, (line, quantity)).is_some() {
            return Err(UnitsRefusal::Twice(id));
        }
    }
    if found.is_empty() { Err(UnitsRefusal::None) } else { Ok(found.into_values().collect()) }
}

/// All that `left` says of each line, of the lines that have any.
pub(super) fn all<'l>(
    lines: &'l BTreeMap<OrderLineId, Line>,
    left: impl Fn(&Line) -> i64,
) -> Result<Vec<(&'l Line, Quantity)>, sqlx::Error> {
    let with = |line: &'l Line| match left(line) {
        0 => None,
        units => Some(Quantity::new(units).map(|units| (line, units)).map_err(decode)),
    };
    lines.values().filter_map(with).collect()
}
