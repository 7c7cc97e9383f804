//! Which client a backend fits: one that would have opened the same.
//!
//! In go a startup message and a database, out comes a [`Fit`] to compare.
//!
//! **Invariant**: two startup messages fit each other only if they are equal in every byte but the
//! name of the test.

use proofmark_wire::startup::StartupMessage;

use crate::Granted;
use crate::frontend::{TEST_SETTING, without_test};

/// What a client asks for, apart from the name of its test.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) at: Granted,
    packet: Vec<u8>,
}

impl std::fmt::Debug for Fit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Fit").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Fit {
    /// The fit of a startup message as the server at `at` gets it. A replication connection fits
    /// nobody.
    pub(crate) fn new(at: &Granted, startup: &StartupMessage) -> Option<Self> {
        if startup.parameter("replication").is_some() {
            return None;
        }
        let mut startup = startup.clone();
        startup.set("database", at.database.as_bytes());
        if startup.parameter(TEST_SETTING).is_some() {
            startup.set(TEST_SETTING, b"?");
        }
        if let Some(options) = startup.parameter("options").map(without_test) {
            startup.set("options", &options);
        }
        let mut packet = Vec::with_capacity(256);
        startup.write(&mut packet);
        Some(Self { at: at.clone(), packet })
    }
}

#[cfg(test)]
mod tests {
    use proofmark_wire::startup::ProtocolVersion;

    use super::*;
    use crate::Upstream;

    fn fit(parameters: &[(&str, &str)]) -> Option<Fit> {
        let startup = StartupMessage::new(ProtocolVersion { major: 3, minor: 0 }, parameters);
        let address = Upstream::Socket { directory: "/tmp".into(), port: 1 };
        Fit::new(&Granted { address, database: "slot_1".to_owned() }, &startup)
    }

    #[test]
    fn the_name_of_the_test_does_not_matter() {
        let options = |options| fit(&[("user", "ann"), ("options", options)]);
        let named = options("-c proofmark.test=a -c search_path=x");
        assert_eq!(named, options("-cproofmark.test=b -c search_path=x"));
        assert_ne!(named, options("-c search_path=x"));
        assert_ne!(named, options("-c proofmark.test=a -c search_path=y"));
        let database = |name| fit(&[("user", "ann"), ("database", name)]);
        assert_eq!(database("shop~a"), database("shop~b"));
        let direct = |name| fit(&[("user", "ann"), ("proofmark.test", name)]);
        assert_eq!(direct("a"), direct("b"));
        assert_ne!(direct("a"), fit(&[("user", "ann")]));
    }

    #[test]
    fn everything_else_does() {
        let plain = fit(&[("user", "ann")]);
        assert_ne!(plain, fit(&[("user", "bob")]));
        assert_ne!(plain, fit(&[("user", "ann"), ("application_name", "x")]));
        assert_eq!(fit(&[("user", "ann"), ("replication", "database")]), None);
    }
}
