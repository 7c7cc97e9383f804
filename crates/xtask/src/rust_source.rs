//! One Rust file, split into tokens by the compiler's own grammar (`proc-macro2`).
//!
//! In: a path and its text. Out: a [`RustSource`]: tokens with their lines, its functions and named
//! items, and which lines are tests. Comments and the insides of strings are not tokens, so a rule
//! about code cannot be misled by prose.
//!
//! **Invariant:** knows the shape of Rust and nothing of any rule.

use std::str::FromStr;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// A Rust source file.
#[derive(Debug)]
pub(crate) struct RustSource {
    /// From the root of the repository.
    pub(crate) path: String,
    pub(crate) text: String,
    tokens: Vec<TokenTree>,
    /// Why the text could not be split into tokens.
    pub(crate) unreadable: Option<String>,
    test_lines: Vec<(usize, usize)>,
}

/// A function with a body.
#[derive(Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// From `fn` to the closing brace; a string over several lines counts as one.
    pub(crate) lines: usize,
}

/// A name that the file gives to something.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    /// The keyword: `fn`, `struct`, `mod`, ...
    pub(crate) keyword: &'static str,
    pub(crate) name: String,
    pub(crate) line: usize,
}

const NAMING_KEYWORDS: [&str; 9] =
    ["struct", "enum", "trait", "type", "mod", "fn", "const", "static", "union"];

impl RustSource {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (tokens, unreadable) = match TokenStream::from_str(text) {
            Ok(stream) => (stream.into_iter().collect(), None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let mut test_lines = Vec::new();
        collect_tests(&tokens, &mut test_lines);
        Self { path: path.to_owned(), text: text.to_owned(), tokens, unreadable, test_lines }
    }

    /// Whether the whole file is a test, a benchmark or an example.
    pub(crate) fn is_test_file(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        let (file, folders) = parts.split_last().expect("a path has a last part");
        *file == "tests.rs" || folders.iter().any(|f| ["tests", "benches", "examples"].contains(f))
    }

    /// Whether `line` (from 1) is test code.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file()
            || self.test_lines.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    /// Lines up to the unit tests at the end of the file.
    pub(crate) fn production_lines(&self) -> usize {
        let all = self.text.lines().count();
        self.test_module_line().map_or(all, |line| line - 1)
    }

    /// The line of `#[cfg(test)]` before a `mod` at the top level.
    fn test_module_line(&self) -> Option<usize> {
        self.tokens.windows(3).find_map(|three| match three {
            [TokenTree::Punct(hash), TokenTree::Group(attribute), TokenTree::Ident(word)]
                if hash.as_char() == '#' && is_cfg_test(&attribute.stream()) && word == "mod" =>
            {
                Some(hash.span().start().line)
            }
            _ => None,
        })
    }

    /// Calls `look` with every run of sibling tokens: the file's own, then each group's.
    pub(crate) fn each_level<'a>(&'a self, look: &mut dyn FnMut(&[TokenTree])) {
        each_level(&self.tokens, look);
    }

    /// Every function with a body, also nested ones and methods.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        let strings = self.strings();
        self.each_level(&mut |tokens| {
            for (at, pair) in tokens.windows(2).enumerate() {
                if let [TokenTree::Ident(keyword), TokenTree::Ident(name)] = pair
                    && keyword == "fn"
                    && let Some(last) = last_line_of_body(&tokens[at + 2..])
                {
                    let line = keyword.span().start().line;
                    let inside =
                        |string: &&(usize, usize, String)| line <= string.0 && string.1 <= last;
                    let text: usize = strings.iter().filter(inside).map(|(a, b, _)| b - a).sum();
                    let lines = last - line + 1 - text;
                    found.push(Function { name: name.to_string(), line, lines });
                }
            }
        });
        found
    }

    /// Every name given by an item of the file.
    pub(crate) fn named(&self) -> Vec<Named> {
        let mut found = Vec::new();
        self.each_level(&mut |tokens| {
            for pair in tokens.windows(2) {
                if let [TokenTree::Ident(word), TokenTree::Ident(name)] = pair
                    && let Some(keyword) = NAMING_KEYWORDS.into_iter().find(|k| word == *k)
                    && !(name == "fn" || name == "mut" || name == "unsafe")
                {
                    let line = name.span().start().line;
                    found.push(Named { keyword, name: name.to_string(), line });
                }
            }
        });
        found
    }

    /// Every use of a macro, `name!`: the name and its line.
    pub(crate) fn macros_used(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        self.each_level(&mut |tokens| {
            for pair in tokens.windows(3) {
                if let [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(_)] = pair
                    && bang.as_char() == '!'
                {
                    found.push((name.to_string(), name.span().start().line));
                }
            }
        });
        found
    }

    /// Every method call: name, first literal argument (if the call is made with one), line.
    pub(crate) fn method_calls(&self) -> Vec<(String, Option<String>, usize)> {
        let mut found = Vec::new();
        self.each_level(&mut |tokens| {
            for three in tokens.windows(3) {
                if let [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(group)] =
                    three
                    && dot.as_char() == '.'
                    && group.delimiter() == Delimiter::Parenthesis
                {
                    let first = group.stream().into_iter().next();
                    let literal = match first {
                        Some(TokenTree::Literal(literal)) => Some(literal.to_string()),
                        _ => None,
                    };
                    found.push((name.to_string(), literal, name.span().start().line));
                }
            }
        });
        found
    }

    /// Every attribute that silences a lint without a reason: `allow` or `expect`, and its line.
    pub(crate) fn unreasoned_silences(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        self.each_level(&mut |tokens| {
            for (at, token) in tokens.iter().enumerate() {
                let TokenTree::Group(group) = token else { continue };
                let marked = at.checked_sub(1).and_then(|before| tokens.get(before));
                let is_attribute = group.delimiter() == Delimiter::Bracket
                    && matches!(marked, Some(TokenTree::Punct(p)) if "#!".contains(p.as_char()));
                if is_attribute {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    each_level(&inner, &mut |level| silences_at(level, &mut found));
                }
            }
        });
        found
    }

    /// Every string literal (not the doc comments, which the compiler also turns into literals):
    /// first line, last line, text with its quotes.
    pub(crate) fn strings(&self) -> Vec<(usize, usize, String)> {
        let mut found = Vec::new();
        self.each_level(&mut |tokens| {
            for token in tokens {
                let TokenTree::Literal(literal) = token else { continue };
                let text = literal.to_string();
                let quoted = text.trim_start_matches(['b', 'c', 'r', '#']).starts_with('"');
                let span = literal.span();
                if quoted && !self.is_comment_at(span.start().line, span.start().column) {
                    found.push((span.start().line, span.end().line, text));
                }
            }
        });
        found
    }

    fn is_comment_at(&self, line: usize, column: usize) -> bool {
        let text = self.text.lines().nth(line - 1).unwrap_or_default();
        text.chars().skip(column).take(2).eq("//".chars())
            || text.chars().skip(column).take(2).eq("/*".chars())
    }
}

fn each_level(tokens: &[TokenTree], look: &mut dyn FnMut(&[TokenTree])) {
    look(tokens);
    for token in tokens {
        if let TokenTree::Group(group) = token {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            each_level(&inner, look);
        }
    }
}

/// The last line of the first braced group, unless a `;` ends the item before it.
fn last_line_of_body(after_name: &[TokenTree]) -> Option<usize> {
    for token in after_name {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                return Some(group.span_close().end().line);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            _ => {}
        }
    }
    None
}

fn silences_at(level: &[TokenTree], found: &mut Vec<(String, usize)>) {
    for pair in level.windows(2) {
        if let [TokenTree::Ident(word), TokenTree::Group(lints)] = pair
            && (word == "allow" || word == "expect")
            && !lints.stream().into_iter().any(|t| is_word(&t, "reason"))
        {
            found.push((word.to_string(), word.span().start().line));
        }
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// `cfg(test)`, also inside `all(...)` and `any(...)`, but not `cfg(not(test))`.
fn is_cfg_test(attribute: &TokenStream) -> bool {
    let mut tokens = attribute.clone().into_iter();
    let is_cfg = tokens.next().is_some_and(|token| is_word(&token, "cfg"));
    let Some(TokenTree::Group(condition)) = tokens.next() else { return false };
    is_cfg && mentions_test(&condition.stream())
}

fn mentions_test(condition: &TokenStream) -> bool {
    let mut previous: Option<Ident> = None;
    for token in condition.clone() {
        match token {
            TokenTree::Ident(word) if word == "test" => return true,
            TokenTree::Ident(word) => previous = Some(word),
            TokenTree::Group(group) => {
                let negated = previous.as_ref().is_some_and(|word| word == "not");
                if !negated && mentions_test(&group.stream()) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// An attribute that makes the item after it test code: `#[test]`, `#[x::test]`, `#[cfg(test)]`.
fn marks_a_test(attribute: &TokenStream) -> bool {
    let path: Vec<String> = attribute
        .clone()
        .into_iter()
        .map_while(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == ':' => Some(":".to_owned()),
            _ => None,
        })
        .collect();
    path.last().is_some_and(|last| last == "test") || is_cfg_test(attribute)
}

/// Collects the first and last line of every item that an attribute marks as test code.
fn collect_tests(tokens: &[TokenTree], found: &mut Vec<(usize, usize)>) {
    let mut marked_from: Option<usize> = None;
    let mut previous_is_hash = false;
    for token in tokens {
        match token {
            TokenTree::Group(group)
                if previous_is_hash
                    && group.delimiter() == Delimiter::Bracket
                    && marks_a_test(&group.stream()) =>
            {
                marked_from.get_or_insert(group.span_open().start().line);
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                match marked_from.take() {
                    Some(first) => found.push((first, group.span_close().end().line)),
                    None => collect_tests(&group.stream().into_iter().collect::<Vec<_>>(), found),
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                if let Some(first) = marked_from.take() {
                    found.push((first, punct.span().end().line));
                }
            }
            _ => {}
        }
        previous_is_hash = matches!(token, TokenTree::Punct(p) if p.as_char() == '#');
    }
}

#[cfg(test)]
mod tests;
