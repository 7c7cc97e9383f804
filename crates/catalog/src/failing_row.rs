//! The row that the server prints when a CHECK or a NOT NULL refuses it.
//!
//! In: the text behind "Failing row contains" and the table's columns. Out: one text per column,
//! or nothing where the text can be read in more than one way. Main function:
//! [`split_failing_row`].
//!
//! **Invariant**: a value is taken from the text only if no other reading of it exists, except
//! that a text value `null` cannot be told from NULL.

use crate::table::Column;

/// How the server marks a value that it cut short (`ExecBuildSlotValueDescription`, 64 bytes).
const CUT_SHORT: &str = "...";

/// What the server prints between two values.
const SEPARATOR: &str = ", ";

/// The values of `(1, null, open)`, one per column; `None` inside stands for NULL.
///
/// Gives `None` where the text has more than one reading: a value holds the separator itself, a
/// value was cut short, or the server left out columns that the user may not read. The lead-in
/// and the full stop of the message are allowed.
pub fn split_failing_row(text: &str, columns: &[Column]) -> Option<Vec<Option<String>>> {
    let text = text.strip_prefix("Failing row contains ").unwrap_or(text);
    let text = text.strip_suffix('.').unwrap_or(text);
    let values = text.strip_prefix('(')?.strip_suffix(')')?;
    let values: Vec<&str> = values.split(SEPARATOR).collect();
    let readable =
        values.len() == columns.len() && values.iter().all(|value| !value.ends_with(CUT_SHORT));
    readable.then(|| {
        values.into_iter().map(|value| (value != "null").then(|| value.to_owned())).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::split_failing_row;
    use crate::table::Column;

    fn columns(count: usize) -> Vec<Column> {
        (0..count)
            .map(|number| Column {
                name: format!("c{number}"),
                type_name: "text".to_owned(),
                not_null: false,
                generated: None,
                identity: None,
                default: None,
            })
            .collect()
    }

    fn split(text: &str, count: usize) -> Option<Vec<Option<String>>> {
        split_failing_row(text, &columns(count))
    }

    fn values(values: &[Option<&str>]) -> Vec<Option<String>> {
        values.iter().map(|value| value.map(str::to_owned)).collect()
    }

    #[test]
    fn each_column_gets_its_value() {
        assert_eq!(split("(1, null, open)", 3), Some(values(&[Some("1"), None, Some("open")])));
    }

    #[test]
    fn the_lead_in_and_the_full_stop_do_not_matter() {
        assert_eq!(split("Failing row contains (1, ).", 2), Some(values(&[Some("1"), Some("")])));
    }

    #[test]
    fn a_value_with_a_comma_makes_the_row_unreadable() {
        assert_eq!(split("(1, Smith, John)", 2), None);
    }

    #[test]
    fn a_value_that_was_cut_short_makes_the_row_unreadable() {
        assert_eq!(split("(1, aaaa...)", 2), None);
    }

    #[test]
    fn a_row_with_hidden_columns_is_unreadable() {
        assert_eq!(split("(id, state) = (1, open)", 2), None);
    }
}
