//! Lines: listed prices, tiers, versions, and who may change them.

use chrono::TimeDelta;
use shop::cart::{
    self, AddLineError, CartRefusal, CartRequest, RemoveLineError, SetQuantityError, Shopper,
};
use shop::id::VariantId;
use shop::money::{Currency, Money};
use shop::value::Quantity;

use super::stage::{end_prices, eur, price, shown, units, variant};
use crate::make::Make;

#[proofmark::test]
async fn a_line_has_the_listed_price(make: Make) {
    let mug = variant(&make, 1999).await;
    let cart = make.cart().await;
    let line =
        cart::add_line(&make.db, &make.context, &cart.request(), mug, units(2)).await.unwrap();
    assert_eq!((line.quantity, line.unit_price, line.version), (units(2), eur(1999), 1));
    assert_eq!(shown(&make, &cart).await, [(mug, 2, 1999)]);
}

#[proofmark::test]
async fn the_price_follows_the_quantity(make: Make) {
    let mug = variant(&make, 1000).await;
    price(&make, mug, Money::new(900, Currency::EUR).unwrap(), 10).await;
    price(&make, mug, Money::new(800, Currency::EUR).unwrap(), 100).await;
    let cart = make.cart().with(mug, 9).await;
    assert_eq!(shown(&make, &cart).await, [(mug, 9, 1000)]);
    let (db, context, request) = (&make.db, &make.context, cart.request());
    // One more reaches the tier, for all of them.
    let line = cart::add_line(db, context, &request, mug, Quantity::ONE).await.unwrap();
    assert_eq!((line.quantity, line.unit_price), (units(10), eur(900)));
    for (quantity, price) in [(100, 800), (99, 900), (1, 1000), (100_000, 800)] {
        let line = cart::set_quantity(db, context, &request, mug, units(quantity)).await.unwrap();
        assert_eq!(line.unit_price, eur(price), "{quantity}");
    }
}

#[proofmark::test]
async fn what_has_no_price_in_the_terms_of_the_cart_is_not_for_sale(make: Make) {
    let unpriced = make.variant().untracked().await;
    let in_yen = make.variant().untracked().await;
    price(&make, in_yen, Money::new(500, Currency::JPY).unwrap(), 1).await;
    let from_ten_on = make.variant().untracked().await;
    price(&make, from_ten_on, Money::new(500, Currency::EUR).unwrap(), 10).await;
    let ended = variant(&make, 100).await;
    make.clock.advance(TimeDelta::days(1));
    end_prices(&make, ended).await;
    let archived = variant(&make, 100).await;
    sqlx::query(
        "UPDATE product SET status = 'archived'
           FROM variant WHERE product.id = product_id AND variant.id = $1",
    )
    .bind(archived)
    .execute(&make.db)
    .await
    .unwrap();
    let deleted = variant(&make, 100).await;
    sqlx::query("UPDATE variant SET deleted_at = $2 WHERE id = $1")
        .bind(deleted)
        .bind(make.context.now())
        .execute(&make.db)
        .await
        .unwrap();
    let unknown: VariantId = make.context.id();
    let cart = make.cart().await;
    let cases = [
        ("unpriced", unpriced),
        ("in another currency", in_yen),
        ("below the smallest tier", from_ten_on),
        ("price ended", ended),
        ("archived", archived),
        ("deleted", deleted),
        ("unknown", unknown),
    ];
    for (name, variant) in cases {
        let refused =
            cart::add_line(&make.db, &make.context, &cart.request(), variant, Quantity::ONE).await;
        assert!(matches!(refused, Err(AddLineError::NotForSale)), "{name}: {refused:?}");
    }
    // Tax mode and list are terms, too.
    let mug = variant(&make, 100).await;
    let net = make.cart().without_tax().await;
    let refused = cart::add_line(&make.db, &make.context, &net.request(), mug, Quantity::ONE).await;
    assert!(matches!(refused, Err(AddLineError::NotForSale)), "{refused:?}");
    assert_eq!(shown(&make, &cart).await, []);
}

#[proofmark::test]
async fn a_line_holds_at_most_a_hundred_thousand(make: Make) {
    let mug = variant(&make, 1).await;
    let cart = make.cart().with(mug, 100_000).await;
    let refused =
        cart::add_line(&make.db, &make.context, &cart.request(), mug, Quantity::ONE).await;
    assert!(matches!(refused, Err(AddLineError::TooMany)), "{refused:?}");
    assert_eq!(shown(&make, &cart).await, [(mug, 100_000, 1)]);
}

#[proofmark::test]
async fn what_is_not_in_the_cart_is_neither_changed_nor_removed(make: Make) {
    let mug = variant(&make, 100).await;
    let cart = make.cart().await;
    let (db, context, request) = (&make.db, &make.context, cart.request());
    let set = cart::set_quantity(db, context, &request, mug, Quantity::ONE).await;
    assert!(matches!(set, Err(SetQuantityError::NotInCart)), "{set:?}");
    let removed = cart::remove_line(db, context, &request, mug).await;
    assert!(matches!(removed, Err(RemoveLineError::NotInCart)), "{removed:?}");
}

#[proofmark::test]
async fn a_removed_line_can_come_back(make: Make) {
    let mug = variant(&make, 100).await;
    let cart = make.cart().with(mug, 3).await;
    let (db, context, request) = (&make.db, &make.context, cart.request());
    assert_eq!(cart::remove_line(db, context, &request, mug).await.unwrap(), 2);
    assert_eq!(shown(&make, &cart).await, []);
    cart::add_line(db, context, &request, mug, units(1)).await.unwrap();
    assert_eq!(shown(&make, &cart).await, [(mug, 1, 100)]);
}

#[proofmark::test]
async fn who_has_not_seen_the_last_change_is_told(make: Make) {
    let mug = variant(&make, 100).await;
    let cart = make.cart().with(mug, 1).await;
    let seen = CartRequest { version: Some(1), ..cart.request() };
    let line = cart::add_line(&make.db, &make.context, &seen, mug, Quantity::ONE).await.unwrap();
    assert_eq!(line.version, 2);
    let refused = cart::add_line(&make.db, &make.context, &seen, mug, Quantity::ONE).await;
    let Err(AddLineError::Cart(CartRefusal::Changed { now: 2 })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(shown(&make, &cart).await, [(mug, 2, 100)]);
}

#[proofmark::test]
async fn a_cart_is_changed_by_its_owner_only(make: Make) {
    let mug = variant(&make, 100).await;
    let (ada, eve) = (make.customer().await, make.customer().await);
    let guests = make.cart().await;
    let adas = make.cart().of(ada).await;
    let other = make.cart().await;
    let cases = [
        ("another customer", adas.id, Shopper::Customer(eve)),
        ("a customer on a guest's", guests.id, Shopper::Customer(eve)),
        ("a session of another cart", adas.id, Shopper::Session(other.session.clone())),
        ("a token that is none", guests.id, Shopper::Session(cart::SessionToken::random())),
    ];
    for (name, cart, shopper) in cases {
        let request = CartRequest { cart, shopper, version: None };
        let refused = cart::add_line(&make.db, &make.context, &request, mug, Quantity::ONE).await;
        let foreign = matches!(refused, Err(AddLineError::Cart(CartRefusal::Foreign)));
        assert!(foreign, "{name}: {refused:?}");
        let seen = cart::view(&make.db, &make.context, cart, &request.shopper).await;
        let foreign = matches!(seen, Err(cart::ViewError::Cart(CartRefusal::Foreign)));
        assert!(foreign, "{name}: {seen:?}");
    }
    // The token of a customer's own session, and the shop itself, may.
    for shopper in [Shopper::Session(adas.session.clone()), Shopper::Shop, Shopper::Customer(ada)] {
        let request = CartRequest { cart: adas.id, shopper, version: None };
        cart::add_line(&make.db, &make.context, &request, mug, Quantity::ONE).await.unwrap();
    }
    let unknown = CartRequest::by_shop(make.context.id());
    let refused = cart::add_line(&make.db, &make.context, &unknown, mug, Quantity::ONE).await;
    assert!(matches!(refused, Err(AddLineError::Cart(CartRefusal::NotFound))), "{refused:?}");
}

#[proofmark::test]
async fn a_cart_whose_time_is_over_does_not_change(make: Make) {
    let mug = variant(&make, 100).await;
    let cart = make.cart().of(make.customer().await).with(mug, 1).await;
    let (db, context) = (&make.db, &make.context);
    // A change prolongs its life.
    make.clock.advance(TimeDelta::days(80));
    cart::add_line(db, context, &cart.request(), mug, Quantity::ONE).await.unwrap();
    make.clock.advance(TimeDelta::days(89));
    cart::add_line(db, context, &cart.request(), mug, Quantity::ONE).await.unwrap();
    make.clock.advance(TimeDelta::days(90));
    let refused = cart::add_line(db, context, &cart.request(), mug, Quantity::ONE).await;
    assert!(matches!(refused, Err(AddLineError::Cart(CartRefusal::Expired))), "{refused:?}");
    assert_eq!(shown(&make, &cart).await, [(mug, 3, 100)]);
}

#[proofmark::test]
async fn a_clock_that_goes_back_breaks_nothing(make: Make) {
    let mug = variant(&make, 100).await;
    let cart = make.cart().with(mug, 1).await;
    let (db, context, request) = (&make.db, &make.context, cart.request());
    make.clock.advance(TimeDelta::hours(-2));
    // Nothing has a price yet, two hours ago.
    let refused = cart::add_line(db, context, &request, mug, Quantity::ONE).await;
    assert!(matches!(refused, Err(AddLineError::NotForSale)), "{refused:?}");
    cart::remove_line(db, context, &request, mug).await.unwrap();
    cart::revoke_session(&mut db.acquire().await.unwrap(), context, &cart.session).await.unwrap();
}
