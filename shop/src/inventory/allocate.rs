//! Which locations serve a line. Pure.
//!
//! What is there goes before what is promised beyond it: a location that must order more is asked
//! only when no location, or no further one, has the units.

use std::cmp::Reverse;

use crate::id::LocationId;
use crate::value::{Country, Quantity};

/// How the locations of a line are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The whole line from one location: in the country first, then by priority.
    Nearest {
        /// Where the goods go.
        country: Country,
    },
    /// The whole line from the location that has most of it.
    MostStock,
    /// From as few locations as it takes, those with most first.
    Split,
}

/// What one location can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// Which.
    pub location: LocationId,
    /// Where it is.
    pub country: Country,
    /// Lower is served first when nothing else decides.
    pub priority: i32,
    /// Units that are there and promised to nobody; negative where more is promised than there is.
    pub on_hand: i64,
    /// Units that may be promised in all.
    pub free: i64,
}

/// Units of one location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// Where.
    pub location: LocationId,
    /// How many.
    pub quantity: Quantity,
}

/// Which locations give how many units; they add up to `wanted`. None: there are not enough, or
/// not in one place.
pub fn allocate(strategy: Strategy, wanted: Quantity, supplies: &[Supply]) -> Option<Vec<Take>> {
    let mut ranked = supplies.to_vec();
    if let Strategy::Nearest { country } = strategy {
        ranked.sort_by_key(|one| (one.country != country, one.priority, one.location));
    } else {
        ranked.sort_by_key(|one| (Reverse(one.on_hand), one.priority, one.location));
    }
    match strategy {
        Strategy::Nearest { .. } | Strategy::MostStock => whole(wanted, &ranked),
        Strategy::Split => split(wanted, &ranked),
    }
}

fn whole(wanted: Quantity, ranked: &[Supply]) -> Option<Vec<Take>> {
    let units = i64::from(wanted.get());
    let there = ranked.iter().find(|supply| supply.on_hand.min(supply.free) >= units);
    let supply = there.or_else(|| ranked.iter().find(|supply| supply.free >= units))?;
    Some(vec![Take { location: supply.location, quantity: wanted }])
}

fn split(wanted: Quantity, ranked: &[Supply]) -> Option<Vec<Take>> {
    let mut left = i64::from(wanted.get());
    let mut taken = vec![0_i64; ranked.len()];
    for of_what_is_there in [true, false] {
        for (supply, taken) in ranked.iter().zip(&mut taken) {
            let limit =
                if of_what_is_there { supply.on_hand.min(supply.free) } else { supply.free };
            let more = (limit - *taken).clamp(0, left);
            *taken += more;
            left -= more;
        }
    }
    if left > 0 {
        return None;
    }
    let takes = ranked.iter().zip(taken).filter_map(|(supply, units)| {
        let quantity = Quantity::new(units).ok()?;
        Some(Take { location: supply.location, quantity })
    });
    Some(takes.collect())
}
