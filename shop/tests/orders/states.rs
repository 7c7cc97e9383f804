//! Every operation in every state: it works, or is refused by the state's name.

use shop::id::{FulfilmentId, ReturnId};
use shop::order::{
    self, FulfilmentState, OrderState, ReceiveReturn, ReturnState, Shipment, Wanted,
};

use super::stage::{
    cancelling, confirm, confirmed, order_in, pack, request_return, returning, units,
};
use crate::make::{MadeOrder, Make};

#[derive(Debug, Clone, Copy)]
enum OnOrder {
    Confirm,
    CancelAll,
    CancelUnits,
    Fulfil,
    RequestReturn,
}

/// What the operation must say; none when it works.
fn expected(state: OrderState, operation: OnOrder) -> Option<String> {
    use OrderState as S;
    let refused = Some(format!("the order is {state}"));
    match (operation, state) {
        (OnOrder::Confirm, S::Cancelled | S::Expired) => refused,
        (OnOrder::Confirm, _)
        | (OnOrder::CancelAll, S::Placed | S::Confirmed)
        | (OnOrder::CancelUnits | OnOrder::Fulfil, S::Confirmed | S::PartiallyFulfilled)
        | (OnOrder::RequestReturn, S::PartiallyFulfilled | S::Fulfilled | S::PartiallyReturned) => {
            None
        }
        // Possible, but all of this one's units have left.
        (OnOrder::Fulfil, S::PartiallyReturned) => Some("no units were named".into()),
        (OnOrder::CancelUnits, S::PartiallyReturned) => Some("0 units left".into()),
        _ => refused,
    }
}

async fn on_order(make: &Make, order: &MadeOrder, operation: OnOrder) -> Option<String> {
    let (db, context) = (&make.db, &make.context);
    let one = vec![units(order.lines[0], 1)];
    macro_rules! said {
        ($result:expr) => {
            $result.await.err().map(|error| error.to_string())
        };
    }
    match operation {
        OnOrder::Confirm => said!(confirm(make, order.id)),
        OnOrder::CancelAll => said!(order::cancel(db, context, &cancelling(order, None))),
        OnOrder::CancelUnits => said!(order::cancel(db, context, &cancelling(order, Some(one)))),
        OnOrder::Fulfil => said!(order::fulfil(db, context, order.id, &Wanted::Everything)),
        OnOrder::RequestReturn => {
            said!(order::request_return(db, context, &returning(order, one)))
        }
    }
}

#[proofmark::test]
async fn every_operation_on_an_order_works_or_is_refused_by_its_state(make: Make) {
    use OnOrder::{CancelAll, CancelUnits, Confirm, Fulfil, RequestReturn};
    for &state in OrderState::ALL {
        for operation in [Confirm, CancelAll, CancelUnits, Fulfil, RequestReturn] {
            let order = order_in(&make, state).await;
            let said = on_order(&make, &order, operation).await;
            let expected = expected(state, operation);
            let agree = match (&said, &expected) {
                (Some(said), Some(expected)) => said.contains(expected.as_str()),
                (None, None) => true,
                _ => false,
            };
            assert!(agree, "{operation:?} in {state}: {said:?}, expected {expected:?}");
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnParcel {
    Ship,
    Deliver,
    Lose,
    Cancel,
}

async fn on_parcel(make: &Make, parcel: FulfilmentId, operation: OnParcel) -> Option<String> {
    let (db, context) = (&make.db, &make.context);
    let error = match operation {
        OnParcel::Ship => order::ship(db, context, parcel, &Shipment::default()).await.err(),
        OnParcel::Deliver => order::deliver(db, context, parcel).await.err(),
        OnParcel::Lose => order::lose(db, context, parcel).await.err(),
        OnParcel::Cancel => order::cancel_fulfilment(db, context, parcel).await.err(),
    };
    error.map(|error| error.to_string())
}

#[proofmark::test]
async fn every_operation_on_a_parcel_works_or_is_refused_by_its_state(make: Make) {
    use FulfilmentState as S;
    use OnParcel::{Cancel, Deliver, Lose, Ship};
    for &state in S::ALL {
        for operation in [Ship, Deliver, Lose, Cancel] {
            let order = confirmed(&make, make.order().await).await;
            let parcel = pack(&make, &order, Wanted::Everything).await[0].fulfilment;
            let way: &[OnParcel] = match state {
                S::Pending => &[],
                S::Shipped => &[Ship],
                S::Delivered => &[Ship, Deliver],
                S::Lost => &[Ship, Lose],
                S::Cancelled => &[Cancel],
            };
            for step in way {
                assert_eq!(on_parcel(&make, parcel, *step).await, None);
            }
            let said = on_parcel(&make, parcel, operation).await;
            let works = matches!(
                (state, operation),
                (S::Pending, Ship | Cancel) | (S::Shipped, Deliver | Lose)
            );
            let expected = (!works).then(|| format!("the parcel is {state}"));
            assert_eq!(said, expected, "{operation:?} in {state}");
        }
    }
    for operation in [Ship, Deliver, Lose, Cancel] {
        let said = on_parcel(&make, make.context.id(), operation).await;
        assert_eq!(said.as_deref(), Some("there is no such parcel"), "{operation:?}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnReturn {
    Approve,
    Reject,
    Cancel,
    Receive,
    Complete,
}

async fn on_return(make: &Make, returned: ReturnId, operation: OnReturn) -> Option<String> {
    let (db, context) = (&make.db, &make.context);
    let why = "used".parse().unwrap();
    let location = make.main_location().await;
    macro_rules! said {
        ($result:expr) => {
            $result.await.err().map(|error| error.to_string())
        };
    }
    match operation {
        OnReturn::Approve => said!(order::approve_return(db, context, returned)),
        OnReturn::Reject => said!(order::reject_return(db, context, returned, &why)),
        OnReturn::Cancel => said!(order::cancel_return(db, context, returned, None)),
        OnReturn::Receive => {
            let request = ReceiveReturn { returned, location, restock: Vec::new() };
            said!(order::receive_return(db, context, &request))
        }
        OnReturn::Complete => said!(order::complete_return(db, context, returned)),
    }
}

#[proofmark::test]
async fn every_operation_on_a_return_works_or_is_refused_by_its_state(make: Make) {
    use OnReturn::{Approve, Cancel, Complete, Receive, Reject};
    use ReturnState as S;
    for &state in S::ALL {
        for operation in [Approve, Reject, Cancel, Receive, Complete] {
            let order = order_in(&make, OrderState::Fulfilled).await;
            let returned = request_return(&make, &order, vec![units(order.lines[0], 1)]).await;
            let way: &[OnReturn] = match state {
                S::Requested => &[],
                S::Approved => &[Approve],
                S::Received => &[Approve, Receive],
                S::Completed => &[Approve, Receive, Complete],
                S::Rejected => &[Reject],
                S::Cancelled => &[Cancel],
            };
            for step in way {
                assert_eq!(on_return(&make, returned, *step).await, None);
            }
            let said = on_return(&make, returned, operation).await;
            let works = matches!(
                (state, operation),
                (S::Requested, Approve | Reject | Cancel)
                    | (S::Approved, Receive | Cancel)
                    | (S::Received, Complete)
            );
            let expected = (!works).then(|| format!("the return is {state}"));
            assert_eq!(said, expected, "{operation:?} in {state}");
        }
    }
    for operation in [Approve, Reject, Cancel, Receive, Complete] {
        let said = on_return(&make, make.context.id(), operation).await;
        assert_eq!(said.as_deref(), Some("there is no such return"), "{operation:?}");
    }
}
