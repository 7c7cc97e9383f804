//! The code of a variant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::value::{TextError, bounded};

/// A stock-keeping unit: letters, digits, `.`, `_` and `-`, at most 64 characters, beginning with
/// a letter or digit. Two that differ only in case are the same to the database.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sku(Arc<str>);

impl Sku {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 64)?;
        let well_formed = text.bytes().enumerate().all(|(index, byte)| {
            byte.is_ascii_alphanumeric() || (index > 0 && matches!(byte, b'.' | b'_' | b'-'))
        });
        if well_formed { Ok(Self(text.into())) } else { Err(TextError::Form) }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::value::stored_as_text!(Sku, "Sku", {
    "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_what_the_database_takes() {
        for text in ["A", "0", "MUG-1", "mug_1.b", &"x".repeat(64)] {
            assert_eq!(text.parse::<Sku>().map(|sku| sku.to_string()), Ok(text.to_owned()));
        }
        let long = TextError::TooLong { max: 64 };
        for (text, error) in [
            ("", TextError::Blank),
            (" ", TextError::Blank),
            ("-A", TextError::Form),
            ("A B", TextError::Form),
            ("ספל", TextError::Form),
            ("A\0", TextError::Control),
            (&"x".repeat(65), long),
            (&"x".repeat(10_000_000), long),
        ] {
            let begin: String = text.chars().take(10).collect();
            assert_eq!(text.parse::<Sku>(), Err(error), "{begin:?}");
        }
    }
}
