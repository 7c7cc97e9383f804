//! Allocation by largest remainder, against vectors of public test suites.

use shop::money::{AllocateError, MAX_MINOR, Money};

use super::eur;

fn shares(minor: i64, weights: &[i64]) -> Vec<i64> {
    eur(minor).allocate(weights).unwrap().into_iter().map(Money::minor).collect()
}

/// Vendure's prorate.spec, and more of its kind.
#[test]
fn shares_are_those_of_the_published_vectors() {
    let many = [10, 20, 10, 30, 50, 20, 10, 40];
    let cases: &[(i64, &[i64], &[i64])] = &[
        (300, &[123], &[300]),
        (300, &[4000, 2000, 2000], &[150, 75, 75]),
        (-300, &[4000, 2000, 2000], &[-150, -75, -75]),
        (300, &[1000, 1000, 1000], &[100, 100, 100]),
        (299, &[1000, 1000, 1000], &[100, 100, 99]),
        (298, &[1000, 1000, 1000], &[100, 99, 99]),
        (95, &many, &[5, 10, 5, 15, 25, 10, 5, 20]),
        (93, &many, &[5, 10, 5, 15, 24, 10, 5, 19]),
        (10, &[0, 0], &[5, 5]),
        (10, &[0, 0, 0], &[4, 3, 3]),
        (-20, &[100, 100], &[-10, -10]),
        (0, &[1, 2], &[0, 0]),
        (100, &[0, 100], &[0, 100]),
        // moneyphp and dinero.js.
        (100, &[1, 1, 1], &[34, 33, 33]),
        (101, &[1, 1, 1], &[34, 34, 33]),
        (5, &[50, 50], &[3, 2]),
        (5, &[7, 3], &[4, 1]),
        (-5, &[7, 3], &[-4, -1]),
        (5, &[7, 3, 0], &[4, 1, 0]),
        (5, &[0, 7, 3], &[0, 4, 1]),
        (5, &[7, 0, 3], &[4, 0, 1]),
        (5, &[0, 3, 7], &[0, 2, 3]),
        (2, &[1, 1, 1], &[1, 1, 0]),
        (1, &[1, 1], &[1, 0]),
        (1, &[33, 66], &[0, 1]),
        (15, &[1, 1], &[8, 7]),
        (10, &[1, 1, 1], &[4, 3, 3]),
        (10, &[1, 1, 2], &[3, 2, 5]),
        (10, &[10, 20, 10], &[3, 5, 2]),
        (5, &[1, 3], &[1, 4]),
        // Saleor: 15.00 over 150, 50 and 100.
        (1500, &[15000, 5000, 10000], &[750, 250, 500]),
        // Larger than a product of two amounts that fits 64 bits.
        (MAX_MINOR, &[i64::MAX, i64::MAX, 1], &[500_000_000_000_000, 499_999_999_999_999, 0]),
    ];
    for (minor, weights, expected) in cases {
        assert_eq!(shares(*minor, weights), *expected, "{minor} by {weights:?}");
    }
}

/// Vendure's order-calculator.spec: 15 % off the first of three lines, then 5.00 off the order.
#[test]
fn the_base_of_the_weights_decides_about_cents() {
    assert_eq!(shares(500, &[1700, 3499, 1020]), [137, 281, 82], "net");
    assert_eq!(shares(500, &[2040, 3849, 1122]), [145, 275, 80], "gross");
}

#[test]
fn weights_that_are_none_are_refused() {
    assert_eq!(eur(1).allocate(&[]), Err(AllocateError::NoWeights));
    assert_eq!(eur(0).allocate(&[]), Ok(vec![]));
    for (weights, index) in [(&[-1_i64][..], 0), (&[1, 2, -3], 2), (&[0, i64::MIN], 1)] {
        let refused = Err(AllocateError::NegativeWeight { index });
        assert_eq!(eur(0).allocate(weights), refused, "{weights:?}");
        assert_eq!(eur(5).allocate(weights), refused, "{weights:?}");
    }
}

/// The amount, weights, limits and shares.
type Within = (i64, &'static [i64], &'static [i64], &'static [i64]);

#[test]
fn shares_with_limits_fill_them_and_no_more() {
    let within = |minor: i64, weights: &[i64], limits: &[i64]| {
        let limits: Vec<Money> = limits.iter().map(|&limit| eur(limit)).collect();
        let shares = eur(minor).allocate_within(weights, &limits)?;
        Ok::<_, AllocateError>(shares.into_iter().map(Money::minor).collect::<Vec<_>>())
    };
    let cases: &[Within] = &[
        (10, &[1, 1], &[10, 10], &[5, 5]),
        (10, &[1, 1], &[3, 10], &[3, 7]),
        (10, &[9, 1], &[5, 5], &[5, 5]),
        (10, &[1, 0, 0], &[4, 3, 3], &[4, 3, 3]),
        (9, &[1, 0, 0], &[4, 3, 3], &[4, 3, 2]),
        (0, &[1], &[0], &[0]),
        (2040, &[2400, 1100], &[2000, 1000], &[1399, 641]),
    ];
    for (minor, weights, limits, expected) in cases {
        let shares = within(*minor, weights, limits);
        assert_eq!(shares.as_deref(), Ok(*expected), "{minor} by {weights:?} within {limits:?}");
    }
    for (minor, weights, limits) in
        [(11, &[1_i64, 1][..], &[5_i64, 5][..]), (1, &[], &[]), (1, &[1], &[]), (-1, &[1], &[1])]
    {
        let refused = within(minor, weights, limits);
        assert_eq!(refused, Err(AllocateError::ExceedsLimits), "{minor} within {limits:?}");
    }
}
