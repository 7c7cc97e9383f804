//! What promotions take off, in which order, and which of them go together.

use shop::money::Money;
use shop::pricing::{
    BasisPoints, Promotion, Quote, QuoteRequest, Role, Rule, ShippingChoice, ShippingRate,
    VoucherRefusal, quote,
};
use shop::value::Quantity;

use super::{eur, id, request, totals::adds_up};

fn promotion(number: u128, rule: Rule) -> Promotion {
    Promotion {
        id: id(number),
        label: "Discount".parse().unwrap(),
        rule,
        priority: 0,
        stacking_group: None,
        voucher: None,
        min_subtotal: eur(0),
        products: Vec::new(),
    }
}

fn percent(number: u128, percent: i64) -> Promotion {
    promotion(number, Rule::Percentage(BasisPoints::new(percent * 100).unwrap()))
}

fn buy_get(buy: i64, get: i64, percent: i64) -> Rule {
    Rule::BuyXGetY {
        buy: Quantity::new(buy).unwrap(),
        get: Quantity::new(get).unwrap(),
        off: BasisPoints::new(percent * 100).unwrap(),
    }
}

fn with(promotions: Vec<Promotion>, lines: &[(i64, i64, &str)]) -> Quote {
    let quote = quote(&QuoteRequest { promotions, ..request(true, lines) }).unwrap();
    adds_up(&quote);
    quote
}

fn discounts(quote: &Quote) -> Vec<i64> {
    quote.lines.iter().map(|line| line.discount.minor()).collect()
}

/// Saleor's test_rounding_issue.
#[test]
fn a_percentage_is_rounded_per_line() {
    let lines = [(106, 1, "0"), (206, 1, "0"), (306, 1, "0"), (406, 1, "0")];
    assert_eq!(discounts(&with(vec![percent(1, 10)], &lines)), [11, 21, 31, 41]);
}

#[test]
fn an_amount_is_divided_over_the_lines_and_takes_no_more_than_they_cost() {
    let lines = [(15_000, 1, "0"), (5000, 1, "0"), (10_000, 1, "0")];
    let off = |amount| discounts(&with(vec![promotion(1, Rule::Amount(eur(amount)))], &lines));
    assert_eq!(off(1500), [750, 250, 500]);
    assert_eq!(off(1), [1, 0, 0]);
    assert_eq!(off(0), [0, 0, 0]);
    assert_eq!(off(1_000_000), [15_000, 5000, 10_000]);
}

#[test]
fn each_promotion_takes_off_what_the_ones_before_have_left() {
    let lines = [(1000, 1, "0")];
    let ordered = |first: i32, second: i32| {
        let mut percentage = percent(1, 10);
        percentage.priority = first;
        let mut amount = promotion(2, Rule::Amount(eur(200)));
        amount.priority = second;
        discounts(&with(vec![amount, percentage], &lines))
    };
    assert_eq!(ordered(1, 2), [300], "100, then 200");
    assert_eq!(ordered(2, 1), [280], "200, then 80");
    assert_eq!(ordered(0, 0), [300], "the older one first");
    assert_eq!(ordered(-1, i32::MIN), [280]);
}

#[test]
fn of_a_group_the_first_that_takes_something_off_applies() {
    let grouped = |mut promotion: Promotion, priority, group: &str| {
        promotion.priority = priority;
        promotion.stacking_group = Some(group.parse().unwrap());
        promotion.voucher = Some(id(u128::from(priority.unsigned_abs())));
        promotion
    };
    let mut elsewhere = percent(1, 50);
    elsewhere.products.push((id(9), Role::Any));
    let quote = with(
        vec![
            grouped(elsewhere, 1, "seasonal"),
            grouped(percent(2, 10), 2, "seasonal"),
            grouped(percent(3, 20), 3, "seasonal"),
            grouped(percent(4, 50), 4, "other"),
        ],
        &[(1000, 1, "0")],
    );
    assert_eq!(discounts(&quote), [550], "10 %, then half of the rest");
    assert_eq!(quote.redemptions, [id(2), id(4)]);
    let refused = [(id(1), VoucherRefusal::NoEffect), (id(3), VoucherRefusal::Excluded)];
    assert_eq!(quote.refused, refused);
}

#[test]
fn two_vouchers_of_one_promotion_count_once() {
    let by = |voucher: Option<u128>| Promotion { voucher: voucher.map(id), ..percent(1, 10) };
    let quote = with(vec![by(Some(8)), by(Some(7))], &[(1000, 1, "0")]);
    assert_eq!(discounts(&quote), [100]);
    assert_eq!(quote.redemptions, [id(7)]);
    assert_eq!(quote.refused, [(id(8), VoucherRefusal::Excluded)]);
    // One that everybody gets does not use up a voucher.
    let quote = with(vec![by(Some(8)), by(None)], &[(1000, 1, "0")]);
    assert_eq!(discounts(&quote), [100]);
    assert!(quote.redemptions.is_empty());
}

#[test]
fn a_minimum_is_compared_with_the_listed_subtotal() {
    let from = |minimum| Promotion {
        min_subtotal: eur(minimum),
        voucher: Some(id(5)),
        priority: 1,
        ..percent(2, 10)
    };
    let quote = with(vec![percent(1, 50), from(2000)], &[(1000, 2, "0")]);
    assert_eq!(discounts(&quote), [1100]);
    let quote = with(vec![percent(1, 50), from(2001)], &[(1000, 2, "0")]);
    assert_eq!(discounts(&quote), [1000]);
    let below = VoucherRefusal::BelowMinimum { minimum: eur(2001) };
    assert_eq!(quote.refused, [(id(5), below)]);
}

#[test]
fn a_promotion_lowers_only_the_products_it_is_about() {
    let mut promotion = promotion(1, Rule::Amount(eur(500)));
    promotion.products = vec![(id(2), Role::Any), (id(3), Role::Get)];
    let lines = [(1000, 1, "0"), (300, 1, "0"), (100, 1, "0")];
    assert_eq!(discounts(&with(vec![promotion], &lines)), [0, 300, 100]);
}

/// Its name, the rule, unit prices with quantities, and what is taken off.
type Given = (&'static str, Rule, &'static [(i64, i64)], &'static [i64]);

#[test]
fn units_are_given_in_complete_sets_and_the_cheapest_first() {
    let cases: &[Given] = &[
        ("three for two", buy_get(2, 1, 100), &[(1000, 3)], &[1000]),
        ("two are no set", buy_get(2, 1, 100), &[(1000, 2)], &[0]),
        ("five are one set", buy_get(2, 1, 100), &[(1000, 5)], &[1000]),
        ("six are two", buy_get(2, 1, 100), &[(1000, 6)], &[2000]),
        ("the cheapest", buy_get(2, 1, 100), &[(1000, 1), (700, 1), (900, 1)], &[0, 700, 0]),
        ("over lines", buy_get(2, 1, 100), &[(1000, 3), (700, 1), (900, 2)], &[0, 700, 900]),
        ("the earlier", buy_get(1, 1, 100), &[(500, 1), (500, 1)], &[500, 0]),
        ("half off", buy_get(1, 1, 50), &[(999, 2)], &[499]),
        ("much of both", buy_get(3, 2, 100), &[(100, 10)], &[400]),
        ("no units", buy_get(10_0000, 10_0000, 100), &[(100, 10)], &[0]),
    ];
    for (name, rule, lines, expected) in cases {
        let lines: Vec<(i64, i64, &str)> =
            lines.iter().map(|(price, quantity)| (*price, *quantity, "0")).collect();
        let quote = with(vec![promotion(1, *rule)], &lines);
        assert_eq!(discounts(&quote), *expected, "{name}");
    }
}

#[test]
fn what_is_bought_and_what_is_given_may_be_different_products() {
    let given = |roles: &[(u128, Role)], buy, get, lines: &[(i64, i64)]| {
        let mut promotion = promotion(1, buy_get(buy, get, 100));
        promotion.products = roles.iter().map(|(number, role)| (id(*number), *role)).collect();
        let lines: Vec<(i64, i64, &str)> =
            lines.iter().map(|(price, quantity)| (*price, *quantity, "0")).collect();
        discounts(&with(vec![promotion], &lines))
    };
    let sides = [(1, Role::Buy), (2, Role::Get)];
    assert_eq!(given(&sides, 1, 1, &[(1000, 2), (300, 3)]), [0, 600]);
    assert_eq!(given(&sides, 2, 1, &[(1000, 3), (300, 3)]), [0, 300]);
    assert_eq!(given(&sides, 1, 1, &[(1000, 1), (300, 1), (1, 5)]), [0, 300, 0]);
    assert_eq!(given(&sides, 1, 2, &[(1000, 5), (300, 1)]), [0, 0], "no complete set");
    // A product of both sides: enough of it stays to be bought.
    let both = [(1, Role::Any), (2, Role::Get)];
    assert_eq!(given(&both, 2, 1, &[(100, 3), (900, 1)]), [100, 0]);
    assert_eq!(given(&both, 1, 1, &[(100, 1), (900, 1)]), [0, 900]);
    // A side that names nothing is that of all products.
    assert_eq!(given(&[(1, Role::Get)], 1, 1, &[(1000, 1), (300, 1)]), [1000, 0]);
    assert_eq!(given(&[(1, Role::Buy)], 1, 1, &[(1000, 1), (300, 1)]), [0, 300]);
    assert_eq!(given(&[(9, Role::Buy)], 1, 1, &[(1000, 1), (300, 1)]), [0, 0]);
}

#[test]
fn free_shipping_is_a_discount_on_the_shipping_only() {
    let sent = |amount: Money| ShippingChoice {
        method: "post".parse().unwrap(),
        tax_rate: "0.19".parse().unwrap(),
        rates: vec![ShippingRate { id: id(1), from: 0, below: None, amount, tax_included: true }],
    };
    let free = Promotion { voucher: Some(id(7)), ..promotion(1, Rule::FreeShipping) };
    let request = QuoteRequest {
        promotions: vec![free.clone(), Promotion { id: id(2), voucher: Some(id(8)), ..free }],
        shipping: Some(sent(eur(490))),
        ..request(true, &[(1000, 1, "0.19")])
    };
    let quoted = quote(&request).unwrap();
    adds_up(&quoted);
    let totals = quoted.totals;
    assert_eq!((totals.shipping_amount, totals.shipping_discount), (eur(490), eur(490)));
    assert_eq!((totals.shipping_tax, totals.lines_discount), (eur(0), eur(0)));
    assert_eq!(totals.grand_total, eur(1000));
    assert_eq!(quoted.redemptions, [id(7)], "the second has nothing left to lower");
    assert_eq!(quoted.refused, [(id(8), VoucherRefusal::NoEffect)]);
    // Nothing to send, or nothing to pay for it: the voucher is kept for another time.
    let unsent = quote(&QuoteRequest { shipping: None, ..request.clone() }).unwrap();
    assert!(unsent.redemptions.is_empty());
    let gratis = quote(&QuoteRequest { shipping: Some(sent(eur(0))), ..request }).unwrap();
    assert!(gratis.redemptions.is_empty() && gratis.order_adjustments.is_empty());
}
