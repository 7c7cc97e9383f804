//! Cards: number, brand, expiry, security code.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};

use crate::payment::reference::checks;
use crate::value::Slug;

/// Why a card is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The number has something else than digits, blanks and hyphens, or nothing.
    #[error("the number of a card has digits only")]
    NotDigits,
    /// No brand that we know begins like this.
    #[error("the card is of no known brand")]
    UnknownBrand,
    /// The brand's numbers have another length.
    #[error("the number of the card is too short or too long for its brand")]
    Length,
    /// The last digit does not check the others: a digit was mistyped.
    #[error("the number of the card is mistyped")]
    Mistyped,
    /// The month is not one of twelve, or the year not one of this century.
    #[error("the expiry is not a month and year")]
    Expiry,
    /// It was valid until a month that is over.
    #[error("the card has expired")]
    Expired,
    /// Cards are not issued so far ahead.
    #[error("the expiry is too far ahead")]
    TooFarAhead,
    /// The security code has another length or other signs.
    #[error("the security code is not that of a card of this brand")]
    SecurityCode,
}

/// Who stands for a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Brand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    Amex,
    /// Discover.
    Discover,
    /// Diners Club.
    Diners,
    /// JCB.
    Jcb,
    /// China UnionPay.
    UnionPay,
    /// Maestro.
    Maestro,
}

/// Brand, first and last prefix, shortest and longest number. The first that fits is it; the
/// ranges are those of the registers of ISO/IEC 7812 as the schemes publish them.
const BRANDS: &[(Brand, u32, u32, usize, usize)] = &[
    (Brand::Amex, 34, 34, 15, 15),
    (Brand::Amex, 37, 37, 15, 15),
    (Brand::Diners, 300, 305, 14, 19),
    (Brand::Diners, 3095, 3095, 14, 19),
    (Brand::Diners, 36, 36, 14, 19),
    (Brand::Diners, 38, 39, 14, 19),
    (Brand::Jcb, 3528, 3589, 16, 19),
    (Brand::Discover, 6011, 6011, 16, 19),
    (Brand::Discover, 644, 649, 16, 19),
    (Brand::Discover, 65, 65, 16, 19),
    (Brand::UnionPay, 62, 62, 16, 19),
    (Brand::UnionPay, 81, 81, 16, 19),
    (Brand::Mastercard, 51, 55, 16, 16),
    (Brand::Mastercard, 2221, 2720, 16, 16),
    (Brand::Maestro, 50, 50, 12, 19),
    (Brand::Maestro, 56, 59, 12, 19),
    (Brand::Maestro, 6304, 6304, 12, 19),
    (Brand::Maestro, 67, 67, 12, 19),
    (Brand::Visa, 4, 4, 13, 19),
];

impl Brand {
    /// The brand as its column writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Discover => "discover",
            Self::Diners => "diners",
            Self::Jcb => "jcb",
            Self::UnionPay => "unionpay",
            Self::Maestro => "maestro",
        }
    }

    /// The brand of a number by its first digits, and the lengths of such numbers.
    fn of(digits: &str) -> Option<(Self, std::ops::RangeInclusive<usize>)> {
        BRANDS.iter().find_map(|&(brand, first, last, shortest, longest)| {
            let width = first.checked_ilog10()? as usize + 1;
            let prefix: u32 = digits.get(..width)?.parse().ok()?;
            let fits = (first..=last).contains(&prefix);
            // Visa's numbers have 13, 16 or 19 digits.
            let odd = brand == Self::Visa && !matches!(digits.len(), 13 | 16 | 19);
            let lengths = if odd { 0..=0 } else { shortest..=longest };
            fits.then_some((brand, lengths))
        })
    }
}

impl From<Brand> for Slug {
    fn from(brand: Brand) -> Self {
        brand.as_str().parse().expect("the brands are slugs")
    }
}

/// The number of a card. Shown nowhere but its last four digits, and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber {
    digits: String,
    brand: Brand,
}

impl CardNumber {
    /// Whose card it is.
    pub const fn brand(&self) -> Brand {
        self.brand
    }

    /// The last four digits, which may be shown.
    pub fn last4(&self) -> &str {
        self.digits.get(self.digits.len().saturating_sub(4)..).unwrap_or_default()
    }

    /// The whole number, for the provider only.
    pub fn reveal(&self) -> &str {
        &self.digits
    }
}

impl FromStr for CardNumber {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        // 19 digits in groups; what is longer is no number, however long it is.
        if text.len() > 40 {
            return Err(CardError::NotDigits);
        }
        let digits: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CardError::NotDigits);
        }
        let (brand, lengths) = Brand::of(&digits).ok_or(CardError::UnknownBrand)?;
        if !lengths.contains(&digits.len()) {
            return Err(CardError::Length);
        }
        let values: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
        if checks(&values) { Ok(Self { digits, brand }) } else { Err(CardError::Mistyped) }
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber({} ...{})", self.brand.as_str(), self.last4())
    }
}

/// The month until whose end a card is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    year: i16,
    month: i16,
}

impl Expiry {
    /// A month of a year, which may have two digits.
    ///
    /// # Errors
    /// [`CardError::Expiry`].
    pub fn new(month: i32, year: i32) -> Result<Self, CardError> {
        let year = if (0..100).contains(&year) { year + 2000 } else { year };
        match (i16::try_from(month), i16::try_from(year)) {
            (Ok(month @ 1..=12), Ok(year @ 2000..=2100)) => Ok(Self { year, month }),
            _ => Err(CardError::Expiry),
        }
    }

    /// The month, from 1.
    pub const fn month(self) -> i16 {
        self.month
    }

    /// The year, of four digits.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// Whether a card can be charged now: until the end of its month, at the latest place on
    /// earth (UTC-12), and not more than 20 years ahead.
    ///
    /// # Errors
    /// [`CardError::Expired`], [`CardError::TooFarAhead`].
    pub fn check(self, now: DateTime<Utc>) -> Result<(), CardError> {
        let there = now - chrono::TimeDelta::hours(12);
        let months = |year: i32, month: i32| year * 12 + month;
        let until = months(self.year.into(), self.month.into());
        let this = months(there.year(), i32::try_from(there.month()).unwrap_or(1));
        match until - this {
            ..0 => Err(CardError::Expired),
            0..=240 => Ok(()),
            _ => Err(CardError::TooFarAhead),
        }
    }
}

impl FromStr for Expiry {
    type Err = CardError;

    /// `12/30` or `12/2030`.
    fn from_str(text: &str) -> Result<Self, CardError> {
        let (month, year) = text.split_once('/').ok_or(CardError::Expiry)?;
        let number = |digits: &str, lengths: &[usize]| -> Result<i32, CardError> {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            if !plain || !lengths.contains(&digits.len()) {
                return Err(CardError::Expiry);
            }
            digits.parse().map_err(|_| CardError::Expiry)
        };
        Self::new(number(month, &[1, 2])?, number(year, &[2, 4])?)
    }
}

/// The three or four digits that are printed on a card only. Shown and stored nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Cvc(String);

impl Cvc {
    /// The digits, for the provider only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Cvc {
    type Err = CardError;

    fn from_str(text: &str) -> Result<Self, CardError> {
        if matches!(text.len(), 3 | 4) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CardError::SecurityCode)
        }
    }
}

impl fmt::Debug for Cvc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cvc(..)")
    }
}

/// A card as its owner types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardDetails {
    number: CardNumber,
    expiry: Expiry,
    cvc: Option<Cvc>,
}

impl CardDetails {
    /// A card that is valid now.
    ///
    /// # Errors
    /// Expired, or a security code that is not one of its brand.
    pub fn new(
        number: CardNumber,
        expiry: Expiry,
        cvc: Option<Cvc>,
        now: DateTime<Utc>,
    ) -> Result<Self, CardError> {
        expiry.check(now)?;
        let digits = if number.brand == Brand::Amex { 4 } else { 3 };
        match &cvc {
            Some(cvc) if cvc.0.len() != digits => Err(CardError::SecurityCode),
            _ => Ok(Self { number, expiry, cvc }),
        }
    }

    /// The number.
    pub const fn number(&self) -> &CardNumber {
        &self.number
    }

    /// Until when it is valid.
    pub const fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// The security code, where one was given.
    pub const fn cvc(&self) -> Option<&Cvc> {
        self.cvc.as_ref()
    }
}
