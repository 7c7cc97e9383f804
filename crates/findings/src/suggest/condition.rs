//! A condition as a person would write it.
//!
//! In: a condition as the server prints it, with a cast on nearly every word and parentheses
//! around nearly every term. Out: the same with the casts and the idle parentheses taken out.
//!
//! **Invariant:** the result is for reading: it is put into comments and searched for simple
//! shapes, and never executed.

/// The condition without casts and without parentheses around a single word or the whole.
pub(super) fn readable(condition: &str) -> String {
    let text = without_idle_parentheses(&without_casts(condition));
    without_parentheses(&text).to_owned()
}

/// The server puts a condition in parentheses, at times in two pairs.
fn without_parentheses(mut condition: &str) -> &str {
    while let Some(inner) = condition.strip_prefix('(').and_then(|c| c.strip_suffix(')')) {
        let mut depth = 0_i32;
        let balanced = inner.chars().all(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth >= 0
        });
        if !balanced || depth != 0 {
            break;
        }
        condition = inner;
    }
    condition
}

/// Takes `::type` out.
fn without_casts(condition: &str) -> String {
    outside_quotes(condition, |rest, _| {
        rest.starts_with("::").then(|| (2 + type_length(&rest[2..]), String::new()))
    })
}

/// Takes parentheses away that hold one word and call no function.
fn without_idle_parentheses(condition: &str) -> String {
    outside_quotes(condition, |rest, before| {
        let inner = rest.strip_prefix('(')?;
        let end = inner.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        let calls = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '"'));
        let idle = end > 0 && !calls && inner[end..].starts_with(')');
        idle.then(|| (end + 2, inner[..end].to_owned()))
    })
}

/// Copies the condition. Outside of literals and quoted names, `replace` sees what is to come and
/// what was copied, and may put something else in the place of so many bytes.
fn outside_quotes(
    condition: &str,
    replace: impl Fn(&str, &str) -> Option<(usize, String)>,
) -> String {
    let mut copied = String::with_capacity(condition.len());
    let mut rest = condition;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        let replaced = if quote.is_none() { replace(rest, &copied) } else { None };
        if let Some((length, text)) = replaced {
            copied.push_str(&text);
            rest = &rest[length..];
            continue;
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        copied.push(c);
        rest = &rest[c.len_utf8()..];
    }
    copied
}

/// Bytes of `prefix` if `text` begins with it, else none.
fn prefix_length(text: &str, prefix: &str) -> usize {
    if text.starts_with(prefix) { prefix.len() } else { 0 }
}

/// Bytes of the type's name at the beginning of `text`.
fn type_length(text: &str) -> usize {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '$');
    let mut length = text.find(|c| !word(c)).unwrap_or(text.len());
    let second_words = [" varying", " precision"];
    length += second_words.map(|more| prefix_length(&text[length..], more)).iter().sum::<usize>();
    if text[length..].starts_with('(') {
        length += text[length..].find(')').map_or(0, |end| end + 1);
    }
    let zones = [" with time zone", " without time zone"];
    length += zones.map(|more| prefix_length(&text[length..], more)).iter().sum::<usize>();
    while text[length..].starts_with("[]") {
        length += 2;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn casts_and_idle_parentheses_go() {
        for (printed, read) in [
            ("(amount > 0)", "amount > 0"),
            ("((amount)::bigint > 0)", "amount > 0"),
            (
                "(((kind)::text = 'rounding'::text) OR ((amount)::bigint < 0))",
                "(kind = 'rounding') OR (amount < 0)",
            ),
            ("((a > 0) AND (b > 0))", "(a > 0) AND (b > 0)"),
            ("(char_length(email) >= 3)", "char_length(email) >= 3"),
            ("(note <> 'a (x) b'::text)", "note <> 'a (x) b'"),
            ("(code ~ '^[A-Z(x)]::text$'::text)", "code ~ '^[A-Z(x)]::text$'"),
            (
                "(n = ANY (ARRAY['a'::character varying(3), 'b'::text]))",
                "n = ANY (ARRAY['a', 'b'])",
            ),
            ("(at > '2026-01-01'::timestamp(3) with time zone)", "at > '2026-01-01'"),
        ] {
            assert_eq!(readable(printed), read);
        }
    }
}
