//! Buy some, get some: which units are given.

use super::discount::Lowered;
use super::promotion::{Promotion, Role};
use crate::value::Quantity;

/// How many units of each line are given.
///
/// Only complete sets count: `buy` units that are paid for every `get` units that are given. A unit
/// is one or the other. The cheapest units that may be given are, and among equally cheap ones
/// those of the earlier line.
pub(super) fn given(
    promotion: &Promotion,
    buy: Quantity,
    get: Quantity,
    lines: &[Lowered<'_>],
) -> Vec<u32> {
    let (buy, get) = (i64::from(buy.get()), i64::from(get.get()));
    let bought = |line: &Lowered<'_>| promotion.plays(Role::Buy, line.line.product);
    let gettable = |line: &Lowered<'_>| promotion.plays(Role::Get, line.line.product);
    let units = |of: &dyn Fn(&Lowered<'_>) -> bool| -> i64 {
        lines.iter().filter(|line| of(line)).map(|line| i64::from(line.line.quantity.get())).sum()
    };
    let may_buy = units(&bought);
    let may_get = units(&gettable);
    let either = units(&|line| bought(line) || gettable(line));
    let sets = (may_buy / buy).min(may_get / get).min(either / (buy + get));
    let mut left = sets * get;
    // Units that could be bought as well must leave enough to buy.
    let mut left_of_both = may_buy - sets * buy;
    let mut candidates: Vec<usize> = (0..lines.len()).filter(|&i| gettable(&lines[i])).collect();
    candidates.sort_by(|&a, &b| cheaper(&lines[a], &lines[b]));
    let mut given = vec![0; lines.len()];
    for index in candidates {
        let mut count = left.min(i64::from(lines[index].line.quantity.get()));
        if bought(&lines[index]) {
            count = count.min(left_of_both);
            left_of_both -= count;
        }
        left -= count;
        given[index] = u32::try_from(count).unwrap_or(0);
    }
    given
}

/// Compares what one unit costs now, exactly.
fn cheaper(a: &Lowered<'_>, b: &Lowered<'_>) -> std::cmp::Ordering {
    let cost = |of: &Lowered<'_>, other: &Lowered<'_>| {
        i128::from(of.left.minor()) * i128::from(other.line.quantity.get())
    };
    cost(a, b).cmp(&cost(b, a))
}
