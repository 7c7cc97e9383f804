//! How to reach a person.

use std::fmt;
use std::str::FromStr;

use crate::value::{TextError, bounded};

/// An email address in lower case, at most 254 characters. Whether it is anybody's is found out by
/// writing to it, so the form is checked only as far as the database checks it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = TextError;

    /// Capitals are folded, because two addresses that differ only in them are one person's.
    fn from_str(text: &str) -> Result<Self, TextError> {
        const MAX: usize = 254;
        bounded(text, MAX)?;
        if !text.is_ascii() && text.to_lowercase().to_lowercase() != text.to_lowercase() {
            return Err(TextError::Form);
        }
        let folded = text.to_lowercase();
        // A letter's small form may be longer than itself.
        bounded(&folded, MAX)?;
        let well_formed = folded.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        if well_formed && !folded.chars().any(char::is_whitespace) {
            Ok(Self(folded))
        } else {
            Err(TextError::Form)
        }
    }
}

/// Personal: a log shows only that there is one.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

crate::value::stored_as_text!(Email, "Email", {
    "type": "string", "format": "email", "maxLength": 254
});

/// A telephone number as E.164 writes it: `+4930901820`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 16)?;
        let digits = text.strip_prefix('+').ok_or(TextError::Form)?;
        let well_formed = (6..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(TextError::Form) }
    }
}

/// Personal: a log shows only that there is one.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(..)")
    }
}

crate::value::stored_as_text!(Phone, "Phone", {
    "type": "string", "pattern": "^\\+[1-9][0-9]{5,14}$"
});

/// A postcode of any country, at most 16 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Postcode(String);

impl Postcode {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Postcode {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 16)?;
        Ok(Self(text.to_owned()))
    }
}

crate::value::stored_as_text!(Postcode, "Postcode", {
    "type": "string", "minLength": 1, "maxLength": 16
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_has_something_on_both_sides_of_one_at() {
        for (text, stored) in [
            ("ada@example.org", "ada@example.org"),
            ("Ada.Lovelace+x@EXAMPLE.org", "ada.lovelace+x@example.org"),
            ("דוא@example.org", "דוא@example.org"),
            ("a@b", "a@b"),
        ] {
            let email = text.parse::<Email>();
            assert_eq!(email.as_ref().map(Email::as_str), Ok(stored), "{text}");
        }
        let long = TextError::TooLong { max: 254 };
        for (text, error) in [
            ("", TextError::Blank),
            ("   ", TextError::Blank),
            ("ada", TextError::Form),
            ("@example.org", TextError::Form),
            ("ada@", TextError::Form),
            ("ada@@example.org", TextError::Form),
            ("ada@example@org", TextError::Form),
            ("ada lovelace@example.org", TextError::Form),
            ("ada@example.org\0", TextError::Control),
            ("ada@example.org\n", TextError::Control),
            (&format!("{}@example.org", "a".repeat(243)), long),
            (&"a@".repeat(5_000_000), long),
        ] {
            let begin: String = text.chars().take(30).collect();
            assert_eq!(text.parse::<Email>(), Err(error), "{begin:?}");
        }
    }

    #[test]
    fn a_phone_number_is_one_of_e164() {
        for text in ["+493090", "+4930901820", "+123456789012345"] {
            assert_eq!(text.parse::<Phone>().as_ref().map(Phone::as_str), Ok(text));
        }
        for text in ["", "+", "030901820", "+0309018", "+49 3090", "+1234567890123456", "+49\0"] {
            assert!(text.parse::<Phone>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn nothing_personal_is_shown() {
        let email: Email = "ada@example.org".parse().unwrap();
        let phone: Phone = "+4930901820".parse().unwrap();
        assert_eq!(format!("{email:?} {phone:?}"), "Email(..) Phone(..)");
    }
}
