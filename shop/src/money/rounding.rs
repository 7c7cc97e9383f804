//! What happens to the part of a minor unit that nobody can pay.

use std::str::FromStr;

/// How a fraction of a minor unit is rounded. Every mode treats a debt as it treats a claim: the
/// result for `-x` is the negative of that for `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rounding {
    /// To the nearest, a half away from zero: 2.5 is 3, -2.5 is -3. The shop's rule, and that of
    /// HMRC's VATREC12030.
    #[default]
    HalfAway,
    /// To the nearest, a half to the even neighbour: 2.5 is 2, 3.5 is 4.
    HalfEven,
    /// Towards zero: 2.9 is 2, -2.9 is -2.
    Down,
}

impl Rounding {
    /// Every mode.
    pub const ALL: &'static [Self] = &[Self::HalfAway, Self::HalfEven, Self::Down];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HalfAway => "half_away",
            Self::HalfEven => "half_even",
            Self::Down => "down",
        }
    }

    /// The rounded quotient; the divisor is more than zero.
    pub(crate) fn divide(self, dividend: i128, divisor: i128) -> i128 {
        debug_assert!(divisor > 0, "a divisor is positive");
        let (quotient, rest) = (dividend / divisor, dividend % divisor);
        // Compared without doubling the rest, which could overflow.
        let (below, above) = (rest.abs(), divisor - rest.abs());
        let up = match self {
            Self::Down => false,
            Self::HalfAway => below >= above,
            Self::HalfEven => below > above || (below == above && quotient % 2 != 0),
        };
        if up { quotient + dividend.signum() } else { quotient }
    }
}

/// A name that is none of a rounding mode or level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no way of rounding has this name")]
pub struct UnknownRounding;

impl FromStr for Rounding {
    type Err = UnknownRounding;

    fn from_str(name: &str) -> Result<Self, UnknownRounding> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == name).ok_or(UnknownRounding)
    }
}

crate::value::stored_as_text!(Rounding, "Rounding", {
    "type": "string", "enum": ["half_away", "half_even", "down"]
});
