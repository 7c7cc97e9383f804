//! Numbers as a person reads them.
//!
//! In: counts and times. Out: short texts, the same in every format.
//!
//! **Invariant:** a share is never rounded up to all or down to nothing.

/// `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 test`, `3 tests`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", grouped(number))
}

/// Whole per cent of `part` in `whole`: 100 only where it is all, 0 only where it is nothing.
/// `None` of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> Option<u64> {
    match (part, whole) {
        (_, 0) => None,
        (part, whole) if part >= whole => Some(100),
        (0, _) => Some(0),
        (part, whole) => {
            let exact = u128::from(part) * 100 / u128::from(whole);
            Some(u64::try_from(exact).unwrap_or(99).clamp(1, 99))
        }
    }
}

/// Microseconds, with three digits: `340 µs`, `11.2 ms`, `1.25 s`, `3 min 40 s`.
pub(crate) fn duration(us: u64) -> String {
    let tenths = |value: u64, unit: u64| format!("{}.{}", value / unit, value % unit * 10 / unit);
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..100_000 => format!("{} ms", tenths(us, 1_000)),
        100_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{} s", tenths(us, 1_000_000)),
        _ => format!("{} min {} s", us / 60_000_000, us % 60_000_000 / 1_000_000),
    }
}

/// Milliseconds since 1970 as `2026-11-22 21:12 UTC`.
pub(crate) fn moment(unix_ms: u64) -> String {
    let minutes = unix_ms / 60_000;
    let (days, minute) = (minutes / 1_440, minutes % 1_440);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minute / 60, minute % 60)
}

/// Days since 1970 as a date, by H. Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!(
            [340, 11_240, 480_000, 1_250_000, 220_000_000].map(duration),
            ["340 µs", "11.2 ms", "480 ms", "1.2 s", "3 min 40 s"]
        );
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(1_795_000_000_000), "2026-11-18 11:06 UTC");
        assert_eq!(moment(951_782_400_000), "2000-02-29 00:00 UTC");
    }

    #[test]
    fn a_share_is_all_only_where_nothing_is_missing() {
        assert_eq!(percent(999, 1_000), Some(99));
        assert_eq!(percent(1, 1_000), Some(1));
        assert_eq!([percent(0, 3), percent(3, 3), percent(0, 0)], [Some(0), Some(100), None]);
    }
}
