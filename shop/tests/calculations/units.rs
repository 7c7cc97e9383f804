//! Refunds of single units, and coins.

use shop::money::{Currency, MAX_MINOR, Money, MoneyError, Rounding, TooManyUnits};

use super::eur;

#[test]
fn the_units_of_a_line_add_up_to_it() {
    let one_by_one = |minor: i64, units: u32| -> Vec<i64> {
        (0..units).map(|done| eur(minor).of_units(units, done, 1).unwrap().minor()).collect()
    };
    let cases: &[(i64, u32, &[i64])] = &[
        (1000, 3, &[333, 333, 334]),
        (-1000, 3, &[-333, -333, -334]),
        (2, 3, &[0, 1, 1]),
        (0, 2, &[0, 0]),
        (MAX_MINOR, 2, &[499_999_999_999_999, 500_000_000_000_000]),
    ];
    for (minor, units, expected) in cases {
        assert_eq!(one_by_one(*minor, *units), *expected, "{minor} in {units} units");
    }
    assert_eq!(eur(1000).of_units(3, 0, 2), Ok(eur(666)));
    assert_eq!(eur(1000).of_units(3, 2, 1), Ok(eur(334)));
    assert_eq!(eur(1000).of_units(3, 3, 0), Ok(eur(0)));
}

#[test]
fn a_line_gives_no_more_units_than_it_has() {
    for (units, already, more) in
        [(3, 0, 4), (3, 3, 1), (0, 0, 1), (3, u32::MAX, 1), (u32::MAX, 1, u32::MAX)]
    {
        let refused = eur(1000).of_units(units, already, more);
        assert_eq!(refused, Err(TooManyUnits), "{more} after {already} of {units}");
    }
}

#[test]
fn a_total_is_rounded_to_what_coins_can_pay() {
    let cases = [
        (Currency::CHF, 5, 1002, 1000, 1000),
        (Currency::CHF, 5, 1003, 1005, 1000),
        (Currency::CHF, 5, -1003, -1005, -1000),
        (Currency::CHF, 5, 1000, 1000, 1000),
        (Currency::CHF, 5, 2, 0, 0),
        (Currency::EUR, 1, 1003, 1003, 1003),
        // A half goes away from zero: 9.50 SEK are 10.
        (Currency::EUR, 100, 950, 1000, 900),
        (Currency::JPY, 10, 1995, 2000, 1990),
    ];
    for (currency, coin, minor, nearest, down) in cases {
        let amount = Money::new(minor, currency).unwrap();
        for (rounding, expected) in [(Rounding::HalfAway, nearest), (Rounding::Down, down)] {
            let cash = amount.in_coins_of(coin, rounding).map(Money::minor);
            assert_eq!(cash, Ok(expected), "{amount} in coins of {coin}, {rounding:?}");
        }
    }
    for coin in [0, -5, i64::MIN] {
        let refused = eur(1).in_coins_of(coin, Rounding::HalfAway);
        assert_eq!(refused, Err(MoneyError::OutOfRange), "{coin}");
    }
    let refused = eur(MAX_MINOR).in_coins_of(500, Rounding::HalfAway);
    assert_eq!(refused, Err(MoneyError::OutOfRange));
}
