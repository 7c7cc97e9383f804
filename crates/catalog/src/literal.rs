//! A text as SQL.
//!
//! In: any text. Out: the literal that means it.
//!
//! **Invariant**: the literal means the same whatever `standard_conforming_strings` says.

/// `text` as an SQL literal. One with a backslash is an escape string ("String Constants With
/// C-Style Escapes" in the PostgreSQL documentation), because an ordinary one may read it either
/// way.
pub fn literal(text: &str) -> String {
    let escaped = text.replace('\'', "''");
    if escaped.contains('\\') {
        format!("E'{}'", escaped.replace('\\', "\\\\"))
    } else {
        format!("'{escaped}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_doubled_and_a_backslash_is_only_a_backslash() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b"), "E'a\\\\b'");
    }
}
