//! Orders in their states, by the operations that lead there.

use chrono::TimeDelta;
use shop::id::{FulfilmentId, OrderId, OrderLineId, ReturnId};
use shop::money::{Currency, Money};
use shop::order::{
    self, Cancel, Cancelled, Confirmed, OrderState, Parcel, ReceiveReturn, RequestReturn,
    ReturnReceipt, Shipment, Units, Wanted,
};
use shop::value::Quantity;

use crate::make::{MadeOrder, Make};

pub fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

pub fn units(line: OrderLineId, quantity: i64) -> Units {
    Units { line, quantity: Quantity::new(quantity).unwrap() }
}

pub async fn confirm(make: &Make, order: OrderId) -> Result<Confirmed, order::ConfirmError> {
    shop::transact!(&make.db, order::ConfirmError, |connection| {
        order::confirm(connection, &make.context, order).await
    })
}

/// An order that is paid.
pub async fn confirmed(make: &Make, order: MadeOrder) -> MadeOrder {
    assert_eq!(confirm(make, order.id).await.unwrap(), Confirmed::Now);
    order
}

pub async fn pack(make: &Make, order: &MadeOrder, wanted: Wanted) -> Vec<Parcel> {
    order::fulfil(&make.db, &make.context, order.id, &wanted).await.unwrap()
}

pub async fn ship(make: &Make, parcel: FulfilmentId) -> OrderState {
    order::ship(&make.db, &make.context, parcel, &Shipment::default()).await.unwrap()
}

/// Packs and ships so many units of the first line.
pub async fn send(make: &Make, order: &MadeOrder, quantity: i64) -> FulfilmentId {
    let parcels = pack(make, order, Wanted::Units(vec![units(order.lines[0], quantity)])).await;
    ship(make, parcels[0].fulfilment).await;
    parcels[0].fulfilment
}

pub fn cancelling(order: &MadeOrder, units: Option<Vec<Units>>) -> Cancel {
    Cancel { order: order.id, customer: None, units, reason: "changed their mind".parse().unwrap() }
}

pub async fn cancel(make: &Make, order: &MadeOrder, units: Option<Vec<Units>>) -> Cancelled {
    order::cancel(&make.db, &make.context, &cancelling(order, units)).await.unwrap()
}

pub fn returning(order: &MadeOrder, units: Vec<Units>) -> RequestReturn {
    RequestReturn { order: order.id, customer: None, units, reason: "too small".parse().unwrap() }
}

pub async fn request_return(make: &Make, order: &MadeOrder, units: Vec<Units>) -> ReturnId {
    order::request_return(&make.db, &make.context, &returning(order, units)).await.unwrap()
}

/// Receives a return without restocking anything.
pub async fn receive(make: &Make, returned: ReturnId) -> ReturnReceipt {
    let location = make.main_location().await;
    let request = ReceiveReturn { returned, location, restock: Vec::new() };
    order::receive_return(&make.db, &make.context, &request).await.unwrap()
}

/// Sends so many units of the first line back.
pub async fn send_back(make: &Make, order: &MadeOrder, quantity: i64) -> ReturnReceipt {
    let returned = request_return(make, order, vec![units(order.lines[0], quantity)]).await;
    order::approve_return(&make.db, &make.context, returned).await.unwrap();
    receive(make, returned).await
}

pub async fn state(make: &Make, order: OrderId) -> OrderState {
    sqlx::query_scalar("SELECT state::text FROM orders WHERE id = $1")
        .bind(order)
        .fetch_one(&make.db)
        .await
        .unwrap()
}

/// An order of one line of two units, in a state.
pub async fn order_in(make: &Make, wanted: OrderState) -> MadeOrder {
    let order = make.order().await;
    match wanted {
        OrderState::Placed => return order,
        OrderState::Cancelled => {
            cancel(make, &order, None).await;
            return order;
        }
        OrderState::Expired => {
            make.clock.advance(TimeDelta::hours(25));
            let wait = order::PAYMENT_WAIT;
            let expired = order::expire_unpaid(&make.db, &make.context, wait, 100).await.unwrap();
            assert!(expired.contains(&order.id));
            return order;
        }
        _ => {}
    }
    let order = confirmed(make, order).await;
    match wanted {
        OrderState::PartiallyFulfilled => drop(send(make, &order, 1).await),
        OrderState::Fulfilled => drop(send(make, &order, 2).await),
        OrderState::PartiallyReturned => {
            send(make, &order, 2).await;
            send_back(make, &order, 1).await;
        }
        OrderState::Returned => {
            send(make, &order, 2).await;
            send_back(make, &order, 2).await;
        }
        _ => {}
    }
    assert_eq!(state(make, order.id).await, wanted);
    order
}
