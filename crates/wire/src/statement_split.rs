//! Finds one statement in a text of several.
//!
//! In goes a text and a number, out comes that statement. Main function: [`nth_statement`].
//!
//! **Invariant**: a semicolon inside quotes, comments or parentheses, or between BEGIN ATOMIC and
//! its END, ends no statement.

use crate::lexer::{Strings, TokenKind, Tokens};

/// The statement behind which `completed` others have ended, without its semicolon; the whole
/// text when there are not so many.
pub fn nth_statement(sql: &[u8], completed: usize, strings: Strings) -> &[u8] {
    statements(sql, strings).nth(completed).unwrap_or(sql)
}

/// Every statement of a text; empty ones are left out, as the server answers nothing for them.
pub fn statements(sql: &[u8], strings: Strings) -> impl Iterator<Item = &[u8]> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (statement, behind, is_empty) = first(rest, strings);
            rest = behind;
            if !is_empty {
                return Some(statement);
            }
        }
        None
    })
}

/// The first statement, what is behind its semicolon, and whether there was nothing in it.
fn first(sql: &[u8], strings: Strings) -> (&[u8], &[u8], bool) {
    let (mut offset, mut depth, mut atomic, mut is_empty) = (0, 0_usize, 0_usize, true);
    let mut before: &[u8] = b"";
    for token in Tokens::new(sql, strings) {
        match (token.kind, token.text) {
            (TokenKind::Blank, _) => {
                offset += token.text.len();
                continue;
            }
            (TokenKind::Symbol, b";") if depth == 0 && atomic == 0 => {
                return (&sql[..offset], &sql[offset + 1..], is_empty);
            }
            (TokenKind::Symbol, b"(") => depth += 1,
            (TokenKind::Symbol, b")") => depth = depth.saturating_sub(1),
            (TokenKind::Word, word) if word.eq_ignore_ascii_case(b"atomic") => {
                atomic += usize::from(before.eq_ignore_ascii_case(b"begin"));
            }
            (TokenKind::Word, word) if atomic > 0 && word.eq_ignore_ascii_case(b"case") => {
                atomic += 1;
            }
            (TokenKind::Word, word) if atomic > 0 && word.eq_ignore_ascii_case(b"end") => {
                atomic -= 1;
            }
            _ => {}
        }
        is_empty = false;
        before = token.text;
        offset += token.text.len();
    }
    (sql, &[], is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nth(sql: &str, completed: usize) -> &str {
        let statement = nth_statement(sql.as_bytes(), completed, Strings::Standard);
        std::str::from_utf8(statement).expect("cut at ASCII").trim()
    }

    #[test]
    fn quotes_parentheses_and_comments_hide_a_semicolon() {
        let sql = "select ';'; /* ; */ create rule r as on insert to t do (select 1; select 2);;z";
        assert_eq!(nth(sql, 0), "select ';'");
        assert!(nth(sql, 1).ends_with("select 2)"));
        assert_eq!(nth(sql, 2), "z");
        assert_eq!(nth(sql, 3), sql);
    }

    #[test]
    fn an_atomic_body_is_one_statement() {
        let sql = "create function f() returns int begin atomic select 1; \
                   select case when true then 1 end; end; select 2";
        assert_eq!(nth(sql, 1), "select 2");
    }
}
