//! Names and numbers by which the proxy speaks of leases, sessions and tests.
//!
//! **Invariant**: numbers are unique within one run and mean nothing beyond it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name of a test, in bytes; a longer one is cut.
const TEST_NAME_LENGTH_MAX: usize = 1024;

/// One lease of a run.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LeaseId(pub u64);

/// One client connection of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub u64);

/// The test a lease was given to, as far as the proxy could tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TestName(String);

impl TestName {
    /// A name; control characters become blanks and at most 1 KiB is kept.
    pub fn new(name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        let name = &name[..name.floor_char_boundary(TEST_NAME_LENGTH_MAX)];
        Self(name.replace(char::is_control, " "))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "lease {}", self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "session {}", self.0)
    }
}

impl fmt::Display for TestName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
