//! What tests of the stock have in common: carts that want it, orders that get it, and what there
//! is to see afterwards.

use chrono::{DateTime, Duration, Utc};
use shop::id::{CartId, Id as _, LocationId, OrderId, OrderLineId, VariantId};
use shop::inventory::{HoldError, HoldLine, Reservation, ReservationState, Strategy, hold};
use shop::money::{Currency, Money};
use shop::value::Quantity;
use sqlx::Row as _;

use crate::make::Make;

/// How long holds of these tests last.
pub fn until(make: &Make) -> DateTime<Utc> {
    make.context.now() + Duration::minutes(10)
}

pub fn units(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

pub fn line(variant: VariantId, quantity: i64) -> HoldLine {
    HoldLine { variant, quantity: units(quantity) }
}

/// A priced variant without stock.
pub async fn priced(make: &Make) -> VariantId {
    make.variant().priced(Money::new(1000, Currency::EUR).unwrap()).await
}

/// A cart with so many of a variant.
pub async fn cart_with(make: &Make, variant: VariantId, quantity: i64) -> CartId {
    make.cart().with(variant, quantity).await.id
}

/// Holds in a transaction of its own.
pub async fn hold_with(
    make: &Make,
    cart: CartId,
    lines: &[HoldLine],
    strategy: Strategy,
) -> Result<Vec<Reservation>, HoldError> {
    let mut transaction = make.db.begin().await.unwrap();
    let held = hold(&mut transaction, &make.context, cart, lines, strategy, until(make)).await?;
    transaction.commit().await.unwrap();
    Ok(held)
}

/// A cart with so many of a variant, and all of them held.
pub async fn held(make: &Make, variant: VariantId, quantity: i64) -> (CartId, Vec<Reservation>) {
    let cart = cart_with(make, variant, quantity).await;
    let lines = [line(variant, quantity)];
    (cart, hold_with(make, cart, &lines, Strategy::Split).await.unwrap())
}

/// On hand, reserved and allocated.
pub async fn level(make: &Make, location: LocationId, variant: VariantId) -> (i32, i32, i32) {
    sqlx::query_as(
        "SELECT on_hand, reserved, allocated FROM stock_level
          WHERE location_id = $1 AND variant_id = $2",
    )
    .bind(location)
    .bind(variant)
    .fetch_one(&make.db)
    .await
    .unwrap()
}

/// The states of a cart's reservations, by location.
pub async fn states(make: &Make, cart: CartId) -> Vec<ReservationState> {
    sqlx::query_scalar("SELECT state FROM reservation WHERE cart_id = $1 ORDER BY location_id")
        .bind(cart)
        .fetch_all(&make.db)
        .await
        .unwrap()
}

/// An order of one line for a cart that was in checkout, written as placing would write it, so
/// that the stock can be tried without the rest.
pub async fn ordered(make: &Make, cart: CartId, variant: VariantId) -> (OrderId, OrderLineId) {
    let (order, order_line) = (make.context.id::<OrderId>(), make.context.id::<OrderLineId>());
    let mut transaction = make.db.begin().await.unwrap();
    for (seq, from, to) in [(1, "active", "checkout"), (2, "checkout", "converted")] {
        sqlx::query(
            "WITH noted AS (INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor)
                            VALUES ($1, $2, $3, $4, 'test'))
             UPDATE cart SET state = $4, state_seq = $2 WHERE id = $1",
        )
        .bind(cart)
        .bind(seq)
        .bind(from)
        .bind(to)
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    sqlx::query(
        "WITH line AS (SELECT * FROM cart_line WHERE cart_id = $1 AND variant_id = $3),
              placed AS (
                  INSERT INTO orders (id, cart_id, email, currency, tax_included, lines_subtotal,
                                      lines_discount, lines_tax, shipping_amount, shipping_tax,
                                      grand_total, placed_at)
                  SELECT $2, $1, 'ada@example.org', currency, true, unit_price * quantity,
                         0, 0, 0, 0, unit_price * quantity, $5 FROM line)
         INSERT INTO order_line (id, order_id, currency, tax_included, variant_id, price_id, sku,
                                 title, quantity, unit_price)
         SELECT $4, $2, currency, true, variant_id, price_id, 'MUG', 'Mug', quantity, unit_price
           FROM line",
    )
    .bind(cart)
    .bind(order)
    .bind(variant)
    .bind(order_line)
    .bind(make.context.now())
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    (order, order_line)
}

/// Every event of reservations reads back into its type, under the number it should have.
pub async fn events_read_back(make: &Make) -> Vec<&'static str> {
    use shop::event::Event as _;
    use shop::inventory::events::reservation as kinds;
    let rows = sqlx::query(
        "SELECT type, payload, aggregateid, seq,
                row_number() OVER (PARTITION BY aggregateid ORDER BY position)::int AS number
           FROM outbox WHERE aggregatetype = 'reservation' ORDER BY position",
    )
    .fetch_all(&make.db)
    .await
    .unwrap();
    let mut seen = Vec::new();
    for row in rows {
        let payload: serde_json::Value = row.get("payload");
        assert_eq!(row.get::<i32, _>("seq"), row.get::<i32, _>("number"), "{payload}");
        macro_rules! read {
            ($($kind:ident),*) => {
                match row.get::<&str, _>("type") {
                    $(kinds::$kind::TYPE => {
                        let event: kinds::$kind = serde_json::from_value(payload).unwrap();
                        let of: uuid::Uuid = row.get("aggregateid");
                        assert_eq!(event.reservation.uuid(), of);
                        kinds::$kind::TYPE
                    })*
                    other => panic!("{other}"),
                }
            };
        }
        seen.push(read!(
            ReservationHeld,
            ReservationExtended,
            ReservationCommitted,
            ReservationWithdrawn,
            ReservationReleased,
            ReservationExpired,
            ReservationFulfilled
        ));
    }
    seen
}

/// Units of an order line leave the location where they are promised, written as shipping would
/// write it; what holds nothing any more is closed.
pub async fn shipped(make: &Make, line: OrderLineId, quantity: i32) {
    let (parcel, part) = (
        make.context.id::<shop::id::FulfilmentId>(),
        make.context.id::<shop::id::FulfilmentLineId>(),
    );
    let mut transaction = make.db.begin().await.unwrap();
    for statement in [
        "INSERT INTO fulfilment (id, order_id, location_id, created_at)
         SELECT $1, order_id, location_id, $5 FROM order_line
           JOIN reservation ON order_line_id = order_line.id
          WHERE order_line.id = $3 AND $2::uuid IS NOT NULL AND $4::int IS NOT NULL",
        "INSERT INTO fulfilment_line
             (id, fulfilment_id, order_id, location_id, order_line_id, variant_id, quantity)
         SELECT $2, $1, order_id, location_id, order_line.id, order_line.variant_id, $4::int
           FROM order_line JOIN reservation ON order_line_id = order_line.id
          WHERE order_line.id = $3 AND $5::timestamptz IS NOT NULL",
        "INSERT INTO stock_movement
             (location_id, variant_id, kind, quantity, fulfilment_line_id, actor, at)
         SELECT location_id, variant_id, 'ship', $4::int, id, 'test', $5 FROM fulfilment_line
          WHERE id = $2 AND $1::uuid IS NOT NULL AND $3::uuid IS NOT NULL",
        "WITH noted AS (
             INSERT INTO fulfilment_history
                 (fulfilment_id, seq, from_state, to_state, actor, at)
             VALUES ($1, 1, 'pending', 'shipped', 'test', $5))
         UPDATE fulfilment SET state = 'shipped', state_seq = 1
          WHERE id = $1 AND $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL AND $4::int IS NOT NULL",
    ] {
        sqlx::query(statement)
            .bind(parcel)
            .bind(part)
            .bind(line)
            .bind(quantity)
            .bind(make.context.now())
            .execute(&mut *transaction)
            .await
            .unwrap();
    }
    shop::inventory::settle(&mut transaction, &make.context, &[line]).await.unwrap();
    transaction.commit().await.unwrap();
}
