//! Names that a provider gave, secrets that a provider takes, and notes of people.
//!
//! **Invariant**: nothing that looks like the number of a card passes here.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::value::TextError;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Its form.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It looks like the number of a card, which is never stored.
    #[error("the text looks like the number of a card")]
    CardNumber,
}

/// Whether `text` holds what may be the number of a card: 13 to 19 digits, with or without the
/// blanks and hyphens that people put between them, whose last digit checks the others
/// (ISO/IEC 7812-1 annex B).
pub fn holds_a_card_number(text: &str) -> bool {
    let mut digits: Vec<u8> = Vec::new();
    let mut found = false;
    for character in text.chars().chain(std::iter::once('\n')) {
        match character.to_digit(10) {
            Some(digit) => digits.push(u8::try_from(digit).unwrap_or(0)),
            None if matches!(character, ' ' | '-' | '.') => {}
            None => {
                found |= (13..=19).contains(&digits.len()) && checks(&digits);
                digits.clear();
            }
        }
    }
    found
}

/// Whether the last digit checks the others: Luhn's formula.
pub(crate) fn checks(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match u32::from(digit) * if place % 2 == 1 { 2 } else { 1 } {
            doubled @ 10.. => doubled - 9,
            other => other,
        })
        .sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// 1 to 255 visible characters of ASCII, and not 12 to 19 digits: what the domain
/// `provider_reference` holds and `payment_method_stores_no_card_number` allows.
fn check_reference(text: &str) -> Result<(), ReferenceError> {
    crate::value::bounded(text, 255)?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TextError::Form.into());
    }
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if all_digits && (12..=19).contains(&digits) {
        return Err(ReferenceError::CardNumber);
    }
    Ok(())
}

/// The name that a provider gave to something of ours. Not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderReference(Arc<str>);

impl ProviderReference {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        check_reference(text)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ProviderReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::value::stored_as_text!(ProviderReference, "ProviderReference", {
    "type": "string", "pattern": "^[!-~]{1,255}$"
});

/// What a provider takes for the customer's money: whoever has it can charge. Shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretToken(Arc<str>);

impl SecretToken {
    /// The token itself, for the provider and for its column only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretToken {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        check_reference(text)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(..)")
    }
}

/// What somebody wrote about a refund: at most 2000 characters, lines allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(Arc<str>);

impl Note {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Note {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.len() > 8000 {
            return Err(TextError::TooLong { max: 2000 }.into());
        }
        let lines = text.replace(['\n', '\t'], " ");
        crate::value::bounded(&lines, 2000)?;
        if holds_a_card_number(&lines) {
            return Err(ReferenceError::CardNumber);
        }
        Ok(Self(text.into()))
    }
}
