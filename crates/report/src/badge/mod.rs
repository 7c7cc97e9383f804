//! One number as a picture for a README.
//!
//! In: a report. Out: an SVG without scripts, fonts or requests.
//!
//! **Invariant:** the number is said in words as well as in colour; where nothing was observed
//! there is none.

use crate::number::percent;
use crate::{Outcome, Report};

/// Width of a character of 11 pixels, in tenths; wide enough for any sans-serif font.
const CHARACTER: usize = 66;

/// The share of promises that were refused, as a badge.
pub fn render(report: &Report) -> String {
    let total = report.total();
    let share = percent(total.refused, total.promises);
    match share.filter(|_| report.outcome != Outcome::NothingObserved) {
        Some(share) => badge("constraints tried", &format!("{share} %"), Some(share)),
        None => badge("constraints tried", "unknown", None),
    }
}

fn badge(label: &str, value: &str, share: Option<u64>) -> String {
    let width = |text: &str| text.chars().count() * CHARACTER / 10 + 12;
    let (left, right) = (width(label), width(value));
    // Each at least 4.5 to 1 against the white text.
    let colour = match share {
        Some(90..) => "#2f6f3e",
        Some(60..90) => "#8a5a00",
        Some(_) => "#b02a12",
        None => "#5b5f66",
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {value}\"><title>{label}: {value}</title>\
         <rect width=\"{all}\" height=\"20\" rx=\"3\" fill=\"#2b2d31\"/>\
         <path d=\"M{left} 0h{flat}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{flat}z\" fill=\"{colour}\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" \
         text-anchor=\"middle\"><text x=\"{x1}\" y=\"14\" textLength=\"{t1}\">{label}</text>\
         <text x=\"{x2}\" y=\"14\" textLength=\"{t2}\">{value}</text></g></svg>\n",
        all = left + right,
        flat = right - 3,
        x1 = left / 2,
        x2 = left + right / 2,
        t1 = left - 12,
        t2 = right - 12,
    )
}
