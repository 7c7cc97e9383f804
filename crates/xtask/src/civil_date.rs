//! Days of the calendar, as far as the age of a data file needs them.
//!
//! In: `YYYY-MM-DD`, or now. Out: days since 1970-01-01.
//!
//! **Invariant:** UTC; no time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Days from 1970-01-01 to `date` (`YYYY-MM-DD`); `None` when it is not a date.
///
/// The count of days in the proleptic Gregorian calendar, with the year taken to begin in March so
/// that the leap day comes last (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn days_of(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Days from 1970-01-01 to today.
pub(crate) fn today_days() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    i64::try_from(now.as_secs() / 86_400).expect("fewer days than an i64 holds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        assert_eq!(days_of("1970-01-01"), Some(0));
        assert_eq!(days_of("2000-03-01"), Some(11_017));
        assert_eq!(days_of("2026-08-20"), Some(20_685));
        assert_eq!(days_of("2024-03-01").zip(days_of("2024-02-28")).map(|(a, b)| a - b), Some(2));
        assert_eq!(days_of("2100-03-01").zip(days_of("2100-02-28")).map(|(a, b)| a - b), Some(1));
    }

    #[test]
    fn what_is_not_a_date_is_none() {
        assert_eq!(days_of("2026-13-01"), None);
        assert_eq!(days_of("yesterday"), None);
    }
}
