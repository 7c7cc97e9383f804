//! Rounding modes, ratios, and the range of amounts.

use shop::money::{Currency, MAX_MINOR, Money, MoneyError, Ratio, RatioError, Rounding};

use super::eur;

#[test]
fn every_mode_rounds_a_debt_as_it_rounds_a_claim() {
    // Tenths, then half away, half even, down.
    let cases = [
        (25, 3, 2, 2),
        (35, 4, 4, 3),
        (24, 2, 2, 2),
        (26, 3, 3, 2),
        (5, 1, 0, 0),
        (15, 2, 2, 1),
        (9, 1, 1, 0),
        (0, 0, 0, 0),
        (30, 3, 3, 3),
    ];
    for (tenths, away, even, down) in cases {
        let tenth = Ratio::new(1, 10).unwrap();
        for (rounding, expected) in
            [(Rounding::HalfAway, away), (Rounding::HalfEven, even), (Rounding::Down, down)]
        {
            let rounded = |minor| eur(minor).times_ratio(tenth, rounding).map(Money::minor);
            assert_eq!(rounded(tenths), Ok(expected), "{tenths} tenths, {rounding:?}");
            assert_eq!(rounded(-tenths), Ok(-expected), "-{tenths} tenths, {rounding:?}");
        }
    }
    assert_eq!(Rounding::default(), Rounding::HalfAway);
}

/// Shopify's forum: 9.8789 nine times.
#[test]
fn rounding_the_unit_or_the_line_is_not_the_same() {
    let unit = Money::parse_rounded("9.8789", Currency::USD, Rounding::HalfAway).unwrap();
    assert_eq!(unit.times(9).map(Money::to_decimal).as_deref(), Ok("88.92"));
    let price: Ratio = "9.8789".parse().unwrap();
    let line = Money::new(900, Currency::USD).unwrap().times_ratio(price, Rounding::HalfAway);
    assert_eq!(line.map(Money::to_decimal).as_deref(), Ok("88.91"));
}

/// Saleor's test_rounding_issue.
#[test]
fn ten_percent_of_each_line_is_not_ten_percent_of_their_sum() {
    let tenth = Ratio::basis_points(1000);
    let off = |minor| eur(minor).times_ratio(tenth, Rounding::HalfAway).map(Money::minor);
    assert_eq!([106, 206, 306, 406].map(off), [Ok(11), Ok(21), Ok(31), Ok(41)]);
    assert_eq!(off(1024), Ok(102));
}

#[test]
fn a_ratio_is_exact() {
    assert_eq!("0.10".parse::<Ratio>(), Ratio::new(1, 10));
    assert_eq!("-3".parse::<Ratio>(), Ratio::new(-6, 2));
    assert_eq!(Ok(Ratio::basis_points(1075)), "0.1075".parse::<Ratio>());
    let thirds = Ratio::new(1, 3).unwrap();
    assert_eq!(thirds.of(i64::MAX, Rounding::Down), Ok(i64::MAX / 3));
    assert_eq!(Ratio::new(i64::MAX, 1).unwrap().of(2, Rounding::Down), Err(MoneyError::OutOfRange));
    for denominator in [0, -1, i64::MIN] {
        assert_eq!(Ratio::new(1, denominator), Err(RatioError::Denominator), "{denominator}");
    }
    for text in
        ["", "-", ".5", "5.", "1e3", "+1", "1 ", "0x1", "1.2.3", "٣", "0\0", "1234567890.123456789"]
    {
        assert_eq!(text.parse::<Ratio>(), Err(RatioError::Form), "{text:?}");
    }
}

#[test]
fn an_amount_beyond_its_range_is_an_error_and_never_another_amount() {
    let most = eur(MAX_MINOR);
    let out = Err(MoneyError::OutOfRange);
    assert_eq!(most.plus(eur(1)), out);
    assert_eq!(most.negated().minus(eur(1)), out);
    assert_eq!(most.times(2), out);
    assert_eq!(most.times(i64::MIN), out);
    assert_eq!(most.times_ratio(Ratio::new(i64::MAX, 1).unwrap(), Rounding::Down), out);
    assert_eq!(most.plus(eur(0)), Ok(most));
    assert_eq!(most.minus(most), Ok(eur(0)));
    for minor in [i64::MIN, -MAX_MINOR - 1, MAX_MINOR + 1, i64::MAX] {
        assert_eq!(Money::new(minor, Currency::EUR), out, "{minor}");
    }
}

#[test]
fn two_currencies_never_meet() {
    let yen = Money::new(1, Currency::JPY).unwrap();
    let mismatch = MoneyError::CurrencyMismatch { left: Currency::EUR, right: Currency::JPY };
    assert_eq!(eur(1).plus(yen), Err(mismatch.clone()));
    assert_eq!(eur(1).minus(yen), Err(mismatch.clone()));
    assert_eq!(eur(0).plus(Money::zero(Currency::JPY)), Err(mismatch));
}
