//! An error with its causes, for a reader.
//!
//! **Invariant**: adds nothing to what the errors say.

use std::error::Error;

/// `error` on its first line, then each cause on a line of its own.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  caused by: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer thing")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn each_cause_has_its_line() {
        let error = Outer(std::io::Error::other("the inner thing"));
        assert_eq!(describe(&error), "the outer thing\n  caused by: the inner thing");
    }
}
