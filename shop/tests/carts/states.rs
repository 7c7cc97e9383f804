//! Every operation in every state: it works, or is refused by the state's name.

use chrono::TimeDelta;
use shop::cart::{self, CartRequest, CartState};
use shop::id::VariantId;
use shop::inventory::Strategy;
use shop::order;
use shop::value::Quantity;

use super::stage::{check_out, variant};
use crate::make::{MadeCart, Make};

/// A guest's cart with one mug, in a state.
async fn cart_in(make: &Make, mug: VariantId, wanted: CartState) -> MadeCart {
    let cart = make.cart().with(mug, 1).await;
    let (db, context, request) = (&make.db, &make.context, CartRequest::by_shop(cart.id));
    match wanted {
        CartState::Active => {}
        CartState::Checkout => {
            check_out(make, &cart).await;
        }
        CartState::Converted => {
            check_out(make, &cart).await;
            order::place(db, context, &make.placing(request)).await.unwrap();
        }
        CartState::Abandoned => cart::abandon(db, context, &request).await.unwrap(),
        CartState::Expired => {
            make.clock.advance(TimeDelta::days(30));
            assert!(cart::expire_due(db, context, 100).await.unwrap().contains(&cart.id));
        }
        CartState::Merged => {
            let customer = make.customer().await;
            make.cart().of(customer).await;
            cart::log_in(db, context, customer, &cart.session).await.unwrap();
        }
    }
    cart
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    AddLine,
    SetQuantity,
    RemoveLine,
    EnterVoucher,
    WithdrawVoucher,
    Reprice,
    BeginCheckout,
    LeaveCheckout,
    Abandon,
    Place,
}

use Operation::{
    Abandon, AddLine, BeginCheckout, EnterVoucher, LeaveCheckout, Place, RemoveLine, Reprice,
    SetQuantity, WithdrawVoucher,
};

const ALL: [Operation; 10] = [
    AddLine,
    SetQuantity,
    RemoveLine,
    EnterVoucher,
    WithdrawVoucher,
    Reprice,
    BeginCheckout,
    LeaveCheckout,
    Abandon,
    Place,
];

/// The operations that are possible in a state.
fn possible(state: CartState) -> &'static [Operation] {
    match state {
        CartState::Active => &[
            AddLine,
            SetQuantity,
            RemoveLine,
            EnterVoucher,
            WithdrawVoucher,
            Reprice,
            BeginCheckout,
            Abandon,
        ],
        CartState::Checkout => &[LeaveCheckout, Abandon, Place],
        CartState::Converted | CartState::Abandoned | CartState::Expired | CartState::Merged => &[],
    }
}

/// What the operation says, if it refuses.
async fn run(make: &Make, cart: &MadeCart, mug: VariantId, operation: Operation) -> Option<String> {
    let (db, context, request) = (&make.db, &make.context, CartRequest::by_shop(cart.id));
    let one = Quantity::ONE;
    macro_rules! said {
        ($result:expr) => {
            $result.await.err().map(|error| error.to_string())
        };
    }
    match operation {
        AddLine => said!(cart::add_line(db, context, &request, mug, one)),
        SetQuantity => said!(cart::set_quantity(db, context, &request, mug, one)),
        RemoveLine => said!(cart::remove_line(db, context, &request, mug)),
        EnterVoucher => said!(cart::enter_voucher(db, context, &request, "NONE")),
        WithdrawVoucher => {
            said!(cart::withdraw_voucher(db, context, &request, context.id()))
        }
        Reprice => said!(cart::reprice(db, context, &request)),
        BeginCheckout => {
            said!(cart::begin_checkout(db, context, &request, Strategy::MostStock))
        }
        LeaveCheckout => said!(cart::leave_checkout(db, context, &request)),
        Abandon => said!(cart::abandon(db, context, &request)),
        Place => said!(order::place(db, context, &make.placing(request))),
    }
}

#[proofmark::test]
async fn every_operation_works_or_is_refused_by_the_state(make: Make) {
    make.german_tax().await;
    let mug = variant(&make, 1000).await;
    for &state in CartState::ALL {
        for operation in ALL {
            let cart = cart_in(&make, mug, state).await;
            let said = run(&make, &cart, mug, operation).await;
            let expected = match operation {
                _ if !possible(state).contains(&operation) => Some(format!("the cart is {state}")),
                EnterVoucher => Some("there is no such voucher".into()),
                WithdrawVoucher => Some("the voucher is not in the cart".into()),
                _ => None,
            };
            assert_eq!(said, expected, "{operation:?} on a cart that is {state}");
        }
    }
}

#[proofmark::test]
async fn every_move_leaves_its_event(make: Make) {
    make.german_tax().await;
    let mug = variant(&make, 1000).await;
    let cart = cart_in(&make, mug, CartState::Checkout).await;
    cart::leave_checkout(&make.db, &make.context, &cart.request()).await.unwrap();
    check_out(&make, &cart).await;
    order::place(&make.db, &make.context, &make.placing(cart.request())).await.unwrap();
    let told: Vec<(String,)> = sqlx::query_as(
        "SELECT type FROM outbox WHERE aggregatetype = 'cart' AND aggregateid = $1 ORDER BY seq",
    )
    .bind(cart.id)
    .fetch_all(&make.db)
    .await
    .unwrap();
    let told: Vec<&str> = told.iter().map(|(kind,)| kind.as_str()).collect();
    assert_eq!(
        told,
        [
            "cart.created",
            "cart.line_set",
            "cart.checkout_begun",
            "cart.checkout_left",
            "cart.checkout_begun",
            "cart.converted",
        ]
    );
}
