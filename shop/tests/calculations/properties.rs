//! What holds for all amounts.

use proptest::prelude::*;
use shop::money::{Currency, MAX_MINOR, Money, ProviderCurrency, Ratio, Rounding, TaxRate};

use super::eur;

fn minor() -> impl Strategy<Value = i64> {
    prop_oneof![-MAX_MINOR..=MAX_MINOR, -1000..1000_i64, Just(MAX_MINOR), Just(-MAX_MINOR)]
}

fn weights() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![0..10_i64, 0..=i64::MAX, Just(0)], 1..12)
}

fn mode() -> impl Strategy<Value = Rounding> {
    prop::sample::select(Rounding::ALL)
}

fn rate() -> impl Strategy<Value = TaxRate> {
    (0..10_000_000_i64).prop_map(|millionths| TaxRate::from_millionths(millionths).unwrap())
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn shares_add_up_and_are_within_one_of_the_exact_ones(amount in minor(), weights in weights()) {
        let shares = eur(amount).allocate(&weights).unwrap();
        prop_assert_eq!(shares.iter().map(|share| share.minor()).sum::<i64>(), amount);
        let total: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
        for (share, &weight) in shares.iter().zip(&weights) {
            if total > 0 {
                let exact = i128::from(amount) * i128::from(weight);
                let difference = (i128::from(share.minor()) * total - exact).abs();
                prop_assert!(difference < total, "{} of weight {}", share, weight);
            }
            prop_assert!(share.minor().signum() * amount.signum() >= 0);
        }
    }

    #[test]
    fn shares_of_a_debt_are_the_negatives_of_those_of_a_claim(
        amount in minor(), weights in weights(),
    ) {
        let claim = eur(amount).allocate(&weights).unwrap();
        let debt = eur(-amount).allocate(&weights).unwrap();
        prop_assert_eq!(debt, claim.into_iter().map(Money::negated).collect::<Vec<_>>());
    }

    #[test]
    fn an_earlier_line_gets_at_least_what_a_later_equal_one_gets(
        amount in 0..=MAX_MINOR, weight in 1..1000_i64, count in 1..50_usize,
    ) {
        let shares = eur(amount).allocate(&vec![weight; count]).unwrap();
        prop_assert!(shares.windows(2).all(|pair| pair[0].minor() >= pair[1].minor()));
    }

    #[test]
    fn shares_within_limits_add_up_and_keep_them(
        parts in prop::collection::vec((0..=i64::MAX, 0..1_000_000_i64), 1..10),
        tenths in 0..=10_i64,
    ) {
        let (weights, limits): (Vec<i64>, Vec<Money>) =
            parts.into_iter().map(|(weight, limit)| (weight, eur(limit))).unzip();
        let most: i64 = limits.iter().map(|limit| limit.minor()).sum();
        let amount = most * tenths / 10;
        let shares = eur(amount).allocate_within(&weights, &limits).unwrap();
        prop_assert_eq!(shares.iter().map(|share| share.minor()).sum::<i64>(), amount);
        for (share, limit) in shares.iter().zip(&limits) {
            prop_assert!(0 <= share.minor() && share.minor() <= limit.minor());
        }
    }

    #[test]
    fn however_a_line_is_cut_its_units_add_up(
        amount in minor(), cuts in prop::collection::vec(0..20_u32, 1..10),
    ) {
        let units: u32 = cuts.iter().sum();
        let mut already = 0;
        let mut sum = 0;
        for more in cuts {
            let part = eur(amount).of_units(units, already, more).unwrap();
            let mirror = eur(-amount).of_units(units, already, more).unwrap();
            prop_assert_eq!(mirror, part.negated());
            sum += part.minor();
            already += more;
        }
        prop_assert_eq!(sum, if units == 0 { 0 } else { amount });
    }

    #[test]
    fn net_and_tax_are_gross(amount in minor(), rate in rate(), mode in mode()) {
        let inside = rate.in_gross(eur(amount), mode).unwrap();
        prop_assert_eq!(inside.net.plus(inside.tax), Ok(eur(amount)));
        prop_assert_eq!(inside.gross, eur(amount));
        prop_assert!(inside.tax.minor() * amount.signum() >= 0);
        if let Ok(added) = rate.on_net(eur(amount), mode) {
            prop_assert_eq!(added.net.plus(added.tax), Ok(added.gross));
            let back = rate.on_net(eur(-amount), mode).unwrap();
            prop_assert_eq!(back.tax, added.tax.negated());
        }
    }

    #[test]
    fn no_arithmetic_overflows(
        minor in any::<i64>(), other in any::<i64>(), divisor in any::<i64>(), mode in mode(),
    ) {
        let amount = Money::new(minor, Currency::EUR);
        prop_assert_eq!(amount.is_ok(), (-MAX_MINOR..=MAX_MINOR).contains(&minor));
        let amount = eur(minor % MAX_MINOR);
        let _ = amount.times(other);
        let _ = amount.in_coins_of(other, mode);
        if let Ok(ratio) = Ratio::new(other, divisor) {
            let _ = amount.times_ratio(ratio, mode);
            let _ = ratio.of(minor, mode);
        }
        let _ = ProviderCurrency::iso(Currency::EUR).from_provider(minor);
    }

    #[test]
    fn coins_change_an_amount_by_at_most_half_of_one(
        amount in minor(), coin in 1..=500_i64, currency in currency(),
    ) {
        let amount = Money::new(amount, currency).unwrap();
        if let Ok(cash) = amount.in_coins_of(coin, Rounding::HalfAway) {
            prop_assert_eq!(cash.minor() % coin, 0);
            prop_assert!((cash.minor() - amount.minor()).abs() * 2 <= coin);
        }
    }

    #[test]
    fn an_amount_survives_its_text_and_any_provider(
        amount in minor(), currency in currency(),
        exponent in 0..=4_i64, multiple_of in 1..=100_i64,
    ) {
        let amount = Money::new(amount, currency).unwrap();
        prop_assert_eq!(Money::parse(&amount.to_decimal(), currency), Ok(amount));
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), amount);
        let pair = ProviderCurrency::new(currency, exponent, multiple_of).unwrap();
        if let Ok(told) = pair.to_provider(amount) {
            prop_assert_eq!(pair.from_provider(told), Ok(amount));
        }
    }

    #[test]
    fn text_that_is_no_amount_never_panics(text in any::<String>(), currency in currency()) {
        let _ = Money::parse(&text, currency);
        let _ = Money::parse_rounded(&text, currency, Rounding::HalfEven);
        let _ = text.parse::<Ratio>();
        let _ = text.parse::<TaxRate>();
        let _ = text.parse::<Currency>();
    }
}
