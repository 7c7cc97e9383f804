//! The state of an order follows from where its units are.

use sqlx::PgConnection;

use super::OrderState;
use super::access::LockedOrder;
use super::events::{
    OrderCancelled, OrderFulfilled, OrderPartiallyFulfilled, OrderPartiallyReturned, OrderReturned,
};
use super::units::lines;
use crate::context::Context;
use crate::machine::Move;

/// The state that units in these places make of an order: none where they decide nothing.
fn follows(wanted: i64, shipped: i64, back: i64) -> Option<OrderState> {
    match (shipped, back) {
        (0, _) => None,
        (_, 0) if shipped == wanted => Some(OrderState::Fulfilled),
        (_, 0) => Some(OrderState::PartiallyFulfilled),
        _ if shipped == wanted && back == shipped => Some(OrderState::Returned),
        _ => Some(OrderState::PartiallyReturned),
    }
}

/// Moves a locked order to where its units say it is; gives its state then.
pub(super) async fn settle(
    connection: &mut PgConnection,
    context: &Context,
    order: LockedOrder,
) -> Result<OrderState, sqlx::Error> {
    let lines = lines(connection, order.id, order.currency).await?;
    let sum = |part: fn(&super::units::Line) -> i64| lines.values().map(part).sum::<i64>();
    let wanted = sum(|line| line.quantity - line.cancelled);
    let target = if wanted == 0 {
        Some(OrderState::Cancelled)
    } else {
        follows(wanted, sum(|line| line.shipped), sum(|line| line.back))
    };
    let Some(target) = target.filter(|target| *target != order.state) else {
        return Ok(order.state);
    };
    let (id, state) = (order.id, order.state);
    let change = Move::new(id, &[state], target);
    let moved = match target {
        OrderState::PartiallyFulfilled => {
            change.make(connection, context, &OrderPartiallyFulfilled { order: id }).await?
        }
        OrderState::Fulfilled => {
            change.make(connection, context, &OrderFulfilled { order: id }).await?
        }
        OrderState::PartiallyReturned => {
            change.make(connection, context, &OrderPartiallyReturned { order: id }).await?
        }
        OrderState::Returned => {
            change.make(connection, context, &OrderReturned { order: id }).await?
        }
        OrderState::Cancelled => {
            change.make(connection, context, &OrderCancelled { order: id }).await?
        }
        OrderState::Placed | OrderState::Confirmed | OrderState::Expired => None,
    };
    Ok(if moved.is_some() { target } else { state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_follows_the_units() {
        let cases = [
            ("nothing left", (3, 0, 0), None),
            ("some left", (3, 1, 0), Some(OrderState::PartiallyFulfilled)),
            ("all left", (3, 3, 0), Some(OrderState::Fulfilled)),
            ("some left, some came back", (3, 2, 2), Some(OrderState::PartiallyReturned)),
            ("all left, some came back", (3, 3, 2), Some(OrderState::PartiallyReturned)),
            ("all came back", (3, 3, 3), Some(OrderState::Returned)),
        ];
        for (name, (wanted, shipped, back), state) in cases {
            assert_eq!(follows(wanted, shipped, back), state, "{name}");
        }
    }
}
