//! Addresses within the page.
//!
//! In: what an element is about. Out: its `id`, which is also the fragment of its URL.
//!
//! **Invariant:** an address holds only characters that need no escaping in an attribute or a URL,
//! and two things never share one.

use std::fmt::Write as _;

/// `kind:rest`, where every character with a meaning in a URL is spelled as `~` and its number.
pub(super) fn address(kind: &str, parts: &[&str]) -> String {
    let mut id = kind.to_owned();
    for part in parts {
        id.push(':');
        for c in part.chars() {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') {
                id.push(c);
            } else {
                let _ = write!(id, "~{:x}.", u32::from(c));
            }
        }
    }
    id
}

/// The address of a promise.
pub(super) fn of_promise(database: &str, id: &str) -> String {
    address("promise", &[database, id])
}

/// The address of a line of a migration.
pub(super) fn of_line(database: &str, path: &str, line: usize) -> String {
    address("line", &[database, path, &line.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_things_have_different_addresses() {
        assert_eq!(of_promise("shop", "public.a.b"), "promise:shop:public.a.b");
        assert_eq!(of_promise("a:b", "c"), "promise:a~3a.b:c");
        assert_ne!(of_promise("a", "b:c"), of_promise("a:b", "c"));
        assert_eq!(address("x", &["\"<> \u{202e}é"]), "x:~22.~3c.~3e.~20.~202e.~e9.");
    }
}
