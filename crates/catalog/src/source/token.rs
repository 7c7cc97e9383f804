//! The tokens of SQL as PostgreSQL reads it, as far as they matter for finding something.
//!
//! In: text. Out: words, quoted identifiers, strings, signs, each with its byte range; comments
//! and white space are gone. Main type: [`Token`].
//!
//! The rules are those of `scan.l` with `standard_conforming_strings = on`.
//!
//! **Invariant**: every text has tokens. What is not closed reaches to the end.

use std::ops::Range;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Range<usize>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An unquoted identifier or a keyword.
    Word,
    /// `"..."`, also with `U&` before it.
    Quoted,
    /// `'...'`, `E'...'`, `$$...$$` and their kin.
    Text,
    /// A number or a parameter (`$1`).
    Number,
    /// Any other character, by itself.
    Sign(char),
}

impl Token {
    /// The name that an identifier means: folded to lower case, or what the quotes hold.
    pub(crate) fn identifier(&self, sql: &str) -> Option<String> {
        let text = &sql[self.span.clone()];
        match self.kind {
            TokenKind::Word => Some(text.to_lowercase()),
            TokenKind::Quoted => {
                let inner = text.trim_start_matches(['U', 'u', '&']).strip_prefix('"')?;
                Some(inner.strip_suffix('"').unwrap_or(inner).replace("\"\"", "\""))
            }
            _ => None,
        }
    }

    /// Whether it is this keyword (given in upper case).
    pub(crate) fn is(&self, sql: &str, keyword: &str) -> bool {
        self.kind == TokenKind::Word && sql[self.span.clone()].eq_ignore_ascii_case(keyword)
    }

    /// Whether it is this sign.
    pub(crate) fn is_sign(&self, sign: char) -> bool {
        self.kind == TokenKind::Sign(sign)
    }
}

/// All tokens of a text.
pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = blank(rest) {
            at += length;
            continue;
        }
        let (kind, length) = token(rest);
        tokens.push(Token { kind, span: at..at + length });
        at += length;
    }
    tokens
}

/// The length of the white space or comment at the start.
fn blank(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    if first.is_whitespace() || first == '\u{feff}' {
        return Some(first.len_utf8());
    }
    // pg_dump guards its output with these lines for psql; they are not SQL.
    let psql_guard = rest.starts_with("\\restrict ") || rest.starts_with("\\unrestrict ");
    if rest.starts_with("--") || psql_guard {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| nested_comment(rest))
}

fn nested_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn token(rest: &str) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    match bytes {
        [b'\'', ..] => (TokenKind::Text, quoted(rest, 0, b'\'', false)),
        [b'e' | b'E', b'\'', ..] => (TokenKind::Text, quoted(rest, 1, b'\'', true)),
        [b'b' | b'B' | b'x' | b'X' | b'n' | b'N', b'\'', ..] => {
            (TokenKind::Text, quoted(rest, 1, b'\'', false))
        }
        [b'u' | b'U', b'&', b'\'', ..] => (TokenKind::Text, quoted(rest, 2, b'\'', false)),
        [b'u' | b'U', b'&', b'"', ..] => (TokenKind::Quoted, quoted(rest, 2, b'"', false)),
        [b'"', ..] => (TokenKind::Quoted, quoted(rest, 0, b'"', false)),
        [b'$', ..] => dollar(rest),
        [first, ..] if first.is_ascii_digit() => (TokenKind::Number, number(rest)),
        _ => word_or_sign(rest),
    }
}

/// The length of a quoted token whose opening quote is at `open`. A doubled quote is inside, and
/// in an `E''` string whatever follows a backslash is.
fn quoted(rest: &str, open: usize, quote: u8, escapes: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = open + 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 2;
        } else if escapes && bytes[at] == b'\\' {
            at += 2;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// A dollar-quoted string, a parameter, or a lone dollar sign.
fn dollar(rest: &str) -> (TokenKind, usize) {
    let tag_length =
        rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len() - 1);
    let tag = &rest[1..=tag_length];
    let opened = rest[1 + tag_length..].starts_with('$');
    if opened && !tag.starts_with(|c: char| c.is_ascii_digit()) {
        let delimiter = &rest[..tag_length + 2];
        let body = &rest[delimiter.len()..];
        let closed = body.find(delimiter).map(|at| at + 2 * delimiter.len());
        return (TokenKind::Text, closed.unwrap_or(rest.len()));
    }
    let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
    if digits > 0 { (TokenKind::Number, 1 + digits) } else { (TokenKind::Sign('$'), 1) }
}

fn number(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len())
}

fn word_or_sign(rest: &str) -> (TokenKind, usize) {
    let first = rest.chars().next().expect("the text is not at its end");
    if !(first.is_alphabetic() || first == '_') {
        return (TokenKind::Sign(first), first.len_utf8());
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    (TokenKind::Word, end.unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::{TokenKind, tokens};

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).into_iter().map(|token| &sql[token.span]).collect()
    }

    #[test]
    fn strings_of_every_sort_are_one_token() {
        for text in
            ["'it''s;'", r"E'a\'b;'", "$$a;b$$", "$body$ $$;$$ $body$", "U&'d;'", "x'1F'", "''"]
        {
            assert_eq!(texts(text), [text]);
            assert_eq!(tokens(text)[0].kind, TokenKind::Text);
        }
    }

    #[test]
    fn a_backslash_ends_nothing_in_a_plain_string() {
        assert_eq!(texts(r"'a\' b"), [r"'a\'", "b"]);
    }

    #[test]
    fn comments_are_gone_and_block_comments_nest() {
        assert_eq!(texts("a /* x /* y */ ; */ b -- c;\nd"), ["a", "b", "d"]);
    }

    #[test]
    fn a_parameter_is_not_a_dollar_quote() {
        assert_eq!(texts("$1$2 a$b$"), ["$1", "$2", "a$b$"]);
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        for text in ["'a;b", "\"a;b", "$x$a;b", "/* a;b"] {
            assert!(texts(text).len() <= 1, "{text}");
        }
    }

    #[test]
    fn identifiers_fold_unless_quoted() {
        let sql = r#"Orders "Order ""x""""#;
        let names: Vec<_> = tokens(sql).iter().filter_map(|token| token.identifier(sql)).collect();
        assert_eq!(names, ["orders", "Order \"x\""]);
    }

    #[test]
    fn characters_of_several_bytes_are_not_cut() {
        assert_eq!(texts("größe '€;' €"), ["größe", "'€;'", "€"]);
    }
}
