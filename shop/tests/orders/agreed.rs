//! What an order keeps of how it came to its sums: rounding, promotions, addresses.

use shop::cart;
use shop::id::Id as _;
use shop::inventory::Strategy;
use shop::money::Rounding;
use shop::order::{self, Place, Placed};
use shop::pricing::{Policy, Role, TaxRounding};
use shop::value::Country;

use super::stage::eur;
use crate::make::{MadeCart, Make};

async fn placed(make: &Make, cart: &MadeCart, change: impl FnOnce(&mut Place)) -> Placed {
    let (db, context, request) = (&make.db, &make.context, cart.request());
    cart::begin_checkout(db, context, &request, Strategy::MostStock).await.unwrap();
    let mut wanted = make.placing(request);
    change(&mut wanted);
    order::place(db, context, &wanted).await.unwrap()
}

/// How tax is rounded, prices with their quantities, and the tax.
type Case = (TaxRounding, Rounding, &'static [(i64, i64)], i64);

/// With 19 % on 1.50 there is half a cent to decide about, and on 0.50 as well.
#[proofmark::test]
async fn an_order_is_rounded_as_it_was_agreed_and_says_how(make: Make) {
    use Rounding::{Down, HalfAway, HalfEven};
    use TaxRounding::{Line, Total, Unit};
    make.german_tax().await;
    make.main_location().await;
    let cases: [Case; 9] = [
        (Line, HalfAway, &[(150, 1)], 29),
        (Line, HalfEven, &[(150, 1)], 28),
        (Line, Down, &[(150, 1)], 28),
        (Line, HalfEven, &[(50, 1)], 10),
        (Line, Down, &[(50, 1)], 9),
        // 85.5 of the line; 28.5 of each unit.
        (Line, HalfAway, &[(150, 3)], 86),
        (Unit, HalfAway, &[(150, 3)], 87),
        // 28.5 of each line; 57 of both.
        (Line, HalfAway, &[(150, 1), (150, 1)], 58),
        (Total, HalfAway, &[(150, 1), (150, 1)], 57),
    ];
    for (tax_rounding, rounding, lines, tax) in cases {
        let at = format!("{tax_rounding:?} {rounding:?} {lines:?}");
        let mut cart = make.cart().without_tax();
        for &(price, quantity) in lines {
            let variant = make.variant().in_stock(quantity).priced_without_tax(eur(price)).await;
            cart = cart.with(variant, quantity);
        }
        let policy = Policy { tax_rounding, rounding, ..Policy::default() };
        let order = placed(&make, &cart.await, |wanted| wanted.policy = policy).await;
        let net: i64 = lines.iter().map(|(price, quantity)| price * quantity).sum();
        let kept: (String, String, i64, i64) = sqlx::query_as(
            "SELECT tax_rounding, rounding_mode, lines_tax::bigint, grand_total::bigint
               FROM orders WHERE id = $1",
        )
        .bind(order.order)
        .fetch_one(&make.db)
        .await
        .unwrap();
        let (level, mode) = (tax_rounding.as_str().to_owned(), rounding.as_str().to_owned());
        assert_eq!(kept, (level, mode, tax, net + tax), "{at}");
        assert_eq!(order.quote.totals.grand_total, eur(net + tax), "{at}");
    }
}

#[proofmark::test]
async fn what_is_given_for_what_is_bought_is_taken_off_its_line_alone(make: Make) {
    make.german_tax().await;
    make.main_location().await;
    let (bought, given) = (make.product().await, make.product().await);
    let mug = make.variant().of(bought).in_stock(10).priced(eur(1000)).await;
    let spoon = make.variant().of(given).in_stock(10).priced(eur(300)).await;
    let offer = make.promotion().buy_get(2, 1);
    let promotion = offer.about(bought, Role::Buy).about(given, Role::Get).await;
    for (mugs, spoons, discount) in [(1, 1, 0), (2, 1, 300), (3, 2, 300), (4, 3, 600)] {
        let cart = make.cart().with(mug, mugs).with(spoon, spoons).await;
        let order = placed(&make, &cart, |_| {}).await;
        let totals = order.quote.totals;
        let at = format!("{mugs} mugs, {spoons} spoons");
        assert_eq!(totals.grand_total, eur(1000 * mugs + 300 * spoons - discount), "{at}");
        let kept: Vec<(i64, uuid::Uuid)> = sqlx::query_as(
            "SELECT abs(adjustment.amount::bigint), variant_id
               FROM order_adjustment AS adjustment JOIN order_line AS line
                    ON line.id = adjustment.order_line_id
              WHERE adjustment.order_id = $1 AND promotion_id = $2",
        )
        .bind(order.order)
        .bind(promotion)
        .fetch_all(&make.db)
        .await
        .unwrap();
        let expected = if discount == 0 { vec![] } else { vec![(discount, spoon.uuid())] };
        assert_eq!(kept, expected, "{at}");
    }
}

#[proofmark::test]
async fn free_shipping_takes_off_the_shipping_and_nothing_else(make: Make) {
    make.german_tax().await;
    make.main_location().await;
    let mug = make.variant().in_stock(10).priced(eur(2500)).await;
    let rate = make.shipping_rate().costing(eur(490)).await;
    make.promotion().free_shipping().at_least(eur(5000)).await;
    for (mugs, discount) in [(1, 0), (2, 490)] {
        let cart = make.cart().with(mug, mugs).await;
        let method = Some(rate.method.clone());
        let order = placed(&make, &cart, |wanted| wanted.shipping_method = method).await;
        let kept: (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT shipping_amount::bigint, shipping_discount::bigint, lines_discount::bigint,
                    grand_total::bigint FROM orders WHERE id = $1",
        )
        .bind(order.order)
        .fetch_one(&make.db)
        .await
        .unwrap();
        assert_eq!(kept, (490, discount, 0, 2500 * mugs + 490 - discount), "{mugs} mugs");
    }
}

#[proofmark::test]
async fn an_order_is_sent_to_one_address_and_billed_to_another(make: Make) {
    make.german_tax().await;
    make.main_location().await;
    let mug = make.variant().in_stock(1).priced(eur(1000)).await;
    let cart = make.cart().with(mug, 1).await;
    // Who is billed may live anywhere: tax is that of where it is sent to.
    let billed = make.postal_address(Country::FR);
    let order = placed(&make, &cart, |wanted| wanted.billing_address = Some(billed)).await;
    let kept: Vec<(String, String)> = sqlx::query_as(
        "SELECT kind::text, country::text FROM order_address WHERE order_id = $1 ORDER BY kind",
    )
    .bind(order.order)
    .fetch_all(&make.db)
    .await
    .unwrap();
    let text = |kind: &str, country: &str| (kind.to_owned(), country.to_owned());
    assert_eq!(kept, [text("billing", "FR"), text("shipping", "DE")]);
    assert_eq!(order.quote.totals.lines_tax, eur(160));
}
