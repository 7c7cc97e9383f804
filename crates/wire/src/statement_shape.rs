//! Makes a statement fit to be written down: what it does, without the values it does it with.
//!
//! In goes the text of a statement (possibly cut), out comes one line in which every literal is
//! `?`, comments are gone and blanks are single. Main function: [`statement_shape`].
//!
//! **Invariant**: no literal leaves this module, and the result is at most [`SHAPE_LENGTH_MAX`]
//! bytes long.

use crate::lexer::{Strings, TokenKind, Tokens};

/// Longest shape, in bytes.
pub const SHAPE_LENGTH_MAX: usize = 2048;
const CUT_MARK: &str = " ...";

/// The shape of one statement.
///
/// Strings, bit strings, dollar-quoted strings and numbers become `?`; identifiers (also quoted
/// ones) and parameters such as `$1` stay. A literal that the end of the text cuts off is a
/// literal.
pub fn statement_shape(sql: &[u8], strings: Strings) -> String {
    let mut shape = Vec::with_capacity(sql.len().min(SHAPE_LENGTH_MAX));
    let mut blank = false;
    for token in Tokens::new(sql, strings) {
        let text: &[u8] = match token.kind {
            TokenKind::Blank => {
                blank = true;
                continue;
            }
            TokenKind::Literal | TokenKind::Number => b"?",
            _ => token.text,
        };
        if blank && !shape.is_empty() {
            shape.push(b' ');
        }
        blank = false;
        shape.extend_from_slice(text);
        if shape.len() > SHAPE_LENGTH_MAX {
            return cut(&shape);
        }
    }
    cut(&shape)
}

fn cut(shape: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(shape).into_owned();
    if text.len() > SHAPE_LENGTH_MAX {
        text.truncate(text.floor_char_boundary(SHAPE_LENGTH_MAX - CUT_MARK.len()));
        text.push_str(CUT_MARK);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sql: &str) -> String {
        statement_shape(sql.as_bytes(), Strings::Standard)
    }

    #[test]
    fn literals_are_replaced_and_names_are_kept() {
        assert_eq!(
            shape("INSERT INTO \"Order\" (a1, b)\n VALUES (17, 'secret'), ($1, E'x\\'y')"),
            "INSERT INTO \"Order\" (a1, b) VALUES (?, ?), ($1, ?)"
        );
        assert_eq!(shape("select $$a secret$$, $x$b$x$, x'ff', 1.5e3"), "select ?, ?, ?, ?");
    }

    #[test]
    fn comments_and_blanks_are_folded() {
        assert_eq!(shape("  select /* why */ 1 -- because\n\t from t "), "select ? from t");
    }

    #[test]
    fn a_backslash_hides_a_quote_only_where_the_server_says_so() {
        let sql = br"select 'it\'s secret' from t";
        assert_eq!(statement_shape(sql, Strings::Escaping), "select ? from t");
    }

    #[test]
    fn a_cut_literal_is_a_literal() {
        for sql in
            ["select 'secr", "select $$secr", "select $tag$secr", "select $sec", "select E'a\\"]
        {
            assert_eq!(shape(sql), "select ?");
        }
    }

    #[test]
    fn a_long_statement_is_cut_and_says_so() {
        let shape = shape(&format!("select {}", "columnä, ".repeat(1_000)));
        assert!(shape.len() <= SHAPE_LENGTH_MAX);
        assert!(shape.ends_with(CUT_MARK));
    }

    #[test]
    fn bytes_that_are_no_text_do_not_matter() {
        assert_eq!(
            statement_shape(b"select \xff\xfe", Strings::Standard),
            "select \u{fffd}\u{fffd}"
        );
    }
}
