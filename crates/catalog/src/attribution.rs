//! Attribution: which promise an error of the server names.
//!
//! In: the fields of one ErrorResponse. Out: the one promise they name, or the reason why they
//! name none. Main type: [`Attribution`].
//!
//! The message text is never read, because servers translate it; the SQLSTATE, the object fields
//! and the name of the C function that raised the error are not translated.
//!
//! **Invariant**: a promise is given only if the fields fit exactly one. What does not is said
//! to be unattributable, with the reason.

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::name::PromiseId;
use crate::promise::{Promise, PromiseKind, ReportedAs};

/// The fields of an ErrorResponse that say what refused (`C s t c d n R` of the protocol).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusalFields<'a> {
    /// The five characters of the error's class and kind.
    pub sqlstate: &'a str,
    /// `s`: schema of the table or domain.
    pub schema: Option<&'a str>,
    /// `t`: the table, which may be a partition.
    pub table: Option<&'a str>,
    /// `c`: the column.
    pub column: Option<&'a str>,
    /// `d`: the domain.
    pub datatype: Option<&'a str>,
    /// `n`: the constraint or index.
    pub constraint: Option<&'a str>,
    /// `R`: the function in the server's source that raised the error.
    pub routine: Option<&'a str>,
}

/// Which promise an error names.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Attribution {
    /// This one and no other.
    Promise(PromiseId),
    /// None, for this reason.
    Unattributable(Why),
}

/// Why an error names no promise.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Not about data: a syntax error, a missing table, a privilege, a deadlock.
    NotARefusal,
    /// A value could not be read or computed (class 22). It may have happened inside of a CHECK;
    /// the server does not say.
    ValueError,
    /// Too long, or out of the range of its type; the server does not say which column.
    TypeLimit,
    /// Not a label of an enum; the server does not say of which.
    EnumLabel,
    /// A partitioned table has no partition for the row.
    NoPartition,
    /// The row does not belong into the partition it was written to.
    WrongPartition,
    /// An empty range in a key WITHOUT OVERLAPS; the server does not say in which.
    EmptyRange,
    /// `WITH CHECK OPTION` of a view.
    ViewCheckOption,
    /// A row-level security policy.
    RowSecurity,
    /// A value for a column that the server computes or numbers.
    GeneratedAlways,
    /// Raised by a function or trigger that named no constraint.
    RaisedByFunction,
    /// A constraint is named that the migrated database does not have: the test made it itself,
    /// or a function named it wrongly.
    UnknownConstraint,
    /// More than one promise fits.
    Ambiguous,
    /// An integrity error without the fields that would name a promise.
    NoFields,
}

impl Why {
    /// The reason as a sentence fragment for a report.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotARefusal => "not an error about data",
            Self::ValueError => "a value could not be read or computed; the server names no column",
            Self::TypeLimit => "too long or out of range for its type; the server names no column",
            Self::EnumLabel => "not a label of an enum; the server does not say of which",
            Self::NoPartition => "no partition for the row",
            Self::WrongPartition => "the row does not belong into this partition",
            Self::EmptyRange => "an empty range in a key without overlaps",
            Self::ViewCheckOption => "the check option of a view",
            Self::RowSecurity => "a row-level security policy",
            Self::GeneratedAlways => "a value for a column that the server fills",
            Self::RaisedByFunction => "raised by a function that names no constraint",
            Self::UnknownConstraint => "names a constraint that the migrations do not declare",
            Self::Ambiguous => "fits more than one promise",
            Self::NoFields => "the server names no constraint",
        }
    }

    /// Whether the database refused something, by whatever it is. The opposite is an error of
    /// another sort (syntax, privileges, a conflict of transactions).
    pub fn is_refusal(self) -> bool {
        self != Self::NotARefusal
    }
}

pub(crate) fn attribute(catalog: &Catalog, refusal: &RefusalFields<'_>) -> Attribution {
    if raised_by_function(refusal) {
        return by_name(catalog, refusal);
    }
    match refusal.sqlstate {
        "23514" => check(catalog, refusal),
        "23502" => not_null(catalog, refusal),
        "23505" | "23503" | "23001" | "23P01" => constraint(catalog, refusal),
        other => Attribution::Unattributable(without_promise(other, refusal.routine)),
    }
}

/// `RAISE` of PL/pgSQL sets the fields that its author gives, and no others. In other languages
/// the routine differs; there a constraint's name on an error that the server itself never
/// names one on gives it away.
fn raised_by_function(refusal: &RefusalFields<'_>) -> bool {
    refusal.routine == Some("exec_stmt_raise")
        || (refusal.constraint.is_some() && !refusal.sqlstate.starts_with("23"))
}

fn by_name(catalog: &Catalog, refusal: &RefusalFields<'_>) -> Attribution {
    let Some(name) = refusal.constraint else {
        return Attribution::Unattributable(Why::RaisedByFunction);
    };
    let given = |field: Option<&str>, value: Option<&str>| field.is_none() || field == value;
    only(catalog, |_, reported| {
        reported.name.as_deref() == Some(name)
            && given(refusal.schema, Some(&reported.schema))
            && given(refusal.table, reported.table.as_deref())
            && given(refusal.datatype, reported.datatype.as_deref())
    })
}

fn check(catalog: &Catalog, refusal: &RefusalFields<'_>) -> Attribution {
    if refusal.constraint.is_some() {
        return constraint(catalog, refusal);
    }
    Attribution::Unattributable(match refusal.routine {
        Some("ExecFindPartition") => Why::NoPartition,
        Some("ExecPartitionCheckEmitError") => Why::WrongPartition,
        Some("ExecWithoutOverlapsNotEmpty") => Why::EmptyRange,
        _ => Why::NoFields,
    })
}

fn not_null(catalog: &Catalog, refusal: &RefusalFields<'_>) -> Attribution {
    let named = refusal.schema.is_some()
        && ((refusal.table.is_some() && refusal.column.is_some()) || refusal.datatype.is_some());
    if !named {
        return Attribution::Unattributable(Why::NoFields);
    }
    only(catalog, |promise, reported| {
        matches!(promise.kind, PromiseKind::NotNull { .. } | PromiseKind::DomainNotNull)
            && same_object(refusal, reported)
            && reported.column.as_deref() == refusal.column
    })
}

fn constraint(catalog: &Catalog, refusal: &RefusalFields<'_>) -> Attribution {
    let named = refusal.schema.is_some()
        && refusal.constraint.is_some()
        && (refusal.table.is_some() || refusal.datatype.is_some());
    if !named {
        return Attribution::Unattributable(Why::NoFields);
    }
    only(catalog, |promise, reported| {
        refuses_with(&promise.kind, refusal.sqlstate)
            && same_object(refusal, reported)
            && reported.name.as_deref() == refusal.constraint
    })
}

fn same_object(refusal: &RefusalFields<'_>, reported: &ReportedAs) -> bool {
    Some(reported.schema.as_str()) == refusal.schema
        && reported.table.as_deref() == refusal.table
        && reported.datatype.as_deref() == refusal.datatype
}

/// Which SQLSTATE the server's own code gives for a kind (`execMain.c`, `ri_triggers.c`,
/// `execIndexing.c`; RESTRICT has its own, 23001, from 18).
fn refuses_with(kind: &PromiseKind, sqlstate: &str) -> bool {
    match kind {
        PromiseKind::Check | PromiseKind::DomainCheck => sqlstate == "23514",
        PromiseKind::NotNull { .. } | PromiseKind::DomainNotNull => sqlstate == "23502",
        PromiseKind::PrimaryKey { without_overlaps } => {
            sqlstate == if *without_overlaps { "23P01" } else { "23505" }
        }
        PromiseKind::Unique(unique) => {
            sqlstate == if unique.without_overlaps { "23P01" } else { "23505" }
        }
        PromiseKind::ForeignKey(_) => matches!(sqlstate, "23503" | "23001"),
        PromiseKind::Exclude => sqlstate == "23P01",
        PromiseKind::Enum | PromiseKind::ConstraintTrigger => false,
    }
}

fn without_promise(sqlstate: &str, routine: Option<&str>) -> Why {
    match (sqlstate, routine) {
        ("44000", _) => Why::ViewCheckOption,
        ("42501", Some("ExecWithCheckOptions")) => Why::RowSecurity,
        ("22P02", Some("enum_in")) | ("22P03", Some("enum_recv")) => Why::EnumLabel,
        ("22001" | "22003", _) => Why::TypeLimit,
        ("428C9", _) => Why::GeneratedAlways,
        _ if sqlstate.starts_with("22") => Why::ValueError,
        _ if sqlstate.starts_with("23") => Why::NoFields,
        _ => Why::NotARefusal,
    }
}

/// The promise of which at least one report fits, if it is the only one.
fn only(catalog: &Catalog, fits: impl Fn(&Promise, &ReportedAs) -> bool) -> Attribution {
    let mut fitting = catalog
        .promises
        .iter()
        .filter(|promise| promise.reported_as.iter().any(|reported| fits(promise, reported)));
    match (fitting.next(), fitting.next()) {
        (Some(promise), None) => Attribution::Promise(promise.id.clone()),
        (None, _) => Attribution::Unattributable(Why::UnknownConstraint),
        (Some(_), Some(_)) => Attribution::Unattributable(Why::Ambiguous),
    }
}
