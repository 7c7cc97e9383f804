//! Amounts as text.

use shop::money::{Currency, MAX_MINOR, Money, ParseMoneyError, Rounding};

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

#[test]
fn an_amount_is_read_and_written_with_the_digits_of_its_currency() {
    let cases = [
        ("19.99", "EUR", 1999, "19.99"),
        ("20", "EUR", 2000, "20.00"),
        ("20.5", "EUR", 2050, "20.50"),
        ("-0.05", "EUR", -5, "-0.05"),
        ("0", "EUR", 0, "0.00"),
        ("-0", "EUR", 0, "0.00"),
        ("007.10", "EUR", 710, "7.10"),
        ("1999", "JPY", 1999, "1999"),
        ("5.124", "KWD", 5124, "5.124"),
        ("5.1", "KWD", 5100, "5.100"),
        ("0.0001", "CLF", 1, "0.0001"),
        ("-12.3456", "UYW", -123_456, "-12.3456"),
        ("9999999999999.99", "USD", MAX_MINOR, "9999999999999.99"),
        ("999999999999999", "JPY", MAX_MINOR, "999999999999999"),
    ];
    for (text, code, minor, written) in cases {
        let amount = Money::parse(text, currency(code)).unwrap();
        assert_eq!(amount.minor(), minor, "{text} {code}");
        assert_eq!(amount.to_decimal(), written, "{text} {code}");
        assert_eq!(amount.to_string(), format!("{written} {code}"));
    }
}

#[test]
fn anything_but_an_amount_is_refused() {
    let long = "9".repeat(10_000_000);
    for (text, error) in [
        ("", ParseMoneyError::Form),
        ("-", ParseMoneyError::Form),
        (".", ParseMoneyError::Form),
        (".5", ParseMoneyError::Form),
        ("5.", ParseMoneyError::Form),
        ("1.2.3", ParseMoneyError::Form),
        ("--1", ParseMoneyError::Form),
        ("+1", ParseMoneyError::Form),
        ("1,00", ParseMoneyError::Form),
        ("1 000", ParseMoneyError::Form),
        (" 1", ParseMoneyError::Form),
        ("1e5", ParseMoneyError::Form),
        ("NaN", ParseMoneyError::Form),
        ("0x10", ParseMoneyError::Form),
        ("1\0", ParseMoneyError::Form),
        ("١٢", ParseMoneyError::Form),
        ("１", ParseMoneyError::Form),
        ("€1", ParseMoneyError::Form),
        ("1.001", ParseMoneyError::TooPrecise { currency: Currency::EUR, digits: 2 }),
        ("1.000", ParseMoneyError::TooPrecise { currency: Currency::EUR, digits: 2 }),
        ("10000000000000.00", ParseMoneyError::OutOfRange),
        ("-10000000000000", ParseMoneyError::OutOfRange),
        ("170141183460469231731687303715884105728", ParseMoneyError::OutOfRange),
        (&long, ParseMoneyError::OutOfRange),
    ] {
        let begin: String = text.chars().take(45).collect();
        assert_eq!(Money::parse(text, Currency::EUR), Err(error), "{begin:?}");
    }
    let digits = ParseMoneyError::TooPrecise { currency: Currency::JPY, digits: 0 };
    assert_eq!(Money::parse("1.0", Currency::JPY), Err(digits));
}

/// Medusa #12789: what is 98.9009 in the books is 98.90 at the provider.
#[test]
fn a_finer_amount_is_rounded_only_when_asked() {
    let rounded = |text, code: &str, rounding| {
        Money::parse_rounded(text, currency(code), rounding).map(Money::minor)
    };
    for (text, code, away, even, down) in [
        ("98.9009", "USD", 9890, 9890, 9890),
        ("34.116425", "USD", 3412, 3412, 3411),
        ("2.665", "EUR", 267, 266, 266),
        ("-2.665", "EUR", -267, -266, -266),
        ("0.5", "JPY", 1, 0, 0),
        ("7", "KWD", 7000, 7000, 7000),
    ] {
        assert_eq!(rounded(text, code, Rounding::HalfAway), Ok(away), "{text}");
        assert_eq!(rounded(text, code, Rounding::HalfEven), Ok(even), "{text}");
        assert_eq!(rounded(text, code, Rounding::Down), Ok(down), "{text}");
    }
    let error = rounded("1e2", "EUR", Rounding::Down);
    assert_eq!(error, Err(ParseMoneyError::Form));
    let error = rounded("9999999999999.995", "EUR", Rounding::HalfAway);
    assert_eq!(error, Err(ParseMoneyError::OutOfRange));
}
