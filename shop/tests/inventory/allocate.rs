//! Which locations serve a line.

use proptest::prelude::{Strategy as _, any, prop_assert, prop_assert_eq, proptest};
use shop::id::{Id as _, LocationId};
use shop::inventory::{Strategy, Supply, Take, allocate};
use shop::value::{Country, Quantity};
use uuid::Uuid;

fn location(number: u128) -> LocationId {
    LocationId::from_uuid(Uuid::from_u128(number))
}

fn supply(number: u128, country: Country, priority: i32, on_hand: i64, free: i64) -> Supply {
    Supply { location: location(number), country, priority, on_hand, free }
}

/// Which locations give how many.
fn served(strategy: Strategy, wanted: i64, supplies: &[Supply]) -> Option<Vec<(u128, i32)>> {
    let takes = allocate(strategy, Quantity::new(wanted).unwrap(), supplies)?;
    let plain = |take: Take| (take.location.uuid().as_u128(), take.quantity.get());
    Some(takes.into_iter().map(plain).collect())
}

#[test]
fn the_nearest_is_in_the_country_then_of_the_first_priority() {
    let (de, fr) = (Country::DE, Country::FR);
    let supplies = [
        supply(1, fr, 0, 9, 9),
        supply(2, de, 2, 9, 9),
        supply(3, de, 1, 3, 3),
        supply(4, de, 1, 0, 50),
    ];
    let nearest = Strategy::Nearest { country: de };
    for (name, wanted, expected) in [
        ("the first priority", 3, Some(vec![(3, 3)])),
        ("the next that has all of it", 4, Some(vec![(2, 4)])),
        ("what is there before what must come", 9, Some(vec![(2, 9)])),
        ("what must come, when nobody has it", 10, Some(vec![(4, 10)])),
        ("nobody has as many", 51, None),
    ] {
        assert_eq!(served(nearest, wanted, &supplies), expected, "{name}");
    }
    assert_eq!(served(Strategy::Nearest { country: fr }, 9, &supplies), Some(vec![(1, 9)]));
    assert_eq!(served(nearest, 1, &[]), None);
}

#[test]
fn most_stock_goes_first_and_ties_go_by_priority() {
    let de = Country::DE;
    let supplies = [supply(1, de, 5, 7, 7), supply(2, de, 1, 7, 7), supply(3, de, 0, 2, 90)];
    for (wanted, expected) in [(1, Some(vec![(2, 1)])), (8, Some(vec![(3, 8)])), (91, None)] {
        assert_eq!(served(Strategy::MostStock, wanted, &supplies), expected, "{wanted}");
    }
}

#[test]
fn a_split_takes_what_is_there_before_what_must_come() {
    let de = Country::DE;
    let supplies = [supply(1, de, 0, 5, 8), supply(2, de, 0, 3, 3), supply(3, de, 0, -2, 1)];
    for (wanted, expected) in [
        (5, Some(vec![(1, 5)])),
        (8, Some(vec![(1, 5), (2, 3)])),
        (11, Some(vec![(1, 8), (2, 3)])),
        (12, Some(vec![(1, 8), (2, 3), (3, 1)])),
        (13, None),
    ] {
        assert_eq!(served(Strategy::Split, wanted, &supplies), expected, "{wanted}");
    }
}

fn supplies() -> impl proptest::strategy::Strategy<Value = Vec<Supply>> {
    let one = (any::<bool>(), 0..3_i32, -50..200_i64, 0..100_i64);
    proptest::collection::vec(one, 0..6).prop_map(|list| {
        let with_number = (1_u128..).zip(list);
        with_number
            .map(|(number, (german, priority, on_hand, beyond))| {
                let country = if german { Country::DE } else { Country::FR };
                supply(number, country, priority, on_hand, on_hand + beyond)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_taken_adds_up_and_is_there(wanted in 1..300_i64, supplies in supplies()) {
        for strategy in
            [Strategy::Nearest { country: Country::DE }, Strategy::MostStock, Strategy::Split]
        {
            let in_one = strategy != Strategy::Split;
            let free = supplies.iter().map(|supply| supply.free.max(0));
            let most = if in_one { free.max().unwrap_or(0) } else { free.sum() };
            let takes = allocate(strategy, Quantity::new(wanted).unwrap(), &supplies);
            prop_assert_eq!(takes.is_some(), most >= wanted);
            let takes = takes.unwrap_or_default();
            let taken: i64 = takes.iter().map(|take| i64::from(take.quantity.get())).sum();
            prop_assert!(takes.is_empty() || taken == wanted);
            prop_assert!(!in_one || takes.len() <= 1);
            for take in takes {
                let supply = supplies.iter().find(|supply| supply.location == take.location);
                prop_assert!(supply.unwrap().free >= i64::from(take.quantity.get()));
            }
        }
    }
}
