//! The groups in which promises are counted.
//!
//! In: a promise's kind. Out: its group. Main type: [`Group`].
//!
//! **Invariant**: every kind is in exactly one group.

use proofmark_catalog::PromiseKind;
use serde::{Deserialize, Serialize};

/// Promises that are counted together.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Conditions over a row.
    Check,
    /// UNIQUE constraints and unique indexes.
    Unique,
    /// Primary keys.
    PrimaryKey,
    /// Foreign keys.
    ForeignKey,
    /// EXCLUDE constraints.
    Exclude,
    /// CHECKs and NOT NULLs of domains.
    Domain,
    /// Constraint triggers.
    ConstraintTrigger,
    /// NOT NULLs of columns, without those that a primary key implies.
    NotNull,
    /// Labels of enums. A refusal by them names nothing, so it is never known.
    Enum,
}

impl Group {
    /// All groups, in the order in which they are reported.
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

    /// The group of a kind.
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

    /// Whether the server says by name when a promise of this group refuses.
    pub fn is_named_in_errors(self) -> bool {
        self != Self::Enum
    }
}
