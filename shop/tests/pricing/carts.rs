//! The quote of a cart: what is read of the database, and that it fits an order.

use chrono::Duration;
use shop::catalog::{SetTaxRule, TaxRate, set_tax_rule};
use shop::id::{CartId, Id as _};
use shop::money::{Currency, Money};
use shop::pricing::{
    Destination, Policy, PriceCart, PriceCartError, QuoteError, price_cart, retire_shipping_method,
};
use shop::value::Country;

use super::{eur, priced, totals::adds_up};
use crate::make::Make;

#[proofmark::test]
async fn a_cart_that_does_not_exist_has_no_price(make: Make) {
    let answer = priced(&make, CartId::from_uuid(uuid::Uuid::nil()), None).await;
    assert!(matches!(answer, Err(PriceCartError::UnknownCart)), "{answer:?}");
}

#[proofmark::test]
async fn a_cart_is_priced_with_its_taxes_shipping_and_promotions(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    make.tax("reduced", Country::DE, 7).await;
    let mug = make.variant().priced(eur(1999)).await;
    let book = make.variant().taxed("reduced").priced(eur(1000)).await;
    let promotion = make.promotion().percentage(1000).await;
    let rate = make.shipping_rate().costing(eur(490)).await;
    let cart = make.cart().with(mug, 2).with(book, 1).await;

    let quote = priced(&make, cart.id, Some(&rate.method)).await.unwrap();

    adds_up(&quote);
    assert_eq!(quote.lines.iter().map(|line| line.variant).collect::<Vec<_>>(), [mug, book]);
    let taxes: Vec<i64> = quote.lines.iter().map(|line| line.tax.minor()).collect();
    // 35.98 with 19 % and 9.00 with 7 % in them.
    assert_eq!(taxes, [574, 59]);
    let totals = quote.totals;
    assert_eq!((totals.lines_subtotal, totals.lines_discount), (eur(4998), eur(500)));
    assert_eq!((totals.shipping_amount, totals.shipping_tax), (eur(490), eur(78)));
    assert_eq!(totals.grand_total, eur(4988));
    let adjustment = &quote.lines[0].adjustments[0];
    assert_eq!((adjustment.promotion, adjustment.voucher), (Some(promotion), None));
    assert_eq!(quote.lines[0].title, "Mug, Mug, blue");
}

#[proofmark::test]
async fn a_cart_without_lines_costs_nothing(make: Make) {
    let cart = make.cart().await;
    let quote = priced(&make, cart.id, None).await.unwrap();
    adds_up(&quote);
    assert_eq!(quote.totals.grand_total, eur(0));
}

#[proofmark::test]
async fn a_region_s_rule_comes_before_that_of_its_country(make: Make) {
    make.tax("standard", Country::US, 5).await;
    let rule = SetTaxRule {
        tax_class: "standard".parse().unwrap(),
        country: Country::US,
        region: Some("ca".parse().unwrap()),
        rate: TaxRate::from_millionths(107_500).unwrap(),
        from: make.context.now(),
    };
    set_tax_rule(&make.db, &make.context, rule).await.unwrap();
    let dollars = |minor| Money::new(minor, Currency::USD).unwrap();
    let mug = make.variant().priced_without_tax(dollars(2499)).await;
    let cart = make.cart().without_tax().in_currency(Currency::USD).with(mug, 1).await;
    for (region, tax) in [(Some("CA"), 269), (Some("NY"), 125), (None, 125)] {
        let destination =
            Destination { country: Country::US, region: region.map(ToOwned::to_owned) };
        let request = PriceCart {
            cart: cart.id,
            destination: &destination,
            shipping_method: None,
            payment_is_cash: false,
            policy: Policy::default(),
        };
        let mut connection = make.db.acquire().await.unwrap();
        let quote = price_cart(&mut connection, &make.context, request).await.unwrap();
        adds_up(&quote);
        assert_eq!(quote.totals.lines_tax, dollars(tax), "{region:?}");
    }
}

#[proofmark::test]
async fn a_rule_holds_from_its_time_on(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let mug = make.variant().priced(eur(11900)).await;
    let cart = make.cart().with(mug, 1).await;
    make.clock.advance(Duration::days(1));
    make.tax("standard", Country::DE, 16).await;
    let tax = priced(&make, cart.id, None).await.unwrap().totals.lines_tax;
    assert_eq!(tax, eur(1641));
    make.clock.advance(Duration::seconds(-1));
    let tax = priced(&make, cart.id, None).await.unwrap().totals.lines_tax;
    assert_eq!(tax, eur(1900));
}

#[proofmark::test]
async fn nothing_is_untaxed_because_somebody_forgot_a_rule(make: Make) {
    let mug = make.variant().priced(eur(100)).await;
    let stamp = make.variant().taxed("zero").priced(eur(95)).await;
    let cart = make.cart().with(mug, 1).await;
    match priced(&make, cart.id, None).await {
        Err(PriceCartError::NoTaxRule { tax_class, country }) => {
            assert_eq!((tax_class.as_str(), country), ("standard", Country::DE));
        }
        other => panic!("{other:?}"),
    }
    let cart = make.cart().with(stamp, 1).await;
    let quote = priced(&make, cart.id, None).await.unwrap();
    assert_eq!(quote.totals.lines_tax, eur(0));
    let rate = make.shipping_rate().await;
    let answer = priced(&make, cart.id, Some(&rate.method)).await;
    assert!(matches!(answer, Err(PriceCartError::NoTaxRule { .. })), "{answer:?}");
}

#[proofmark::test]
async fn a_way_of_sending_is_offered_where_it_has_a_rate(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let rate = make.shipping_rate().to(Country::FR).await;
    let cart = make.cart().await;
    let unknown = "balloon".parse().unwrap();
    let answer = priced(&make, cart.id, Some(&unknown)).await;
    assert!(matches!(answer, Err(PriceCartError::UnknownShippingMethod { .. })), "{answer:?}");
    let no_rate = |answer: &_| {
        matches!(answer, Err(PriceCartError::Quote(QuoteError::NoShippingRate { .. })))
    };
    let answer = priced(&make, cart.id, Some(&rate.method)).await;
    assert!(no_rate(&answer), "not to Germany: {answer:?}");
    let francs = Money::new(700, Currency::CHF).unwrap();
    make.shipping_rate().costing(francs).await;
    let answer = priced(&make, cart.id, Some(&rate.method)).await;
    assert!(no_rate(&answer), "not in euros: {answer:?}");
    make.shipping_rate().for_subtotals(0, Some(5000)).await;
    let quote = priced(&make, cart.id, Some(&rate.method)).await.unwrap();
    assert_eq!(quote.totals.shipping_amount, eur(490));
    retire_shipping_method(&make.db, &rate.method).await.unwrap();
    let answer = priced(&make, cart.id, Some(&rate.method)).await;
    assert!(matches!(answer, Err(PriceCartError::UnknownShippingMethod { .. })), "{answer:?}");
}

#[proofmark::test]
async fn cash_is_rounded_to_the_coins_of_the_currency(make: Make) {
    make.tax("standard", Country::CH, 8).await;
    let francs = |minor| Money::new(minor, Currency::CHF).unwrap();
    let mug = make.variant().priced(francs(1992)).await;
    let cart = make.cart().in_currency(Currency::CHF).with(mug, 1).await;
    for (payment_is_cash, total) in [(false, 1992), (true, 1990)] {
        let request = PriceCart {
            cart: cart.id,
            destination: &Destination::country(Country::CH),
            shipping_method: None,
            payment_is_cash,
            policy: Policy::default(),
        };
        let mut connection = make.db.acquire().await.unwrap();
        let quote = price_cart(&mut connection, &make.context, request).await.unwrap();
        adds_up(&quote);
        assert_eq!(quote.totals.grand_total, francs(total), "cash: {payment_is_cash}");
    }
}

#[proofmark::test]
async fn currencies_of_every_number_of_digits_are_priced(make: Make) {
    make.tax("standard", Country::DE, 10).await;
    for (currency, minor, tax) in [
        (Currency::JPY, 995, 100),
        (Currency::EUR, 995, 100),
        (Currency::KWD, 5124, 512),
        (Currency::CLF, 123_456, 12_346),
    ] {
        let amount = Money::new(minor, currency).unwrap();
        let mug = make.variant().priced_without_tax(amount).await;
        let cart = make.cart().without_tax().in_currency(currency).with(mug, 1).await;
        let quote = priced(&make, cart.id, None).await.unwrap();
        adds_up(&quote);
        let total = Money::new(minor + tax, currency).unwrap();
        assert_eq!(quote.totals.grand_total, total, "{currency}");
    }
}

#[proofmark::test]
async fn a_total_that_cannot_be_stored_is_an_error(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let yacht = make.variant().priced(eur(999_999_999_999)).await;
    let cart = make.cart().with(yacht, 1000).await;
    let quote = priced(&make, cart.id, None).await.unwrap();
    adds_up(&quote);
    let cart = make.cart().with(yacht, 1001).await;
    let answer = priced(&make, cart.id, None).await;
    assert!(matches!(answer, Err(PriceCartError::Quote(QuoteError::Money(_)))), "{answer:?}");
}

#[proofmark::test]
async fn a_promotion_counts_while_it_is_valid_and_in_its_currencies(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let mug = make.variant().priced(eur(1000)).await;
    let cart = make.cart().with(mug, 1).await;
    let now = make.context.now();
    let later = now + Duration::hours(1);
    make.promotion().percentage(1000).valid(now, Some(later)).await;
    make.promotion().percentage(2000).valid(later, None).await;
    let francs = Money::new(100, Currency::CHF).unwrap();
    make.promotion().amounts(&[francs]).await;
    make.promotion().percentage(5000).at_least(francs).await;
    make.promotion().amounts(&[eur(1), francs]).at_least(eur(1000)).await;
    let discount = async || priced(&make, cart.id, None).await.unwrap().totals.lines_discount;
    assert_eq!(discount().await, eur(101));
    make.clock.advance(Duration::hours(1));
    assert_eq!(discount().await, eur(201));
}
