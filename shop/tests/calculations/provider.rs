//! Amounts as providers want them.

use shop::money::{Currency, MAX_MINOR, Money, ProviderAmountError, ProviderCurrency, Rounding};

fn pair(code: &str, exponent: i64, multiple_of: i64) -> ProviderCurrency {
    ProviderCurrency::new(code.parse().unwrap(), exponent, multiple_of).unwrap()
}

fn amount(text: &str, code: &str) -> Money {
    Money::parse(text, code.parse().unwrap()).unwrap()
}

/// docs.stripe.com/currencies.
#[test]
fn an_amount_is_told_in_the_digits_of_the_provider() {
    for (text, code, exponent, multiple_of, told) in [
        ("500", "JPY", 0, 1, 500),
        ("10", "USD", 2, 1, 1000),
        ("5", "ISK", 2, 100, 500),
        ("5.120", "KWD", 3, 10, 5120),
        ("7.00", "MGA", 0, 1, 7),
        ("-1.50", "EUR", 2, 1, -150),
        ("1.5", "EUR", 4, 1, 15_000),
    ] {
        let pair = pair(code, exponent, multiple_of);
        assert_eq!(pair.to_provider(amount(text, code)), Ok(told), "{text} {code}");
        assert_eq!(pair.from_provider(told), Ok(amount(text, code)), "{told} {code}");
    }
}

#[test]
fn what_a_provider_cannot_express_is_refused_or_rounded_when_asked() {
    for (text, code, exponent, multiple_of, nearest) in [
        ("5.124", "KWD", 3, 10, "5.120"),
        ("5.125", "KWD", 3, 10, "5.130"),
        ("7.50", "MGA", 0, 1, "8.00"),
        ("1.2345", "CLF", 2, 1, "1.2300"),
    ] {
        let pair = pair(code, exponent, multiple_of);
        let digits = u32::try_from(exponent).unwrap();
        let refused = Err(ProviderAmountError::NotExpressible { multiple_of, digits });
        assert_eq!(pair.to_provider(amount(text, code)), refused, "{text} {code}");
        let rounded = pair.nearest(amount(text, code), Rounding::HalfAway);
        assert_eq!(rounded, Ok(amount(nearest, code)), "{text} {code}");
    }
    // What the provider says and we cannot store: half a yen.
    let refused = Err(ProviderAmountError::NotExpressible { multiple_of: 1, digits: 2 });
    assert_eq!(pair("JPY", 2, 1).from_provider(50), refused);
}

#[test]
fn a_pair_takes_its_own_currency_only_and_nothing_out_of_range() {
    let other =
        ProviderAmountError::OtherCurrency { expected: Currency::JPY, found: Currency::EUR };
    assert_eq!(pair("JPY", 0, 1).to_provider(amount("1", "EUR")), Err(other));
    assert_eq!(pair("JPY", 0, 1).nearest(amount("1", "EUR"), Rounding::Down), Err(other));
    let out = Err(ProviderAmountError::OutOfRange);
    for (exponent, multiple_of) in [(-1, 1), (5, 1), (2, 0), (2, -10), (i64::MAX, 1)] {
        let refused = ProviderCurrency::new(Currency::EUR, exponent, multiple_of).map(|_| ());
        assert_eq!(refused, Err(ProviderAmountError::OutOfRange), "{exponent} {multiple_of}");
    }
    for minor in [i64::MAX, i64::MIN, MAX_MINOR + 1] {
        assert_eq!(pair("EUR", 2, 1).from_provider(minor), out, "{minor}");
    }
    let most = Money::new(MAX_MINOR, Currency::JPY).unwrap();
    assert_eq!(pair("JPY", 3, 1).to_provider(most), Ok(MAX_MINOR * 1000));
    let out_of_64_bits = pair("JPY", 4, 1).to_provider(most);
    assert_eq!(out_of_64_bits, Err(ProviderAmountError::OutOfRange));
    assert_eq!(pair("JPY", 0, 500).nearest(most, Rounding::HalfAway), out);
}
