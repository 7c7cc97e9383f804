//! A value that breaks a simple condition.
//!
//! In: one column and the condition of a CHECK as the server prints it. Out: a value, for the
//! few shapes that most conditions have: a comparison with a number or another column, a list.
//!
//! **Invariant:** it never claims more than it understands: for any other shape there is no value.

/// A value of `column` that breaks `condition`, if the condition is a comparison of that column
/// with a number, or a list of allowed texts.
pub(super) fn value(column: &str, condition: &str) -> Option<String> {
    if condition.starts_with(&format!("{column} = ANY (ARRAY[")) {
        return Some("'not in the list'".to_owned());
    }
    let (left, operator, right) = comparison(condition)?;
    if left != column {
        return None;
    }
    let bound: i64 = right.parse().ok()?;
    let broken = match operator {
        ">" | "<" | "<>" => Some(bound),
        ">=" => bound.checked_sub(1),
        "<=" | "=" => bound.checked_add(1),
        _ => None,
    };
    broken.map(|value| value.to_string())
}

/// Values of two columns that break a comparison of one with the other.
pub(super) fn pair(condition: &str) -> Option<[(String, String); 2]> {
    let (left, operator, right) = comparison(condition)?;
    let is_column = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !is_column(left) || !is_column(right) || left == right {
        return None;
    }
    let (l, r) = match operator {
        "<=" | "=" => ("2", "1"),
        "<" | ">" | "<>" => ("1", "1"),
        ">=" => ("1", "2"),
        _ => return None,
    };
    Some([(left.to_owned(), l.to_owned()), (right.to_owned(), r.to_owned())])
}

/// `left operator right`, where neither side holds another operator, function or cast.
fn comparison(condition: &str) -> Option<(&str, &str, &str)> {
    let mut words = condition.split(' ');
    let (left, operator, right) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    // A cast of a literal, as in `'-1'::integer`, is the server's spelling of a negative number.
    let right = right.trim_matches(|c| c == '(' || c == ')');
    let right = right.split("::").next().unwrap_or(right).trim_matches('\'');
    Some((left, operator, right))
}
