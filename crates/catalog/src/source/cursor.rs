//! Reads the tokens of one statement from left to right.
//!
//! In: tokens. Out: keywords, names, groups in parentheses. Main type: [`Cursor`].
//!
//! **Invariant**: it only moves forward, and only over what it recognised.

use std::ops::Range;

use super::token::{Token, TokenKind};
use crate::name::TableName;

/// A place between the tokens of a statement.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    sql: &'a str,
    tokens: &'a [Token],
}

/// A name as it is written, perhaps without a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenName {
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

impl WrittenName {
    /// Whether it can mean this object. Without a schema it can mean the one in any schema.
    pub(super) fn may_mean(&self, object: &TableName) -> bool {
        self.name == object.name
            && self.schema.as_ref().is_none_or(|schema| *schema == object.schema)
    }

    /// Whether two names can mean the same object.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        self.name == other.name
            && (self.schema.is_none() || other.schema.is_none() || self.schema == other.schema)
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(sql: &'a str, tokens: &'a [Token]) -> Self {
        Self { sql, tokens }
    }

    /// Moves over these keywords, if all of them are next.
    pub(super) fn words(&mut self, keywords: &[&str]) -> bool {
        let next = self.see(keywords);
        if next {
            self.tokens = &self.tokens[keywords.len()..];
        }
        next
    }

    /// Whether these keywords are next.
    pub(super) fn see(&self, keywords: &[&str]) -> bool {
        self.tokens.len() >= keywords.len()
            && keywords.iter().zip(self.tokens).all(|(word, token)| token.is(self.sql, word))
    }

    /// Whether an opening parenthesis is next.
    pub(super) fn see_group(&self) -> bool {
        self.tokens.first().is_some_and(|token| token.is_sign('('))
    }

    /// Moves over everything before the keyword outside of parentheses, and over the keyword.
    pub(super) fn skip_past(&mut self, keyword: &str) -> bool {
        let found = outermost(self.tokens).find(|at| self.tokens[*at].is(self.sql, keyword));
        if let Some(at) = found {
            self.tokens = &self.tokens[at + 1..];
        }
        found.is_some()
    }

    /// Moves over everything before the next opening parenthesis.
    pub(super) fn skip_to_group(&mut self) -> bool {
        let found = self.tokens.iter().position(|token| token.is_sign('('));
        if let Some(at) = found {
            self.tokens = &self.tokens[at..];
        }
        found.is_some()
    }

    /// Moves over an identifier.
    pub(super) fn identifier(&mut self) -> Option<String> {
        let (first, rest) = self.tokens.split_first()?;
        let name = first.identifier(self.sql)?;
        self.tokens = rest;
        Some(name)
    }

    /// Moves over a name with or without a schema. A database before the schema is dropped.
    pub(super) fn name(&mut self) -> Option<WrittenName> {
        let mut name = WrittenName { schema: None, name: self.identifier()? };
        while self.tokens.first().is_some_and(|token| token.is_sign('.')) {
            self.tokens = &self.tokens[1..];
            name = WrittenName { schema: Some(name.name), name: self.identifier()? };
        }
        Some(name)
    }

    /// Moves over a group in parentheses and gives what is inside.
    pub(super) fn group(&mut self) -> Option<Cursor<'a>> {
        if !self.see_group() {
            return None;
        }
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate() {
            if token.is_sign('(') {
                depth += 1;
            } else if token.is_sign(')') {
                depth -= 1;
                if depth == 0 {
                    let inside = Cursor { sql: self.sql, tokens: &self.tokens[1..at] };
                    self.tokens = &self.tokens[at + 1..];
                    return Some(inside);
                }
            }
        }
        None
    }

    /// What is left, cut at the commas outside of parentheses.
    pub(super) fn items(&self) -> Vec<Cursor<'a>> {
        let commas: Vec<usize> =
            outermost(self.tokens).filter(|at| self.tokens[*at].is_sign(',')).collect();
        self.cut(&commas, 1)
    }

    /// What is left, cut before each place that the test accepts of the text, its tokens and
    /// the place.
    pub(super) fn cut_before(
        &self,
        begins: impl Fn(&str, &[Token], usize) -> bool,
    ) -> Vec<Cursor<'a>> {
        let places: Vec<usize> =
            outermost(self.tokens).filter(|at| begins(self.sql, self.tokens, *at)).collect();
        self.cut(&places, 0)
    }

    fn cut(&self, places: &[usize], width: usize) -> Vec<Cursor<'a>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for place in places.iter().copied().chain([self.tokens.len()]) {
            if place > start {
                pieces.push(Cursor { sql: self.sql, tokens: &self.tokens[start..place] });
            }
            start = place + width;
        }
        pieces
    }

    /// The bytes from the next token to the last.
    pub(super) fn span(&self) -> Range<usize> {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => first.span.start..last.span.end,
            _ => 0..0,
        }
    }

    /// Every identifier that is left, however deep.
    pub(super) fn identifiers(&self) -> Vec<String> {
        self.tokens
            .iter()
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
            .filter_map(|token| token.identifier(self.sql))
            .collect()
    }
}

/// The places of the tokens outside of parentheses and brackets.
fn outermost(tokens: &[Token]) -> impl Iterator<Item = usize> + '_ {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        match token.kind {
            TokenKind::Sign('(' | '[') => depth += 1,
            TokenKind::Sign(')' | ']') => depth = depth.saturating_sub(1),
            _ => return (depth == 0).then_some(at),
        }
        None
    })
}
