//! The words by which promises are counted.
//!
//! In: the coverage's groups, states and tallies. Out: [`Kind`], [`State`] and [`Tried`], with
//! their JSON Schema.
//!
//! **Invariant:** every group of the coverage has one kind, and the order of the kinds is the
//! order of a report.

use proofmark_coverage as coverage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kinds a report counts by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A condition over a row.
    Check,
    /// A UNIQUE constraint or unique index.
    Unique,
    /// A primary key.
    PrimaryKey,
    /// A foreign key.
    ForeignKey,
    /// An EXCLUDE constraint.
    Exclude,
    /// A domain's CHECK or NOT NULL.
    Domain,
    /// A constraint trigger.
    ConstraintTrigger,
    /// A column's NOT NULL. Counted apart: there are many, and each is a small promise.
    NotNull,
    /// The labels of an enum. Counted apart: the server does not name the enum when it refuses.
    Enum,
}

/// What was tried of a promise.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Refused and accepted, each at least once.
    Covered,
    /// Refused, but never accepted.
    NeverAccepted,
    /// Accepted, but never refused.
    NeverRefused,
    /// Broken, but another promise refused first; never refused by its own name.
    Masked,
    /// Neither refused nor accepted.
    NeverTried,
    /// Declared NOT ENFORCED: it can refuse nothing.
    NotEnforced,
    /// The server does not say by name when it refuses; only acceptance is known.
    Unattributable,
}

/// How often, and by which tests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Refusals or rows.
    pub times: u64,
    /// Tests (or workers) that did it.
    pub tests: u64,
    /// The first of them, at most ten.
    pub first: Vec<String>,
}

impl Kind {
    /// All kinds, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::Check,
        Self::Unique,
        Self::PrimaryKey,
        Self::ForeignKey,
        Self::Exclude,
        Self::Domain,
        Self::ConstraintTrigger,
        Self::NotNull,
        Self::Enum,
    ];

    /// The kind as SQL spells it, at most 12 characters.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Check => "CHECK",
            Self::Unique => "UNIQUE",
            Self::PrimaryKey => "PRIMARY KEY",
            Self::ForeignKey => "FOREIGN KEY",
            Self::Exclude => "EXCLUDE",
            Self::Domain => "DOMAIN",
            Self::ConstraintTrigger => "TRIGGER",
            Self::NotNull => "NOT NULL",
            Self::Enum => "ENUM",
        }
    }

    /// Whether it counts in the one number of the summary; the others are counted apart.
    pub fn counts(self) -> bool {
        !matches!(self, Self::NotNull | Self::Enum)
    }
}

impl From<&coverage::Tried> for Tried {
    fn from(tried: &coverage::Tried) -> Self {
        Self {
            times: tried.times,
            tests: tried.tests.total,
            first: tried.tests.named.iter().map(|test| test.as_str().to_owned()).collect(),
        }
    }
}

impl From<coverage::Group> for Kind {
    fn from(group: coverage::Group) -> Self {
        use coverage::Group;
        match group {
            Group::Check => Self::Check,
            Group::Unique => Self::Unique,
            Group::PrimaryKey => Self::PrimaryKey,
            Group::ForeignKey => Self::ForeignKey,
            Group::Exclude => Self::Exclude,
            Group::Domain => Self::Domain,
            Group::ConstraintTrigger => Self::ConstraintTrigger,
            Group::NotNull => Self::NotNull,
            Group::Enum => Self::Enum,
        }
    }
}
