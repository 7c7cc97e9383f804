//! The clauses of a CHECK: the conditions that AND, OR and NOT connect.
//!
//! In: a condition as the server prints it. Out: its clauses, in the order in which they are
//! written, with the two sides of those that have a bound. Main function: [`clauses`].
//!
//! **Invariant**: what is not understood is one clause; a clause is a condition of its own, which
//! can be put into parentheses where it stands.

use std::ops::Range;

use crate::source::{Token, TokenKind, tokens};

/// One clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause<'a> {
    /// The clause as the server prints it.
    pub text: &'a str,
    /// Where it stands in the condition.
    pub span: Range<usize>,
    /// Both sides of a comparison by `<`, `<=`, `>` or `>=`: it is at its bound where they are
    /// equal.
    pub bound: Option<(&'a str, &'a str)>,
}

/// The clauses of a condition.
pub fn clauses(condition: &str) -> Vec<Clause<'_>> {
    let tokens = tokens(condition);
    let mut found = Vec::new();
    collect(condition, &tokens, &mut found);
    found
}

fn collect<'a>(condition: &'a str, tokens: &[Token], found: &mut Vec<Clause<'a>>) {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
    if first.is_sign('(') && closing(tokens) == Some(tokens.len() - 1) {
        return collect(condition, &tokens[1..tokens.len() - 1], found);
    }
    if first.is(condition, "NOT") && tokens.len() > 1 {
        return collect(condition, &tokens[1..], found);
    }
    for connective in ["OR", "AND"] {
        let parts = split(condition, tokens, connective);
        if parts.len() > 1 {
            for part in parts {
                collect(condition, part, found);
            }
            return;
        }
    }
    let span = first.span.start..last.span.end;
    let text = &condition[span.clone()];
    found.push(Clause { text, span, bound: bound(condition, tokens) });
}

/// The place of the parenthesis that closes the first token's.
fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate() {
        if token.is_sign('(') {
            depth += 1;
        } else if token.is_sign(')') {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(place);
            }
        }
    }
    None
}

/// The parts between words `connective` that stand in no parentheses, brackets or CASE.
fn split<'t>(condition: &str, tokens: &'t [Token], connective: &str) -> Vec<&'t [Token]> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (place, token) in tokens.iter().enumerate() {
        depth += nesting(condition, token);
        if depth == 0 && token.is(condition, connective) {
            parts.push(&tokens[start..place]);
            start = place + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts
}

fn nesting(condition: &str, token: &Token) -> i32 {
    if token.is_sign('(') || token.is_sign('[') || token.is(condition, "CASE") {
        1
    } else if token.is_sign(')') || token.is_sign(']') || token.is(condition, "END") {
        -1
    } else {
        0
    }
}

/// The two sides of the only operator outside of parentheses, if it is one of order.
fn bound<'a>(condition: &'a str, tokens: &[Token]) -> Option<(&'a str, &'a str)> {
    let is_operator = |token: &Token| "+-*/<>=~!@#%^&|`?".chars().any(|sign| token.is_sign(sign));
    let mut depth = 0;
    let mut operators = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        depth += nesting(condition, token);
        if depth == 0 && is_operator(token) {
            operators.push(place);
        }
        // `x IS NULL`, `x ~~ ANY (...)`, `x COLLATE ...`: no plain comparison.
        let plain = token.kind != TokenKind::Word
            || !["IS", "ANY", "ALL", "COLLATE", "OPERATOR", "AT", "CASE"]
                .iter()
                .any(|word| token.is(condition, word));
        if depth == 0 && !plain {
            return None;
        }
    }
    let (first, last) = (*operators.first()?, *operators.last()?);
    let sign = &condition[tokens[first].span.start..tokens[last].span.end];
    let is_order = matches!(sign, "<" | "<=" | ">" | ">=") && last - first < 2;
    let (left, right) = (tokens.get(..first)?, tokens.get(last + 1..)?);
    let text = |side: &[Token]| Some(&condition[side.first()?.span.start..side.last()?.span.end]);
    is_order.then(|| Some((text(left)?, text(right)?))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(condition: &str) -> Vec<String> {
        let show = |clause: Clause<'_>| match clause.bound {
            Some((left, right)) => format!("{} [{left} | {right}]", clause.text),
            None => clause.text.to_owned(),
        };
        clauses(condition).into_iter().map(show).collect()
    }

    #[test]
    fn conditions_between_connectives_are_clauses() {
        assert_eq!(shown("(price > 0)"), ["price > 0 [price | 0]"]);
        assert_eq!(
            shown("((refunded >= 0) AND (refunded <= captured))"),
            ["refunded >= 0 [refunded | 0]", "refunded <= captured [refunded | captured]"]
        );
        assert_eq!(
            shown("((a IS NULL) OR (NOT (b = ANY (ARRAY['x'::text, 'y AND z'::text]))))"),
            ["a IS NULL", "b = ANY (ARRAY['x'::text, 'y AND z'::text])"]
        );
    }

    #[test]
    fn what_stands_in_a_case_or_a_call_is_one_clause() {
        assert_eq!(shown("CASE WHEN (a AND b) THEN c ELSE d END").len(), 1);
        assert_eq!(
            shown("((length(a) < 5) AND f((b AND c)))"),
            ["length(a) < 5 [length(a) | 5]", "f((b AND c))"]
        );
    }

    #[test]
    fn only_an_order_has_a_bound() {
        assert_eq!(shown("(a <> b)"), ["a <> b"]);
        assert_eq!(shown("((a + b) <= (c * 2))"), ["(a + b) <= (c * 2) [(a + b) | (c * 2)]"]);
        assert_eq!(shown("(a <@ b)"), ["a <@ b"]);
        assert_eq!(shown("(a > '-1'::integer)"), ["a > '-1'::integer [a | '-1'::integer]"]);
    }
}
