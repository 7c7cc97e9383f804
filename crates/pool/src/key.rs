//! The address of a template: a hash of everything that went into it.
//!
//! In: the scripts as read, the command, the server's version. Out: a [`TemplateKey`].
//!
//! **Invariant**: the same key means the same template on the same server version, and nothing
//! that changes a template is left out of it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Raised when the way a template is built changes, so that older ones are not used.
const BUILD_FORMAT: &str = "proofmark-template-4";

/// Twelve bytes of SHA-256 in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateKey(String);

impl TemplateKey {
    /// Hashes `parts`; each is preceded by its length, so that no two lists collide.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in std::iter::once(BUILD_FORMAT.as_bytes()).chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut digits = String::with_capacity(24);
        for byte in hash.finalize().iter().take(12) {
            write!(digits, "{byte:02x}").expect("writing to a String cannot fail");
        }
        Self(digits)
    }

    /// The 24 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for names of databases.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl std::fmt::Display for TemplateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_from_one_part_to_the_next_changes_the_key() {
        let one = TemplateKey::of([b"ab".as_slice(), b"c"]);
        let other = TemplateKey::of([b"a".as_slice(), b"bc"]);
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 24);
    }
}
