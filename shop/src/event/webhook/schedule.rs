//! When a delivery is tried: the schedule that Standard Webhooks recommends.

use chrono::TimeDelta;

/// How often a delivery is tried before it is given up.
pub const TRIES: i32 = 10;

/// Waits after the first try, the second, and so on: 75 hours and 35 minutes together.
const WAITS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// How long to wait after so many tries have failed; none when that was the last.
pub fn delay(failed: i32) -> Option<TimeDelta> {
    let place = usize::try_from(failed).ok()?.checked_sub(1)?;
    WAITS.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_ten_times_over_three_days() {
        let waits: Vec<TimeDelta> = (1..TRIES).filter_map(delay).collect();
        assert_eq!(waits.len(), 9);
        assert!(waits.is_sorted());
        assert_eq!(waits.iter().sum::<TimeDelta>(), TimeDelta::minutes(75 * 60 + 35) + waits[0]);
        assert_eq!(delay(TRIES), None);
        assert_eq!(delay(0), None);
    }
}
