//! Packing: units of an order become parcels, one per location that holds their stock.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use super::OrderState;
use super::access::{LockedOrder, OrderRefusal, lock};
use super::events::FulfilmentCreated;
use super::units::{Line, Units, UnitsRefusal, all, lines, named};
use crate::context::Context;
use crate::database::DatabaseError;
use crate::event;
use crate::id::{FulfilmentId, FulfilmentLineId, LocationId, OrderId, OrderLineId, VariantId};
use crate::value::Quantity;

/// What shall be packed.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// Everything that is in no parcel yet.
    Everything,
    /// These units.
    Units(Vec<Units>),
}

/// A parcel that is being packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Which.
    pub fulfilment: FulfilmentId,
    /// Where it leaves from.
    pub location: LocationId,
    /// What is in it, by line.
    pub units: Vec<Units>,
}

/// Why nothing was packed.
#[derive(Debug, thiserror::Error)]
pub enum FulfilError {
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderRefusal),
    /// The units.
    #[error(transparent)]
    Units(#[from] UnitsRefusal),
    /// The units need no stock, and there is no location to send them from.
    #[error("there is no location to send from")]
    NoLocation,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(FulfilError {});

/// The states in which goods may leave.
pub(super) const MAY_LEAVE: &[OrderState] =
    &[OrderState::Confirmed, OrderState::PartiallyFulfilled, OrderState::PartiallyReturned];

/// Packs units of a paid order: one parcel per location at which their stock is promised. Units of
/// variants without inventory go along with the first parcel.
///
/// # Errors
/// See [`FulfilError`].
pub async fn fulfil(
    pool: &PgPool,
    context: &Context,
    order: OrderId,
    wanted: &Wanted,
) -> Result<Vec<Parcel>, FulfilError> {
    crate::transact!(pool, FulfilError, |connection| {
        fulfil_within(connection, context, order, wanted).await
    })
}

/// [`fulfil`] as a part of the caller's transaction.
pub(crate) async fn fulfil_within(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
    wanted: &Wanted,
) -> Result<Vec<Parcel>, FulfilError> {
    let locked = lock::<FulfilError>(connection, order, None, MAY_LEAVE).await?;
    let lines = lines(connection, order, locked.currency).await?;
    let units = match wanted {
        Wanted::Everything => all(&lines, Line::open)?,
        Wanted::Units(units) => named(&lines, units, Line::open)?,
    };
    if units.is_empty() {
        Err(UnitsRefusal::None)?;
    }
    let packed = pack(connection, &units).await?;
    let mut parcels = Vec::new();
    for (location, parts) in packed {
        parcels.push(write(connection, context, locked, location, &parts).await?);
    }
    Ok(parcels)
}

/// Units of a line in a parcel.
struct Part {
    line: OrderLineId,
    variant: VariantId,
    from_stock: bool,
    quantity: i64,
}

/// Divides units by the locations that they leave from.
async fn pack(
    connection: &mut PgConnection,
    units: &[(&Line, Quantity)],
) -> Result<BTreeMap<LocationId, Vec<Part>>, FulfilError> {
    let mut parcels: BTreeMap<LocationId, Vec<Part>> = BTreeMap::new();
    let mut anywhere = Vec::new();
    for (line, wanted) in units {
        for (location, quantity) in line.take(*wanted) {
            let from_stock = location.is_some();
            let part = Part { line: line.id, variant: line.variant, from_stock, quantity };
            match location {
                Some(location) => parcels.entry(location).or_default().push(part),
                None => anywhere.push(part),
            }
        }
    }
    if !anywhere.is_empty() {
        let location = match parcels.keys().next() {
            Some(location) => *location,
            None => sqlx::query_scalar(
                "SELECT id FROM location WHERE deleted_at IS NULL ORDER BY priority, id LIMIT 1",
            )
            .fetch_optional(connection)
            .await?
            .ok_or(FulfilError::NoLocation)?,
        };
        parcels.entry(location).or_default().extend(anywhere);
    }
    Ok(parcels)
}

const WRITE: &str = "
    WITH parcel AS (
        INSERT INTO fulfilment (id, order_id, location_id, created_at) VALUES ($1, $2, $3, $4))
    INSERT INTO fulfilment_line (id, fulfilment_id, order_id, location_id, order_line_id,
                                 variant_id, from_stock, quantity)
    SELECT part.id, $1, $2, $3, part.line, part.variant, part.from_stock, part.quantity
      FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::boolean[], $9::int[])
               AS part (id, line, variant, from_stock, quantity)
     ORDER BY part.line";

async fn write(
    connection: &mut PgConnection,
    context: &Context,
    order: LockedOrder,
    location: LocationId,
    parts: &[Part],
) -> Result<Parcel, FulfilError> {
    let fulfilment: FulfilmentId = context.id();
    let ids: Vec<FulfilmentLineId> = parts.iter().map(|_| context.id()).collect();
    let units = parts
        .iter()
        .map(|part| {
            let quantity = Quantity::new(part.quantity).map_err(super::units::decode)?;
            Ok(Units { line: part.line, quantity })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    sqlx::query(WRITE)
        .bind(fulfilment)
        .bind(order.id)
        .bind(location)
        .bind(context.now())
        .bind(ids)
        .bind(parts.iter().map(|part| part.line).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.variant).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.from_stock).collect::<Vec<_>>())
        .bind(units.iter().map(|units| units.quantity).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    let made = FulfilmentCreated { order: order.id, fulfilment, location };
    event::append(connection, context, order.id, &made).await?;
    Ok(Parcel { fulfilment, location, units })
}
