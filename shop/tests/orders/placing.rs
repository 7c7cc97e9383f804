//! A cart in checkout becomes an order.

use chrono::TimeDelta;
use shop::cart::{self, CartRefusal, CartRequest, CartState, HOLD_LIFE, Shopper};
use shop::inventory::{self, Strategy};
use shop::money::{Currency, Money};
use shop::order::{self, OrderState, Place, PlaceError, Placed};
use shop::pricing::Destination;
use shop::value::Country;

use super::stage::{cancel, cancelling, confirmed, eur};
use crate::make::{MadeCart, MadeOrder, Make};

async fn check_out(make: &Make, cart: &MadeCart) {
    cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock)
        .await
        .unwrap();
}

async fn place(make: &Make, wanted: &Place) -> Result<Placed, PlaceError> {
    order::place(&make.db, &make.context, wanted).await
}

/// A cart in checkout of one mug at 10.00, in stock.
async fn mug_in_checkout(make: &Make) -> MadeCart {
    make.german_tax().await;
    let mug = make.variant().priced(eur(1000)).in_stock(10).await;
    let cart = make.cart().with(mug, 1).await;
    check_out(make, &cart).await;
    cart
}

/// How many rows an order would have left.
async fn orders(make: &Make) -> i64 {
    sqlx::query_scalar("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_line)")
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn an_order_keeps_what_was_agreed(make: Make) {
    let order = make.order().with_lines(3).await;
    assert_eq!(order.total, eur(2 * (1000 + 2000 + 3000)));
    let (lines, tax, total, state): (i64, i64, i64, String) = sqlx::query_as(
        "SELECT count(*), min(lines_tax)::bigint, sum(total)::bigint, min(orders.state::text)
           FROM orders JOIN order_line ON order_id = orders.id WHERE orders.id = $1",
    )
    .bind(order.id)
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!((lines, tax, total, state.as_str()), (3, 319 + 639 + 958, 12_000, "placed"));
    let view = cart::view(&make.db, &make.context, order.cart, &Shopper::Shop).await.unwrap();
    assert_eq!(view.state, CartState::Converted);
}

#[proofmark::test]
async fn orders_in_currencies_of_any_digits_are_placed(make: Make) {
    for currency in [Currency::JPY, Currency::EUR, Currency::KWD, Currency::CLF] {
        let order = make.order().with_lines(2).in_currency(currency).await;
        assert_eq!(order.total, Money::new(6000, currency).unwrap());
    }
}

#[proofmark::test]
async fn a_total_that_was_not_shown_is_not_charged(make: Make) {
    let cart = mug_in_checkout(&make).await;
    let mut wanted = make.placing(cart.request());
    for shown in [eur(999), eur(1001), Money::new(1000, Currency::USD).unwrap()] {
        wanted.expected_total = Some(shown);
        let refused = place(&make, &wanted).await;
        let Err(PlaceError::PriceChanged { shown: told, now }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((told, now), (shown, eur(1000)));
    }
    assert_eq!(orders(&make).await, 0);
    wanted.expected_total = Some(eur(1000));
    assert_eq!(place(&make, &wanted).await.unwrap().state, OrderState::Placed);
}

#[proofmark::test]
async fn a_promotion_that_ended_since_is_told(make: Make) {
    let over = make.context.now() + TimeDelta::minutes(5);
    make.promotion().valid(make.context.now(), Some(over)).await;
    let cart = mug_in_checkout(&make).await;
    let wanted = Place { expected_total: Some(eur(900)), ..make.placing(cart.request()) };
    make.clock.advance(TimeDelta::minutes(5));
    let refused = place(&make, &wanted).await;
    let Err(PlaceError::PriceChanged { shown, now }) = refused else { panic!("{refused:?}") };
    assert_eq!((shown, now), (eur(900), eur(1000)));
}

#[proofmark::test]
async fn an_order_of_nothing_to_pay_is_confirmed_at_once(make: Make) {
    let sample = make.variant().untracked().priced(eur(0)).await;
    let order = make.order().with(sample, 1).await;
    assert_eq!(order.total, eur(0));
    assert_eq!(super::stage::state(&make, order.id).await, OrderState::Confirmed);
}

#[proofmark::test]
async fn what_cannot_be_ordered_is_refused_by_name_and_leaves_nothing(make: Make) {
    let cart = mug_in_checkout(&make).await;
    let good = make.placing(cart.request());
    let french = Destination::country(Country::FR);
    let elsewhere = Some(make.postal_address(Country::FR));
    let cases = [
        (
            "an unknown way",
            Place { shipping_method: Some("owl".parse().unwrap()), ..good.clone() },
            "`owl` is not offered for this order",
        ),
        (
            "an untaxed country",
            Place { destination: french, shipping_address: None, ..good.clone() },
            "nothing of tax class `standard` is sold to FR",
        ),
        (
            "an address elsewhere",
            Place { shipping_address: elsewhere, ..good.clone() },
            "the address is in another country than the order",
        ),
        (
            "nobody to reach",
            Place { email: None, ..good.clone() },
            "a guest must say how to be reached",
        ),
    ];
    for (name, wanted, expected) in cases {
        let refused = place(&make, &wanted).await.unwrap_err();
        assert_eq!(refused.to_string(), expected, "{name}");
    }
    let shipping = make.shipping_rate().for_subtotals(100_000, None).await;
    let wanted = Place { shipping_method: Some(shipping.method), ..good.clone() };
    let refused = place(&make, &wanted).await;
    assert!(matches!(refused, Err(PlaceError::ShippingUnavailable { .. })), "{refused:?}");

    let other = make.cart().await;
    let mut foreign = good.clone();
    foreign.cart.shopper = other.request().shopper;
    let refused = place(&make, &foreign).await;
    assert!(matches!(refused, Err(PlaceError::Cart(CartRefusal::Foreign))), "{refused:?}");
    let mut stale = good.clone();
    stale.cart.version = Some(0);
    let refused = place(&make, &stale).await;
    let Err(PlaceError::Cart(CartRefusal::Changed { .. })) = refused else { panic!("{refused:?}") };
    assert_eq!(orders(&make).await, 0);
    place(&make, &good).await.unwrap();
}

#[proofmark::test]
async fn stock_that_is_not_held_any_more_is_not_sold(make: Make) {
    let cart = mug_in_checkout(&make).await;
    // The prices outlive the hold.
    make.clock.advance(HOLD_LIFE);
    let refused = place(&make, &make.placing(cart.request())).await;
    assert!(matches!(refused, Err(PlaceError::HoldExpired { .. })), "{refused:?}");
    // The same after the sweeper came.
    inventory::sweep(&make.db, &make.context, 100).await.unwrap();
    let refused = place(&make, &make.placing(cart.request())).await;
    assert!(matches!(refused, Err(PlaceError::HoldExpired { .. })), "{refused:?}");
    assert_eq!(orders(&make).await, 0);
    // Begun anew, the stock is held anew.
    cart::leave_checkout(&make.db, &make.context, &cart.request()).await.unwrap();
    check_out(&make, &cart).await;
    place(&make, &make.placing(cart.request())).await.unwrap();
}

#[proofmark::test]
async fn what_is_out_of_stock_is_not_checked_out(make: Make) {
    let mug = make.variant().priced(eur(1000)).in_stock(3).await;
    let first = make.cart().with(mug, 2).await;
    check_out(&make, &first).await;
    let second = make.cart().with(mug, 2).await;
    let begin = async || {
        cart::begin_checkout(&make.db, &make.context, &second.request(), Strategy::Split).await
    };
    let refused = begin().await;
    let Err(cart::BeginCheckoutError::OutOfStock { variant, available, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((variant, available), (mug, 1));
    // Whoever leaves, gives up or expires makes room.
    cart::abandon(&make.db, &make.context, &first.request()).await.unwrap();
    begin().await.unwrap();
}

#[proofmark::test]
async fn of_two_who_place_one_cart_one_gets_an_order(make: Make) {
    let cart = mug_in_checkout(&make).await;
    let wanted = make.placing(cart.request());
    let (one, other) = tokio::join!(place(&make, &wanted), place(&make, &wanted));
    let lost = if one.is_ok() { other } else { one };
    let Err(PlaceError::Cart(CartRefusal::State(CartState::Converted))) = lost else {
        panic!("{lost:?}")
    };
    assert_eq!(orders(&make).await, 2, "one order of one line");
}

#[proofmark::test]
async fn a_line_is_in_the_order_or_refused(make: Make) {
    make.german_tax().await;
    for _ in 0..5 {
        let mug = make.variant().untracked().priced(eur(1000)).await;
        let hat = make.variant().untracked().priced(eur(500)).await;
        let cart = make.cart().with(mug, 1).await;
        let (db, context, request) = (&make.db, &make.context, cart.request());
        let (begun, added) = tokio::join!(
            cart::begin_checkout(db, context, &request, Strategy::Split),
            cart::add_line(db, context, &request, hat, shop::value::Quantity::ONE)
        );
        begun.unwrap();
        let placed = place(&make, &make.placing(request)).await.unwrap();
        let total = if added.is_ok() { 1500 } else { 1000 };
        assert_eq!(placed.quote.totals.grand_total, eur(total));
    }
}

/// A cart in checkout with one mug and a voucher, of a customer or a guest.
async fn cart_with_voucher(
    make: &Make,
    code: &str,
    customer: Option<shop::id::CustomerId>,
) -> CartRequest {
    make.german_tax().await;
    let mug = make.variant().untracked().priced(eur(1000)).await;
    let mut cart = make.cart();
    if let Some(customer) = customer {
        cart = cart.of(customer);
    }
    let cart = cart.with(mug, 1).await;
    cart::enter_voucher(&make.db, &make.context, &cart.request(), code).await.unwrap();
    check_out(make, &cart).await;
    cart.request()
}

/// An order of it.
async fn with_voucher(
    make: &Make,
    code: &str,
    customer: Option<shop::id::CustomerId>,
) -> Result<Placed, PlaceError> {
    let cart = cart_with_voucher(make, code, customer).await;
    place(make, &make.placing(cart)).await
}

#[proofmark::test]
async fn a_voucher_is_used_by_the_order_and_given_back_with_it(make: Make) {
    let voucher = make.voucher().limited_to(1).await;
    let shipping = make.shipping_rate().await;
    let placed = with_voucher(&make, &voucher.code.to_lowercase(), None).await.unwrap();
    assert_eq!(placed.quote.totals.grand_total, eur(900));
    let cart = make.cart().await;
    let refused =
        cart::enter_voucher(&make.db, &make.context, &cart.request(), &voucher.code).await;
    assert!(matches!(refused, Err(cart::EnterVoucherError::UsedUp)), "{refused:?}");

    let order = MadeOrder {
        id: placed.order,
        cart: cart.id,
        customer: None,
        lines: placed.lines,
        variants: Vec::new(),
        total: eur(900),
        payment: None,
    };
    let cancelled = cancel(&make, &order, None).await;
    assert_eq!((cancelled.money_back, cancelled.extras), (eur(900), eur(0)));
    // Once more, with shipping, which is owed as well when nothing is delivered.
    let mug = make.variant().priced(eur(1000)).in_stock(1).await;
    let cart = make.cart().with(mug, 1).await;
    let request = cart.request();
    cart::enter_voucher(&make.db, &make.context, &request, &voucher.code).await.unwrap();
    check_out(&make, &cart).await;
    let wanted = Place { shipping_method: Some(shipping.method), ..make.placing(request) };
    let placed = place(&make, &wanted).await.unwrap();
    assert_eq!(placed.quote.totals.grand_total, eur(900 + 490));
    let order = confirmed(&make, MadeOrder { id: placed.order, ..order }).await;
    let cancelled =
        order::cancel(&make.db, &make.context, &cancelling(&order, None)).await.unwrap();
    assert_eq!((cancelled.money_back, cancelled.extras), (eur(1390), eur(490)));
    // Stock and voucher are free again.
    let again = make.cart().with(mug, 1).await;
    cart::enter_voucher(&make.db, &make.context, &again.request(), &voucher.code).await.unwrap();
    check_out(&make, &again).await;
    place(&make, &make.placing(again.request())).await.unwrap();
}

#[proofmark::test]
async fn the_last_use_of_a_voucher_goes_to_one_order(make: Make) {
    let voucher = make.voucher().limited_to(1).await;
    // Both are entered while there is a use left.
    let one = make.placing(cart_with_voucher(&make, &voucher.code, None).await);
    let other = make.placing(cart_with_voucher(&make, &voucher.code, None).await);
    let (one, other) = tokio::join!(place(&make, &one), place(&make, &other));
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    won.unwrap();
    assert!(matches!(lost, Err(PlaceError::VoucherUsedUp)), "{lost:?}");
}

#[proofmark::test]
async fn a_customer_uses_a_voucher_as_often_as_one_may(make: Make) {
    let voucher = make.voucher().per_customer(1).await;
    let (ada, eve) = (make.customer().await, make.customer().await);
    with_voucher(&make, &voucher.code, Some(ada)).await.unwrap();
    let refused = with_voucher(&make, &voucher.code, Some(ada)).await;
    assert!(matches!(refused, Err(PlaceError::VoucherUsedUpByCustomer)), "{refused:?}");
    with_voucher(&make, &voucher.code, Some(eve)).await.unwrap();
    let guest = make.cart().await;
    let refused =
        cart::enter_voucher(&make.db, &make.context, &guest.request(), &voucher.code).await;
    assert!(matches!(refused, Err(cart::EnterVoucherError::NeedsCustomer)), "{refused:?}");
}

#[proofmark::test]
async fn codes_that_name_no_voucher_are_unknown(make: Make) {
    let long = "A".repeat(10 * 1024 * 1024);
    let ended = make
        .voucher()
        .valid(make.context.now(), Some(make.context.now() + TimeDelta::minutes(1)))
        .await;
    make.clock.advance(TimeDelta::minutes(1));
    let cart = make.cart().await;
    for code in ["", "NO", "NOBODY-HAS-IT", "A\0B", "-AB", "שלום", "A B C", &long, &ended.code]
    {
        let refused = cart::enter_voucher(&make.db, &make.context, &cart.request(), code).await;
        let name: String = code.chars().take(20).collect();
        assert!(matches!(refused, Err(cart::EnterVoucherError::Unknown)), "{name:?}: {refused:?}");
    }
}

#[proofmark::test]
async fn a_voucher_that_was_entered_can_be_withdrawn(make: Make) {
    let voucher = make.voucher().await;
    let cart = make.cart().await;
    let (db, context, request) = (&make.db, &make.context, cart.request());
    for _ in 0..2 {
        cart::enter_voucher(db, context, &request, &voucher.code).await.unwrap();
    }
    let view = cart::view(db, context, cart.id, &request.shopper).await.unwrap();
    assert_eq!((view.vouchers, view.version), (vec![voucher.id], 1));
    assert_eq!(cart::withdraw_voucher(db, context, &request, voucher.id).await.unwrap(), 2);
}

#[proofmark::test]
async fn an_order_is_shown_to_its_customer(make: Make) {
    let (ada, eve) = (make.customer().await, make.customer().await);
    let order = confirmed(&make, make.order().of(ada).with_lines(2).await).await;
    cancel(&make, &order, Some(vec![super::stage::units(order.lines[0], 1)])).await;
    for by in [None, Some(ada)] {
        let view = order::view(&make.db, order.id, by).await.unwrap();
        assert_eq!((view.state, view.total), (OrderState::Confirmed, order.total));
        let lines: Vec<_> =
            view.lines.iter().map(|line| (line.line, line.quantity, line.cancelled)).collect();
        assert_eq!(lines, [(order.lines[0], 2, 1), (order.lines[1], 2, 0)]);
    }
    let refused = order::view(&make.db, order.id, Some(eve)).await;
    assert_eq!(refused.unwrap_err().to_string(), "the order is not theirs");
    let refused = order::view(&make.db, make.context.id(), None).await;
    assert_eq!(refused.unwrap_err().to_string(), "there is no such order");
}
