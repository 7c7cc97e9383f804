//! The kinds by which promises are counted.
//!
//! In: what the catalog says of a promise. Out: its kind, with the words for it. Main type:
//! [`Kind`].
//!
//! **Invariant**: every promise is of exactly one kind, and the order of the kinds is the order of
//! a report.

use proofmark_catalog::PromiseKind;
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

    /// The kind of a promise.
    pub fn of(kind: &PromiseKind) -> Self {
        match kind {
            PromiseKind::Check => Self::Check,
            PromiseKind::NotNull { .. } => Self::NotNull,
            PromiseKind::PrimaryKey { .. } => Self::PrimaryKey,
            PromiseKind::Unique(_) => Self::Unique,
            PromiseKind::ForeignKey(_) => Self::ForeignKey,
            PromiseKind::Exclude => Self::Exclude,
            PromiseKind::DomainCheck | PromiseKind::DomainNotNull => Self::Domain,
            PromiseKind::Enum => Self::Enum,
            PromiseKind::ConstraintTrigger => Self::ConstraintTrigger,
        }
    }

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

    /// The kind as a key of the configuration spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Unique => "unique",
            Self::PrimaryKey => "primary-key",
            Self::ForeignKey => "foreign-key",
            Self::Exclude => "exclude",
            Self::Domain => "domain",
            Self::ConstraintTrigger => "constraint-trigger",
            Self::NotNull => "not-null",
            Self::Enum => "enum",
        }
    }

    /// Whether it counts in the one number of the summary; the others are counted apart.
    pub fn counts(self) -> bool {
        !matches!(self, Self::NotNull | Self::Enum)
    }

    /// Whether the server says by name when a promise of this kind refuses.
    pub fn is_named_in_errors(self) -> bool {
        self != Self::Enum
    }
}
