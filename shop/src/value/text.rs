//! Text that people write and read.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Blank,
    /// More characters than its place holds.
    #[error("the text has more than {max} characters")]
    TooLong {
        /// How many it may have.
        max: usize,
    },
    /// NUL, which PostgreSQL cannot store, or another control character.
    #[error("the text contains a control character")]
    Control,
    /// Not of the form of its kind.
    #[error("the text does not have the form that is asked for")]
    Form,
}

/// Checks a text of one line: not blank, at most `max` characters, no control characters.
/// Right-to-left text passes.
///
/// # Errors
/// What is wrong with it; never the text itself.
pub fn bounded(text: &str, max: usize) -> Result<(), TextError> {
    // Four bytes a character at most: 10 MB are refused without being read.
    if text.len() > max.saturating_mul(4) || text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    if text.chars().all(char::is_whitespace) {
        return Err(TextError::Blank);
    }
    Ok(())
}

/// One line of text that a person reads, at most 200 characters: the domain `label`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(Arc<str>);

impl Label {
    /// A text that stands in the code.
    pub(crate) fn literal(text: &'static str) -> Self {
        debug_assert!(bounded(text, 200).is_ok(), "a label");
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 200)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

super::stored_as_text!(Label, "Label", { "type": "string", "minLength": 1, "maxLength": 200 });

/// A short machine-readable code in lower case, at most 64 characters: the domain `slug`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(Arc<str>);

impl Slug {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        bounded(text, 64)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let well_formed = text
            .bytes()
            .enumerate()
            .all(|(index, byte)| plain(byte) || (index > 0 && matches!(byte, b'_' | b'.' | b'-')));
        if well_formed { Ok(Self(text.into())) } else { Err(TextError::Form) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

super::stored_as_text!(Slug, "Slug", {
    "type": "string", "pattern": "^[a-z0-9][a-z0-9_.-]{0,63}$"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_kept_as_it_is_or_refused_for_what_is_wrong() {
        for text in ["a", " padded ", "קפה טחון", "شاي", "茶", "e\u{301}", &"ß".repeat(200)]
        {
            assert_eq!(text.parse::<Label>().map(|label| label.to_string()), Ok(text.to_owned()));
        }
        let long = TextError::TooLong { max: 200 };
        for (text, error) in [
            ("", TextError::Blank),
            (" \u{a0}\u{2003}", TextError::Blank),
            ("a\0b", TextError::Control),
            ("a\nb", TextError::Control),
            (&"ß".repeat(201), long),
            (&"x".repeat(10_000_000), long),
        ] {
            let begin: String = text.chars().take(10).collect();
            assert_eq!(text.parse::<Label>(), Err(error), "{begin:?}");
        }
    }

    #[test]
    fn a_slug_is_a_code_in_lower_case() {
        for text in ["a", "0", "post-express", "a_b.c-d", &"x".repeat(64)] {
            assert_eq!(text.parse::<Slug>().map(|slug| slug.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "-a", ".a", "A", "é", "a b", "a\0", "a/b", &"x".repeat(65)] {
            assert!(text.parse::<Slug>().is_err(), "{text:?}");
        }
    }
}
