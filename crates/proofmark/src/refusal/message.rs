//! One refusal, whichever driver brought it.
//!
//! Main type: [`Refusal`].
//!
//! **Invariant**: a field that the server left out is none; nothing is read out of the message.

use std::error::Error;

use serde::Serialize;

/// An error of the server, with the fields by which it is known what refused.
///
/// From [`assert_refused!`](crate::assert_refused), [`Lease::saw`](crate::Lease::saw), or read out
/// of any error by [`Refusal::of`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Refusal {
    pub(super) severity: String,
    pub(super) sqlstate: String,
    pub(super) schema: Option<String>,
    pub(super) table: Option<String>,
    pub(super) column: Option<String>,
    pub(super) datatype: Option<String>,
    pub(super) constraint: Option<String>,
    pub(super) routine: Option<String>,
    pub(super) detail: Option<String>,
    /// Its shape, where it is known.
    pub(super) statement: Option<String>,
    /// Not told to anybody: it is for the person who reads the test.
    #[serde(skip)]
    pub(super) message: String,
}

impl Refusal {
    /// The refusal in an error of `tokio_postgres` or `sqlx`, or in one of its sources; none where
    /// no database said it.
    ///
    /// ```
    /// let error = std::io::Error::other("no database");
    /// assert_eq!(proofmark::Refusal::of(&error), None);
    /// ```
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(refusal) = super::read::of_one(error) {
                return Some(refusal);
            }
            next = error.source();
        }
        None
    }

    /// The name of the constraint, or of the index that stands for one.
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    /// The table that it is about.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The schema of the table or type.
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The column, where the server names one: for NOT NULL.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// The five characters of the condition: `23514`.
    pub fn sqlstate(&self) -> &str {
        &self.sqlstate
    }

    /// What the server said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What refused, as reports name it within its table: a constraint by its name, NOT NULL by
    /// `email:not-null`. None where the server named nothing.
    pub fn by(&self) -> Option<String> {
        let not_null = || {
            let refused = self.sqlstate == "23502";
            let column = self.column.as_ref().filter(|_| refused)?;
            Some(format!("{column}:not-null"))
        };
        self.constraint.clone().or_else(not_null)
    }

    /// Whether both are what the server said once: what only one of them may know (the statement)
    /// is left out.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let said = |one: &Self| (one.sqlstate.clone(), one.message.clone(), one.detail.clone());
        said(self) == said(other) && self.constraint == other.constraint
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.sqlstate)
    }
}
