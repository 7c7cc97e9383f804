//! Makes text from outside safe to show.
//!
//! In: names and statements of the user's database and suite. Out: the same on one line, where
//! every character that a terminal would obey is spelled out.
//!
//! **Invariant:** what comes out has no control characters and changes no writing direction.

use std::borrow::Cow;

/// The text with control characters, line ends and marks of writing direction as `\u{..}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if is_obeyed(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and the marks of Unicode's bidirectional algorithm (UAX #9, section 2).
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_shown_as_they_are() {
        for name in ["orders", "Größe \"x\"", "注文", "a b"] {
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn nothing_a_terminal_would_obey_comes_through() {
        assert_eq!(visible("\u{1b}[31mred\u{7}"), r"\u{1b}[31mred\u{7}");
        assert_eq!(visible("a\nb\tc\rd"), r"a\nb\tc\u{d}d");
        assert_eq!(visible("abc\u{202e}fed"), r"abc\u{202e}fed");
    }
}
