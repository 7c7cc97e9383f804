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

use std::collections::HashMap;

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

/// The name in a report, or without one its column.
type Named<'a> = (Option<&'a str>, Option<&'a str>);

/// Answers which promise an error names, for many errors of one catalog.
///
/// To be preferred over [`Catalog::attribute`] where there is more than one error: it looks a name
/// up instead of going through all promises.
#[derive(Debug)]
pub struct Attributor<'a> {
    /// Every way in which a promise is reported, by the name in it; what has none by its column.
    reports: HashMap<Named<'a>, Vec<(&'a Promise, &'a ReportedAs)>>,
}

impl<'a> Attributor<'a> {
    /// For the promises of `catalog`.
    pub fn new(catalog: &'a Catalog) -> Self {
        let mut reports: HashMap<_, Vec<_>> = HashMap::new();
        for promise in &catalog.promises {
            for reported in &promise.reported_as {
                let column = reported.name.is_none().then_some(reported.column.as_deref());
                let key = (reported.name.as_deref(), column.flatten());
                reports.entry(key).or_default().push((promise, reported));
            }
        }
        Self { reports }
    }

    /// The one promise that these error fields name, or why there is none.
    pub fn attribute(&self, refusal: &RefusalFields<'_>) -> Result<&'a Promise, Why> {
        if raised_by_function(refusal) {
            return self.by_name(refusal);
        }
        match refusal.sqlstate {
            "23514" => self.check(refusal),
            "23502" => self.not_null(refusal),
            "23505" | "23503" | "23001" | "23P01" => self.constraint(refusal),
            other => Err(without_promise(other, refusal.routine)),
        }
    }

    fn by_name(&self, refusal: &RefusalFields<'_>) -> Result<&'a Promise, Why> {
        if refusal.constraint.is_none() {
            return Err(Why::RaisedByFunction);
        }
        let given = |field: Option<&str>, value: Option<&str>| field.is_none() || field == value;
        self.only((refusal.constraint, None), |_, reported| {
            given(refusal.schema, Some(&reported.schema))
                && given(refusal.table, reported.table.as_deref())
                && given(refusal.datatype, reported.datatype.as_deref())
        })
    }

    fn check(&self, refusal: &RefusalFields<'_>) -> Result<&'a Promise, Why> {
        if refusal.constraint.is_some() {
            return self.constraint(refusal);
        }
        Err(match refusal.routine {
            Some("ExecFindPartition") => Why::NoPartition,
            Some("ExecPartitionCheckEmitError") => Why::WrongPartition,
            Some("ExecWithoutOverlapsNotEmpty") => Why::EmptyRange,
            _ => Why::NoFields,
        })
    }

    fn not_null(&self, refusal: &RefusalFields<'_>) -> Result<&'a Promise, Why> {
        let named = refusal.schema.is_some()
            && ((refusal.table.is_some() && refusal.column.is_some())
                || refusal.datatype.is_some());
        if !named {
            return Err(Why::NoFields);
        }
        self.only((None, refusal.column), |promise, reported| {
            matches!(promise.kind, PromiseKind::NotNull { .. } | PromiseKind::DomainNotNull)
                && same_object(refusal, reported)
        })
    }

    fn constraint(&self, refusal: &RefusalFields<'_>) -> Result<&'a Promise, Why> {
        let named = refusal.schema.is_some()
            && refusal.constraint.is_some()
            && (refusal.table.is_some() || refusal.datatype.is_some());
        if !named {
            return Err(Why::NoFields);
        }
        self.only((refusal.constraint, None), |promise, reported| {
            refuses_with(&promise.kind, refusal.sqlstate) && same_object(refusal, reported)
        })
    }

    /// The promise of which at least one report under `key` fits, if it is the only one.
    fn only(
        &self,
        key: (Option<&str>, Option<&str>),
        fits: impl Fn(&Promise, &ReportedAs) -> bool,
    ) -> Result<&'a Promise, Why> {
        let reports = self.reports.get(&key).map_or(&[][..], Vec::as_slice);
        let mut fitting = reports.iter().filter(|(promise, reported)| fits(promise, reported));
        let Some((first, _)) = fitting.next() else { return Err(Why::UnknownConstraint) };
        if fitting.any(|(promise, _)| promise.id != first.id) {
            return Err(Why::Ambiguous);
        }
        Ok(first)
    }
}

pub(crate) fn attribute(catalog: &Catalog, refusal: &RefusalFields<'_>) -> Attribution {
    match Attributor::new(catalog).attribute(refusal) {
        Ok(promise) => Attribution::Promise(promise.id.clone()),
        Err(why) => Attribution::Unattributable(why),
    }
}

/// `RAISE` of PL/pgSQL sets the fields that its author gives, and no others. In other languages
/// the routine differs; there a constraint's name on an error that the server itself never
/// names one on gives it away.
fn raised_by_function(refusal: &RefusalFields<'_>) -> bool {
    refusal.routine == Some("exec_stmt_raise")
        || (refusal.constraint.is_some() && !refusal.sqlstate.starts_with("23"))
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
