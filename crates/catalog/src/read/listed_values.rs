//! The values that a CHECK lists.
//!
//! In: a condition as the server prints it. Out: the list, if the condition is nothing else.
//! Main function: [`listed_values`].
//!
//! **Invariant**: a condition that says anything more or anything else has no list.

use crate::source::{Token, TokenKind, tokens};

/// The values of `(x = ANY (ARRAY['a'::text, 'b'::text]))`, which is how the server prints
/// `x IN ('a', 'b')`; `None` for any other condition and for a single value.
pub(super) fn listed_values(expression: &str, column: &str) -> Option<Vec<String>> {
    let tokens = essential(expression);
    let [name, equals, any, array, open, list @ .., close] = tokens.as_slice() else {
        return None;
    };
    let list_of_column = name.identifier(expression).as_deref() == Some(column)
        && equals.is_sign('=')
        && any.is(expression, "ANY")
        && array.is(expression, "ARRAY")
        && open.is_sign('[')
        && close.is_sign(']');
    if !list_of_column {
        return None;
    }
    let values = list
        .split(|token| token.is_sign(','))
        .map(|item| match item {
            [value] if value.kind == TokenKind::Text => {
                let text = expression[value.span.clone()].strip_prefix('\'')?.strip_suffix('\'')?;
                Some(text.replace("''", "'"))
            }
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    (values.len() > 1).then_some(values)
}

/// The tokens without parentheses and casts, neither of which changes what a list says.
fn essential(expression: &str) -> Vec<Token> {
    let mut essential = Vec::new();
    let mut tokens = tokens(expression).into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token.is_sign(':') && tokens.next_if(|next| next.is_sign(':')).is_some() {
            let of_type = |token: &Token| {
                matches!(token.kind, TokenKind::Word | TokenKind::Quoted) || token.is_sign('.')
            };
            while tokens.next_if(of_type).is_some() {}
            if tokens.next_if(|next| next.is_sign('[')).is_some() {
                tokens.next_if(|next| next.is_sign(']'));
            }
        } else if !token.is_sign('(') && !token.is_sign(')') {
            essential.push(token);
        }
    }
    essential
}

#[cfg(test)]
mod tests {
    use super::listed_values;

    fn values(expression: &str) -> Option<Vec<String>> {
        listed_values(expression, "state")
    }

    #[test]
    fn a_list_of_texts_is_a_list_of_states() {
        let expression = "(state = ANY (ARRAY['new'::text, 'it''s done'::text]))";
        assert_eq!(values(expression), Some(vec!["new".to_owned(), "it's done".to_owned()]));
    }

    #[test]
    fn a_list_of_varchars_is_a_list_of_states() {
        let expression = "((state)::text = ANY ((ARRAY['a'::character varying, \
                          'b'::character varying])::text[]))";
        assert_eq!(values(expression), Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn any_other_condition_is_not() {
        for expression in [
            "(n = ANY (ARRAY[1, 2]))",
            "((state = ANY (ARRAY['a'::text, 'b'::text])) AND (n > 0))",
            "(state <> ''::text)",
            "((n > 0) OR (state = ANY (ARRAY['a'::text, 'b'::text])))",
        ] {
            assert_eq!(values(expression), None, "{expression}");
        }
    }
}
