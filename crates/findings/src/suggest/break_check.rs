//! A value that breaks a simple condition.
//!
//! In: one column and the condition of a CHECK as the server prints it. Out: a value, for the
//! few shapes that most conditions have: a comparison with a number or another column, a list.
//!
//! **Invariant:** it never claims more than it understands: for any other shape there is no value.

/// A value of `column` that breaks `condition`, if the condition is, or begins with, a comparison
/// of that column or its length with a number, or a list of allowed values.
pub(super) fn value(column: &str, condition: &str) -> Option<String> {
    if condition.contains(" OR ") {
        return None;
    }
    // To break the first of several conditions that must all hold is enough.
    let first = condition.split(" AND ").next()?;
    let first =
        if first == condition { first } else { first.strip_prefix('(')?.strip_suffix(')')? };
    let lists = [format!("{column} = ANY (ARRAY["), format!("{column} = ANY ((ARRAY[")];
    if let Some(list) = lists.iter().find_map(|list| first.strip_prefix(list)) {
        let value = if list.starts_with('\'') { "'not in the list'" } else { "-1" };
        return Some(value.to_owned());
    }
    let (left, operator, right) = comparison(first)?;
    // The server writes a negative number as the literal `'-1'` with a cast, in parentheses.
    let bound: i64 = right.trim_matches(['(', ')', '\'']).parse().ok()?;
    let broken = match operator {
        ">" | "<" | "<>" => bound,
        ">=" => bound.checked_sub(1)?,
        "<=" | "=" => bound.checked_add(1)?,
        _ => return None,
    };
    if left == column {
        return Some(broken.to_string());
    }
    let lengths = [format!("char_length({column})"), format!("length({column})")];
    (lengths.iter().any(|length| length == left) && broken >= 0)
        .then(|| if broken == 0 { "''".to_owned() } else { format!("repeat('a', {broken})") })
}

/// Which of several values of its type, counted from 1 upwards, `column` must have to break a
/// comparison of two columns.
pub(super) fn place_in_pair(column: &str, condition: &str) -> Option<u32> {
    let (left, operator, right) = comparison(condition)?;
    let is_column = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !is_column(left) || !is_column(right) || left == right {
        return None;
    }
    let (of_left, of_right) = match operator {
        "<=" | "=" => (2, 1),
        "<" | ">" | "<>" => (1, 1),
        ">=" => (1, 2),
        _ => return None,
    };
    if column == left { Some(of_left) } else { (column == right).then_some(of_right) }
}

/// `left operator right`, where neither side holds another operator, function or cast.
fn comparison(condition: &str) -> Option<(&str, &str, &str)> {
    let mut words = condition.split(' ');
    let (left, operator, right) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    Some((left, operator, right))
}

#[cfg(test)]
mod tests {
    use super::{place_in_pair, value};

    #[test]
    fn a_simple_condition_is_broken_at_its_bound() {
        for (condition, broken) in [
            ("n > 0", Some("0")),
            ("n >= 1", Some("0")),
            ("n < 10", Some("10")),
            ("n <= -1", Some("0")),
            ("n <> 7", Some("7")),
            ("(n >= 0) AND (n < 10)", Some("-1")),
            ("char_length(n) <= 200", Some("repeat('a', 201)")),
            ("char_length(n) >= 1", Some("''")),
            ("char_length(n) >= 0", None),
            ("n = ANY (ARRAY['a', 'b'])", Some("'not in the list'")),
            ("n = ANY ((ARRAY['a', 'b']))", Some("'not in the list'")),
            ("n = ANY (ARRAY[0, 2])", Some("-1")),
            ("n > 0.5", None),
            ("m > 0", None),
            ("(n > 0) OR (m > 0)", None),
            ("n ~ '^a'", None),
            ("n < 9223372036854775807", Some("9223372036854775807")),
            ("n <= 9223372036854775807", None),
        ] {
            assert_eq!(value("n", condition).as_deref(), broken, "{condition}");
        }
    }

    #[test]
    fn a_comparison_of_two_columns_is_broken_by_their_order() {
        for (condition, places) in [
            ("a <= b", (Some(2), Some(1))),
            ("a >= b", (Some(1), Some(2))),
            ("a <> b", (Some(1), Some(1))),
            ("a <= a", (None, None)),
            ("a <= 'x'", (None, None)),
            ("(a + 1) <= b", (None, None)),
        ] {
            let found = (place_in_pair("a", condition), place_in_pair("b", condition));
            assert_eq!(found, places, "{condition}");
        }
    }
}
