//! Tax on net amounts and in gross ones, against public vectors.

use shop::money::{MAX_MINOR, MoneyError, Rounding, TaxRate, TaxRateError, taxes_in_gross};

use super::eur;

fn rate(text: &str) -> TaxRate {
    text.parse().unwrap()
}

#[test]
fn tax_on_a_net_amount_is_that_of_the_published_vectors() {
    let cases = [
        // Vendure.
        (123, "0.2", 25, 148),
        (369, "0.2", 74, 443),
        (730, "0.2", 146, 876),
        (4167, "0.2", 833, 5000),
        (3499, "0.1", 350, 3849),
        // Medusa: 24.99 at 10.75 %.
        (2499, "0.1075", 269, 2768),
        // Wafeq.
        (4530, "0.05", 227, 4757),
        (3345, "0.1", 335, 3680),
        // Saleor.
        (1000, "0.23", 230, 1230),
        (9000, "0.1", 900, 9900),
        (10300, "0.1", 1030, 11330),
        // PrestaShop: 8 % off 222.80, on the total.
        (20498, "0.2", 4100, 24598),
        (-1000, "0.23", -230, -1230),
        (-50, "0.05", -3, -53),
        (1, "0", 0, 1),
        (1, "9.999999", 10, 11),
    ];
    for (net, text, tax, gross) in cases {
        let taxed = rate(text).on_net(eur(net), Rounding::HalfAway).unwrap();
        assert_eq!((taxed.tax, taxed.gross), (eur(tax), eur(gross)), "{net} at {text}");
    }
}

#[test]
fn tax_in_a_gross_amount_leaves_it_as_it_is() {
    let cases = [
        // Saleor and Solidus: 5 % in 60.00, 30.00 and 29.00.
        (6000, "0.05", 5714, 286),
        (3000, "0.05", 2857, 143),
        (2900, "0.05", 2762, 138),
        (1000, "0.23", 813, 187),
        // Vendure: 10.00 and 2.40 with 20 % in them.
        (1000, "0.2", 833, 167),
        (240, "0.2", 200, 40),
        (-1000, "0.2", -833, -167),
        (1000, "0", 1000, 0),
        (MAX_MINOR, "0.19", 840_336_134_453_781, 159_663_865_546_218),
    ];
    for (gross, text, net, tax) in cases {
        let taxed = rate(text).in_gross(eur(gross), Rounding::HalfAway).unwrap();
        let found = (taxed.net, taxed.tax, taxed.gross);
        assert_eq!(found, (eur(net), eur(tax), eur(gross)), "{gross} with {text} in it");
    }
}

/// Wafeq's example by half even, and the truncation that VATREC12020 permits.
#[test]
fn the_mode_decides_about_halves() {
    let tax = |minor, text, mode| rate(text).on_net(eur(minor), mode).unwrap().tax.minor();
    let sum = |mode| tax(4530, "0.05", mode) + tax(3345, "0.1", mode);
    assert_eq!(sum(Rounding::HalfAway), 562);
    assert_eq!(sum(Rounding::HalfEven), 560);
    assert_eq!(sum(Rounding::Down), 560);
    // A half in both: the net amount is what is rounded, except downwards.
    let inside = |mode| rate("1").in_gross(eur(5), mode).unwrap().tax.minor();
    assert_eq!(Rounding::ALL.iter().copied().map(inside).collect::<Vec<_>>(), [2, 3, 2]);
}

#[test]
fn several_taxes_in_one_amount_share_its_net() {
    let taxes = taxes_in_gross(eur(10_000), &[rate("0.05"), rate("0.1")], Rounding::HalfAway);
    assert_eq!(taxes, Ok(vec![eur(435), eur(870)]));
    assert_eq!(taxes_in_gross(eur(100), &[], Rounding::HalfAway), Ok(vec![]));
}

#[test]
fn tax_that_leaves_the_range_is_an_error() {
    let out = rate("0.1").on_net(eur(MAX_MINOR), Rounding::HalfAway);
    assert_eq!(out.map(|taxed| taxed.gross), Err(MoneyError::OutOfRange));
}

#[test]
fn a_rate_is_written_as_the_database_writes_it() {
    for (text, millionths, shown) in [
        ("0", 0, "0.000000"),
        ("0.19", 190_000, "0.190000"),
        ("0.107500", 107_500, "0.107500"),
        ("9.999999", 9_999_999, "9.999999"),
    ] {
        assert_eq!(rate(text).millionths(), millionths, "{text}");
        assert_eq!(rate(text).to_string(), shown);
    }
    for text in
        ["", "-0.1", "10", "0.1234567", ".1", "1.", "19%", "0,19", "0.1 ", "0.1\0", "1e-1", "00.1"]
    {
        assert_eq!(text.parse::<TaxRate>(), Err(TaxRateError), "{text:?}");
    }
    for millionths in [-1, 10_000_000, i64::MIN, i64::MAX] {
        assert_eq!(TaxRate::from_millionths(millionths), Err(TaxRateError), "{millionths}");
    }
}
