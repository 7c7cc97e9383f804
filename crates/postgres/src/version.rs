//! The version of a PostgreSQL server, read from what `postgres --version` prints.
//!
//! In: a line of text. Out: a [`Version`], ordered, so that the newest can be chosen.
//!
//! **Invariant:** knows nothing about what a version can do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A PostgreSQL version such as 17.4; a beta or development build has minor version 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The major version: 14, 15, 16, ...
    pub major: u16,
    /// The minor version, 0 for betas and release candidates.
    pub minor: u16,
}

impl Version {
    /// The version in the output of `postgres --version`, for example
    /// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub fn parse(output: &str) -> Option<Version> {
        let (_, after) = output.split_once("(PostgreSQL) ")?;
        let word = after.split_whitespace().next()?;
        let digits = |text: &str| {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()
        };
        let major = digits(word)?;
        let minor = word.split_once('.').and_then(|(_, minor)| digits(minor)).unwrap_or(0);
        Some(Version { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn every_spelling_of_a_version_is_read() {
        let parse = |text| Version::parse(text).map(|version| version.to_string());
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse(debian), Some("15.18".into()));
        assert_eq!(parse("postgres (PostgreSQL) 18.4"), Some("18.4".into()));
        assert_eq!(parse("postgres (PostgreSQL) 19beta2"), Some("19.0".into()));
        assert_eq!(parse("postgres (PostgreSQL) 19devel"), Some("19.0".into()));
        assert_eq!(parse("mysqld  Ver 8.0.36"), None);
        assert_eq!(parse("postgres (PostgreSQL) unknown"), None);
    }
}
