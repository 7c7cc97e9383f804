//! Cuts SQL text into tokens, as far as it takes to tell a literal from the rest.
//!
//! In goes text (possibly cut anywhere), out come tokens that cover every byte of it. Main type:
//! [`Tokens`]. Rules: "Lexical Structure" in the PostgreSQL documentation, scan.l.
//!
//! **Invariant**: whatever lies inside quotes is never taken for anything else, also when the text
//! ends before the quote does.

/// How the server reads a backslash in an ordinary string (`standard_conforming_strings`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strings {
    /// As any other character: the default since PostgreSQL 9.1.
    #[default]
    Standard,
    /// As the beginning of an escape.
    Escaping,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// White space or a comment.
    Blank,
    /// A string, bit string or dollar-quoted string, prefix included.
    Literal,
    /// A number.
    Number,
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in quotes.
    QuotedWord,
    /// `$1`.
    Parameter,
    /// Any other single character.
    Symbol,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub text: &'a [u8],
}

/// The tokens of a text.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    rest: &'a [u8],
    strings: Strings,
}

impl<'a> Tokens<'a> {
    /// The tokens of `sql`.
    pub fn new(sql: &'a [u8], strings: Strings) -> Self {
        Self { rest: sql, strings }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let (kind, length) = token(self.rest, self.strings)?;
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(Token { kind, text })
    }
}

fn token(text: &[u8], strings: Strings) -> Option<(TokenKind, usize)> {
    if let Some(length) = blank(text) {
        return Some((TokenKind::Blank, length));
    }
    let second = text.get(1).copied().unwrap_or(0);
    Some(match *text.first()? {
        b'\'' => (TokenKind::Literal, string(text, strings == Strings::Escaping)),
        b'"' => (TokenKind::QuotedWord, quoted(text, b'"', false)),
        b'$' if second.is_ascii_digit() => {
            (TokenKind::Parameter, 1 + run(&text[1..], |byte| byte.is_ascii_digit()))
        }
        b'$' => match dollar_quoted(text) {
            Some(length) => (TokenKind::Literal, length),
            None => (TokenKind::Symbol, 1),
        },
        byte if byte.is_ascii_digit() || (byte == b'.' && second.is_ascii_digit()) => {
            (TokenKind::Number, number(text))
        }
        byte if is_word_start(byte) => word(text, strings),
        _ => (TokenKind::Symbol, 1),
    })
}

/// Length of the white space or comment at the beginning, if there is one.
fn blank(text: &[u8]) -> Option<usize> {
    match text {
        [byte, ..] if is_space(*byte) => Some(run(text, is_space)),
        [b'-', b'-', ..] => Some(run(text, |byte| !matches!(byte, b'\n' | b'\r'))),
        [b'/', b'*', ..] => Some(block_comment(text)),
        _ => None,
    }
}

/// A word, unless it is the prefix of a string (`E'..'`, `B'..'`, `X'..'`, `N'..'`, `U&'..'`) or
/// of a quoted identifier (`U&".."`).
fn word(text: &[u8], strings: Strings) -> (TokenKind, usize) {
    let escaping = strings == Strings::Escaping;
    let behind = |prefix: usize, escapes: bool| prefix + string(&text[prefix..], escapes);
    match text {
        [b'e' | b'E', b'\'', ..] => (TokenKind::Literal, behind(1, true)),
        [b'b' | b'B' | b'x' | b'X', b'\'', ..] => (TokenKind::Literal, behind(1, false)),
        [b'n' | b'N', b'\'', ..] => (TokenKind::Literal, behind(1, escaping)),
        [b'u' | b'U', b'&', b'\'', ..] => (TokenKind::Literal, behind(2, false)),
        [b'u' | b'U', b'&', b'"', ..] => {
            (TokenKind::QuotedWord, 2 + quoted(&text[2..], b'"', false))
        }
        _ => (TokenKind::Word, run(text, is_word)),
    }
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !belongs(*byte)).unwrap_or(text.len())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// Digits with everything that can follow them in a number; letters that may not are taken too,
/// so that no part of a value is left over.
fn number(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(byte) = text.get(length) {
        let is_range = *byte == b'.' && text.get(length + 1) == Some(&b'.');
        let is_sign = matches!(byte, b'+' | b'-')
            && matches!(text[length - 1], b'e' | b'E')
            && !text.starts_with(b"0x")
            && !text.starts_with(b"0X");
        if is_range || !(is_word(*byte) || *byte == b'.' || is_sign) {
            break;
        }
        length += 1;
    }
    length
}

/// A string with its continuations: strings behind blanks that hold a newline are one string, and
/// all of it is read as its beginning says.
fn string(text: &[u8], escapes: bool) -> usize {
    let mut length = quoted(text, b'\'', escapes);
    loop {
        let (mut blanks, mut newline) = (0, false);
        while let Some(length_more) = blank(&text[length + blanks..]) {
            let blank = &text[length + blanks..][..length_more];
            newline |= blank.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
            blanks += blank.len();
        }
        if !newline || text.get(length + blanks) != Some(&b'\'') {
            return length;
        }
        length += blanks + quoted(&text[length + blanks..], b'\'', escapes);
    }
}

/// From the opening quote to the closing one; a doubled quote stands for itself.
fn quoted(text: &[u8], quote: u8, escapes: bool) -> usize {
    let mut index = 1;
    while let Some(byte) = text.get(index) {
        if escapes && *byte == b'\\' {
            index += 2;
        } else if *byte != quote {
            index += 1;
        } else if text.get(index + 1) == Some(&quote) {
            index += 2;
        } else {
            return index + 1;
        }
    }
    text.len()
}

/// Block comments nest.
fn block_comment(text: &[u8]) -> usize {
    let (mut index, mut depth) = (2, 1);
    while depth > 0 && index < text.len() {
        match &text[index..] {
            [b'/', b'*', ..] => (index, depth) = (index + 2, depth + 1),
            [b'*', b'/', ..] => (index, depth) = (index + 2, depth - 1),
            _ => index += 1,
        }
    }
    index
}

/// `$tag$ ... $tag$`, or nothing when the dollar begins no quote. A tag that the text's end cuts
/// off is taken for a quote, so that nothing behind it could be shown.
fn dollar_quoted(text: &[u8]) -> Option<usize> {
    let tag = run(&text[1..], |byte| is_word(byte) && byte != b'$') + 1;
    match text.get(tag) {
        None => return Some(text.len()),
        Some(b'$') => {}
        Some(_) => return None,
    }
    let (delimiter, body) = text.split_at(tag + 1);
    let close = body.windows(delimiter.len()).position(|window| window == delimiter);
    Some(close.map_or(text.len(), |start| tag + 1 + start + delimiter.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Vec<(TokenKind, &str)> {
        Tokens::new(sql.as_bytes(), Strings::Standard)
            .filter(|token| token.kind != TokenKind::Blank)
            .map(|token| (token.kind, std::str::from_utf8(token.text).expect("cut at ASCII")))
            .collect()
    }

    #[test]
    fn a_quote_ends_only_at_its_own_end() {
        use TokenKind::{Literal, Symbol, Word};
        assert_eq!(
            kinds(r"E'a\'b''c' || 'it''s' x"),
            [
                (Literal, r"E'a\'b''c'"),
                (Symbol, "|"),
                (Symbol, "|"),
                (Literal, "'it''s'"),
                (Word, "x")
            ]
        );
        assert_eq!(kinds("$a$ $b$ '; $a$;"), [(Literal, "$a$ $b$ '; $a$"), (Symbol, ";")]);
        assert_eq!(kinds("'never closed; select"), [(Literal, "'never closed; select")]);
    }

    #[test]
    fn a_string_goes_on_behind_a_newline() {
        use TokenKind::{Literal, Word};
        assert_eq!(kinds("E'a'\n -- more\n 'b\\'c' d")[1..], [(Word, "d")]);
        assert_eq!(kinds("'a' 'b'"), [(Literal, "'a'"), (Literal, "'b'")]);
    }

    #[test]
    fn a_hundred_thousand_literals_are_read_one_by_one() {
        assert_eq!(kinds(&"'a' E'b'\t".repeat(50_000)).len(), 100_000);
    }

    #[test]
    fn a_dollar_in_a_word_or_before_a_digit_is_no_quote() {
        use TokenKind::{Parameter, Word};
        assert_eq!(kinds("a$b$c $1"), [(Word, "a$b$c"), (Parameter, "$1")]);
    }

    #[test]
    fn a_number_takes_everything_that_belongs_to_it() {
        use TokenKind::{Number, Symbol, Word};
        for number in ["1", "1.5", ".5", "1e10", "1.5e-3", "0xFF", "1_000", "12abc"] {
            assert_eq!(kinds(number), [(Number, number)]);
        }
        assert_eq!(kinds("t1-2"), [(Word, "t1"), (Symbol, "-"), (Number, "2")]);
    }

    #[test]
    fn comments_nest_and_hide_quotes() {
        assert_eq!(kinds("/* ' /* */ ' */ x -- '\ny").len(), 2);
    }
}
