//! What lines come to: tax at every level, shipping, coins. Against the vectors of other shops.

use proptest::prelude::*;
use shop::money::{Currency, MAX_MINOR, Money, MoneyError, Rounding};
use shop::pricing::{
    AdjustmentKind, BasisPoints, Promotion, Quote, QuoteError, QuoteRequest, Rule, ShippingChoice,
    ShippingRate, TaxRounding, Weights, quote,
};

use super::{eur, id, request};

/// Net and gross of the whole quote.
fn net_and_gross(quote: &Quote) -> (i64, i64) {
    let totals = quote.totals;
    let gross = totals.grand_total.minor();
    (gross - totals.lines_tax.minor() - totals.shipping_tax.minor(), gross)
}

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

/// Header = lines = adjustments, as the constraints of the database have it.
pub fn adds_up(quote: &Quote) {
    let sum = |parts: &mut dyn Iterator<Item = Money>| parts.map(Money::minor).sum::<i64>();
    let totals = quote.totals;
    let lines = &quote.lines;
    assert_eq!(totals.lines_subtotal.minor(), sum(&mut lines.iter().map(|line| line.subtotal)));
    assert_eq!(totals.lines_discount.minor(), sum(&mut lines.iter().map(|line| line.discount)));
    assert_eq!(totals.lines_tax.minor(), sum(&mut lines.iter().map(|line| line.tax)));
    for line in lines {
        let off = -sum(&mut line.adjustments.iter().map(|part| part.amount));
        assert_eq!(line.discount.minor(), off);
        assert!((0..=line.subtotal.minor()).contains(&line.discount.minor()));
        assert!(line.adjustments.iter().all(|part| part.amount.is_negative()));
        let base = i128::from(line.subtotal.minor() - line.discount.minor());
        let part = i128::from(line.tax_rate.millionths());
        let whole = if quote.tax_included { 1_000_000 + part } else { 1_000_000 };
        let distance = (i128::from(line.tax.minor()) * whole - base * part).abs();
        assert!(distance <= i128::from(line.quantity.get()) * whole, "{line:?}");
    }
    let order = &quote.order_adjustments;
    let of_shipping = order.iter().filter(|part| part.kind != AdjustmentKind::Rounding);
    let off_shipping = -sum(&mut of_shipping.map(|part| part.amount));
    assert_eq!(totals.shipping_discount.minor(), off_shipping);
    let of_rounding = order.iter().filter(|part| part.kind == AdjustmentKind::Rounding);
    assert_eq!(totals.rounding.minor(), sum(&mut of_rounding.map(|part| part.amount)));
    assert!(order.iter().all(|part| !part.amount.is_zero()));
    let tax = totals.lines_tax.minor() + totals.shipping_tax.minor();
    let total = totals.lines_subtotal.minor() - totals.lines_discount.minor()
        + totals.shipping_amount.minor()
        - totals.shipping_discount.minor()
        + if quote.tax_included { 0 } else { tax }
        + totals.rounding.minor();
    assert_eq!(totals.grand_total.minor(), total);
    assert!(totals.grand_total.minor() >= 0);
}

/// Its name, whether tax is included, lines, a promotion, and net and gross.
type Published =
    (&'static str, bool, &'static [(i64, i64, &'static str)], Option<Rule>, (i64, i64));

#[test]
fn totals_are_those_of_the_published_vectors() {
    // Vendure's order-calculator.spec, Saleor's tax/test_calculations, Medusa #14817.
    let cases: &[Published] = &[
        ("123 at 20 %", false, &[(123, 1, "0.2")], None, (123, 148)),
        ("123 three times", false, &[(123, 3, "0.2")], None, (369, 443)),
        (
            "half of 8333",
            false,
            &[(8333, 1, "0.2")],
            Some(Rule::Percentage(BasisPoints::new(5000).unwrap())),
            (4167, 5000),
        ),
        ("500 off 1230", false, &[(1230, 1, "0.2")], Some(Rule::Amount(eur(500))), (730, 876)),
        (
            "500 off two rates",
            true,
            &[(500, 1, "0.2"), (500, 1, "0")],
            Some(Rule::Amount(eur(500))),
            (458, 500),
        ),
        (
            "three rates",
            false,
            &[(1000, 2, "0.2"), (3499, 1, "0.1"), (240, 1, "0")],
            None,
            (5739, 6489),
        ),
        ("20 % included", true, &[(1000, 1, "0.2"), (240, 1, "0.2")], None, (1033, 1240)),
        ("10.75 %", false, &[(2499, 1, "0.1075"), (644, 1, "0")], None, (3143, 3412)),
        ("10.00 at 23 %", false, &[(1000, 1, "0.23")], None, (1000, 1230)),
        ("10.00 with 23 %", true, &[(1000, 1, "0.23")], None, (813, 1000)),
        (
            "50 twice less 10",
            false,
            &[(5000, 2, "0.1")],
            Some(Rule::Amount(eur(1000))),
            (9000, 9900),
        ),
        ("nothing", true, &[], None, (0, 0)),
        ("free of charge", false, &[(0, 3, "0.19")], None, (0, 0)),
    ];
    for (name, tax_included, lines, rule, expected) in cases {
        let mut request = request(*tax_included, lines);
        request.promotions.extend(rule.map(|rule| promotion(1, rule)));
        let quote = quote(&request).unwrap();
        adds_up(&quote);
        assert_eq!(net_and_gross(&quote), *expected, "{name}");
    }
}

/// Saleor: 50 twice less 20, sent for 25 less 2, both at 10 %.
#[test]
fn shipping_is_taxed_beside_the_goods() {
    let mut request = request(false, &[(5000, 2, "0.1")]);
    request.promotions.push(promotion(1, Rule::Amount(eur(2000))));
    request.shipping = Some(sent(2300, "0.1", false));
    let quote = quote(&request).unwrap();
    adds_up(&quote);
    assert_eq!(net_and_gross(&quote), (10_300, 11_330));
    assert_eq!((quote.totals.lines_tax, quote.totals.shipping_tax), (eur(800), eur(230)));
}

/// Vendure: the weights of an order discount are gross prices there, and net ones here by default.
#[test]
fn the_caller_chooses_the_weights_of_a_discount() {
    let mut request = request(false, &[(1000, 2, "0.2"), (3499, 1, "0.1"), (255, 4, "0.1")]);
    let mut first = promotion(1, Rule::Percentage(BasisPoints::new(1500).unwrap()));
    first.products.push((id(1), shop::pricing::Role::Any));
    request.promotions = vec![first, promotion(2, Rule::Amount(eur(500)))];
    for (weights, expected) in [(Weights::WithTax, (5719, 6446)), (Weights::Listed, (5719, 6448))] {
        request.policy.weights = weights;
        let quote = quote(&request).unwrap();
        adds_up(&quote);
        assert_eq!(net_and_gross(&quote), expected, "{weights:?}");
    }
}

/// PrestaShop #25145: 2.74 twenty times and 3.36 fifty times, 8 % off, at 20 %.
#[test]
fn tax_is_rounded_at_the_level_of_the_policy() {
    let mut request = request(false, &[(274, 20, "0.2"), (336, 50, "0.2")]);
    request.promotions.push(promotion(1, Rule::Percentage(BasisPoints::new(800).unwrap())));
    for (level, taxes) in [
        (TaxRounding::Total, [1009, 3091]),
        (TaxRounding::Line, [1008, 3091]),
        // 20 units of 2.52 or 2.53, and 50 of 3.09 or 3.10: 0.50 or 0.51, and 0.62 each.
        (TaxRounding::Unit, [1002, 3100]),
    ] {
        request.policy.tax_rounding = level;
        let quote = quote(&request).unwrap();
        adds_up(&quote);
        let found: Vec<i64> = quote.lines.iter().map(|line| line.tax.minor()).collect();
        assert_eq!(found, taxes, "{level:?}");
    }
}

/// Wafeq: 45.30 at 5 % and 33.45 at 10 %.
#[test]
fn tax_is_rounded_in_the_mode_of_the_policy() {
    let mut request = request(false, &[(4530, 1, "0.05"), (3345, 1, "0.1")]);
    for (mode, tax) in [(Rounding::HalfAway, 562), (Rounding::HalfEven, 560), (Rounding::Down, 560)]
    {
        request.policy.rounding = mode;
        let quote = quote(&request).unwrap();
        assert_eq!(quote.totals.lines_tax, eur(tax), "{mode:?}");
    }
}

fn sent(amount: i64, rate: &str, tax_included: bool) -> ShippingChoice {
    let rates =
        vec![ShippingRate { id: id(1), from: 0, below: None, amount: eur(amount), tax_included }];
    ShippingChoice { method: "post".parse().unwrap(), tax_rate: rate.parse().unwrap(), rates }
}

#[test]
fn a_shipping_rate_is_told_in_the_terms_of_the_cart() {
    for (cart_included, rate_included, amount, tax, total) in [
        (true, true, 490, 78, 490),
        (false, false, 490, 93, 583),
        (true, false, 583, 93, 583),
        (false, true, 412, 78, 490),
    ] {
        let mut request = request(cart_included, &[]);
        request.shipping = Some(sent(490, "0.19", rate_included));
        let quote = quote(&request).unwrap();
        adds_up(&quote);
        let found = (
            quote.totals.shipping_amount.minor(),
            quote.totals.shipping_tax.minor(),
            quote.totals.grand_total.minor(),
        );
        assert_eq!(found, (amount, tax, total), "cart {cart_included}, rate {rate_included}");
    }
}

#[test]
fn the_rate_is_that_of_the_subtotal_after_discounts() {
    let mut request = request(true, &[(1000, 5, "0.19")]);
    let rate = |from, below, amount| ShippingRate {
        id: id(1),
        from,
        below,
        amount: eur(amount),
        tax_included: true,
    };
    let mut choice = sent(0, "0.19", true);
    choice.rates = vec![rate(1000, Some(5000), 490), rate(5000, None, 0)];
    request.shipping = Some(choice);
    for (off, shipping) in [(1, Some(490)), (4000, Some(490)), (4001, None)] {
        request.promotions = vec![promotion(1, Rule::Amount(eur(off)))];
        let found = quote(&request).map(|quote| quote.totals.shipping_amount.minor());
        let method = "post".parse().unwrap();
        let expected = shipping.ok_or(QuoteError::NoShippingRate { method });
        assert_eq!(found, expected, "{off} off");
    }
    request.promotions.clear();
    assert_eq!(quote(&request).unwrap().totals.shipping_amount, eur(0));
}

#[test]
fn coins_round_the_whole_order_and_say_so() {
    for (price, increment, rounding, total) in [
        (1002, 5, -2, 1000),
        (1003, 5, 2, 1005),
        (1005, 5, 0, 1005),
        (2, 5, -2, 0),
        (999, 1, 0, 999),
    ] {
        let mut request = request(true, &[(price, 1, "0.081")]);
        request.cash_increment = Some(increment);
        let quote = quote(&request).unwrap();
        adds_up(&quote);
        let found = (quote.totals.rounding.minor(), quote.totals.grand_total.minor());
        assert_eq!(found, (rounding, total), "{price}");
        assert_eq!(quote.order_adjustments.len(), usize::from(rounding != 0), "{price}");
    }
}

#[test]
fn amounts_that_cannot_be_are_refused() {
    let out = || QuoteError::Money(MoneyError::OutOfRange);
    let mismatch = |left, right| QuoteError::Money(MoneyError::CurrencyMismatch { left, right });
    let yen = Money::new(100, Currency::JPY).unwrap();
    let (euro, jpy) = (Currency::EUR, Currency::JPY);
    let broken: Vec<(&str, QuoteRequest, QuoteError)> = vec![
        ("a negative price", request(true, &[(-1, 1, "0")]), QuoteError::NegativePrice),
        ("a line too large", request(true, &[(MAX_MINOR, 2, "0")]), out()),
        ("a sum too large", request(true, &[(MAX_MINOR, 1, "0"), (1, 1, "0")]), out()),
        ("a tax too large", request(false, &[(MAX_MINOR, 1, "0.2")]), out()),
        ("a negative discount", off(Rule::Amount(eur(-1))), QuoteError::NegativePrice),
        ("a discount in yen", off(Rule::Amount(yen)), mismatch(jpy, euro)),
        ("no coins", QuoteRequest { cash_increment: Some(0), ..off(Rule::FreeShipping) }, out()),
        (
            "negative shipping",
            QuoteRequest { shipping: Some(sent(-1, "0", true)), ..off(Rule::FreeShipping) },
            QuoteError::NegativePrice,
        ),
        (
            "a price in yen",
            QuoteRequest { currency: jpy, ..request(true, &[(1, 1, "0")]) },
            mismatch(jpy, euro),
        ),
    ];
    for (name, request, error) in broken {
        assert_eq!(quote(&request), Err(error), "{name}");
    }
}

fn off(rule: Rule) -> QuoteRequest {
    let mut request = request(true, &[(1000, 1, "0.19")]);
    request.promotions.push(promotion(1, rule));
    request
}

/// Anything that could be in a cart.
fn any_request() -> impl Strategy<Value = QuoteRequest> {
    let line = (0..100_000_i64, 1..50_i64, 0..1_000_000_i64);
    let rule = prop_oneof![
        (1..=10_000_i64).prop_map(|points| Rule::Percentage(BasisPoints::new(points).unwrap())),
        (0..200_000_i64).prop_map(|amount| Rule::Amount(eur(amount))),
        (1..5_i64, 1..5_i64, 1..=10_000_i64).prop_map(|(buy, get, off)| Rule::BuyXGetY {
            buy: shop::value::Quantity::new(buy).unwrap(),
            get: shop::value::Quantity::new(get).unwrap(),
            off: BasisPoints::new(off).unwrap(),
        }),
        Just(Rule::FreeShipping),
    ];
    let about = prop::collection::vec(
        (
            1..6_u128,
            prop::sample::select(vec![
                shop::pricing::Role::Buy,
                shop::pricing::Role::Get,
                shop::pricing::Role::Any,
            ]),
        ),
        0..4,
    );
    let offer = (rule, 0..5_i32, prop::option::of(0..2_u8), about);
    (
        any::<bool>(),
        prop::collection::vec(line, 0..6),
        prop::collection::vec(offer, 0..5),
        prop::option::of((0..2000_i64, any::<bool>())),
        prop::option::of(1..=500_i64),
        prop::sample::select(TaxRounding::ALL),
        prop::sample::select(Rounding::ALL),
        any::<bool>(),
    )
        .prop_map(|(included, lines, offers, shipping, coin, level, mode, with_tax)| {
            let rates: Vec<String> =
                lines.iter().map(|(_, _, rate)| format!("0.{rate:06}")).collect();
            let lines: Vec<(i64, i64, &str)> = lines
                .iter()
                .zip(&rates)
                .map(|((price, quantity, _), rate)| (*price, *quantity, rate.as_str()))
                .collect();
            let mut request = request(included, &lines);
            request.policy.tax_rounding = level;
            request.policy.rounding = mode;
            request.policy.weights = if with_tax { Weights::WithTax } else { Weights::Listed };
            request.cash_increment = coin;
            request.shipping = shipping.map(|(amount, included)| sent(amount, "0.19", included));
            for (number, (rule, priority, group, about)) in (100..).zip(offers) {
                let mut promotion = promotion(number, rule);
                promotion.priority = priority;
                promotion.stacking_group = group.map(|group| format!("g{group}").parse().unwrap());
                promotion.voucher = (number % 2 == 0).then(|| id(number));
                promotion.products =
                    about.into_iter().map(|(product, role)| (id(product), role)).collect();
                request.promotions.push(promotion);
            }
            request
        })
}

proptest! {
    #[test]
    fn whatever_is_in_a_cart_its_quote_adds_up(request in any_request()) {
        let quote = quote(&request).unwrap();
        adds_up(&quote);
        let vouchers: std::collections::BTreeSet<_> = quote
            .lines
            .iter()
            .flat_map(|line| &line.adjustments)
            .chain(&quote.order_adjustments)
            .filter_map(|part| part.voucher)
            .collect();
        prop_assert_eq!(vouchers.into_iter().collect::<Vec<_>>(), quote.redemptions);
    }
}
