//! Every promise of every database, and the gaps among them.
//!
//! In: a trace (for catalogs and migrations) and its coverage. Out: the listing, by owner, and
//! the gaps, the worst first.
//!
//! **Invariant:** a promise of the coverage is in the listing exactly once. What only repeats a
//! primary key is left out of both.

use std::cmp::Reverse;
use std::collections::HashMap;

use proofmark_catalog::source::{Migration, Sources};
use proofmark_catalog::{Catalog, Promise as Declared, PromiseId};
use proofmark_coverage as coverage;
use proofmark_coverage::{Coverage, DatabaseCoverage, PromiseCoverage, WhyLeftOut};
use proofmark_trace::{Run, Trace};

use super::subject::{Library, Subject, name, owner, rank};
use crate::suggest::Suggester;
use crate::{Gap, Kind, Owner, State, Tried};

pub(super) fn promises(trace: &Trace, coverage: &Coverage) -> (Vec<Owner>, Vec<Gap>) {
    let (mut listing, mut gaps) = (Vec::new(), Vec::new());
    let catalogs: HashMap<&str, &Catalog> = trace.catalogs().into_iter().collect();
    for covered in &coverage.databases {
        let Some(catalog) = catalogs.get(covered.database.as_str()) else { continue };
        let migrations = migrations(trace, &covered.database);
        let library = Library {
            database: &covered.database,
            migrations,
            suggester: &Suggester::new(catalog),
        };
        let subjects = subjects(covered, catalog, &Sources::read(migrations));
        listing.extend(by_owner(&subjects, &library));
        gaps.extend(subjects.iter().filter_map(|subject| {
            // Of equal gaps the one that most rows pass is the worst.
            Some((Reverse(subject.accepted.times), subject.gap(&library)?))
        }));
    }
    gaps.sort_by(|(a_rows, a), (b_rows, b)| {
        (rank(a), a_rows, &a.promise).cmp(&(rank(b), b_rows, &b.promise))
    });
    (listing, gaps.into_iter().map(|(_, gap)| gap).collect())
}

/// The migrations of a database's template; every run has the same.
fn migrations<'a>(trace: &'a Trace, database: &str) -> &'a [Migration] {
    let mut templates =
        trace.runs.iter().filter_map(Run::started).flat_map(|started| &started.databases);
    templates
        .find(|template| template.name == database)
        .map(|template| template.migrations.as_slice())
        .unwrap_or_default()
}

fn subjects<'a>(
    covered: &DatabaseCoverage,
    catalog: &'a Catalog,
    sources: &Sources<'_>,
) -> Vec<Subject<'a>> {
    let by_id: HashMap<&PromiseId, &Declared> =
        catalog.promises.iter().map(|promise| (&promise.id, promise)).collect();
    let tried = covered.promises.iter().filter_map(|covered| {
        let promise = *by_id.get(&covered.promise)?;
        Some(Subject {
            promise,
            place: sources.locate(promise),
            state: state(covered),
            refused: (&covered.refused).into(),
            accepted: (&covered.accepted).into(),
            masked: (&covered.masked).into(),
            masked_by: masked_by(covered, &by_id),
        })
    });
    let not_enforced = covered.left_out.iter().filter(|l| l.why == WhyLeftOut::NotEnforced);
    let not_enforced = not_enforced.filter_map(|left_out| {
        let promise = *by_id.get(&left_out.promise)?;
        Some(Subject {
            promise,
            place: sources.locate(promise),
            state: State::NotEnforced,
            refused: Tried::default(),
            accepted: Tried::default(),
            masked: Tried::default(),
            masked_by: Vec::new(),
        })
    });
    tried.chain(not_enforced).collect()
}

fn masked_by(covered: &PromiseCoverage, by_id: &HashMap<&PromiseId, &Declared>) -> Vec<String> {
    let names = covered.masked_by.iter();
    names.map(|id| by_id.get(id).map_or_else(|| id.to_string(), |by| name(by))).collect()
}

fn state(covered: &PromiseCoverage) -> State {
    match covered.state {
        coverage::State::RefusedAndAccepted => State::Covered,
        coverage::State::RefusedOnly => State::NeverAccepted,
        coverage::State::AcceptedOnly if !covered.group.is_named_in_errors() => {
            State::Unattributable
        }
        coverage::State::AcceptedOnly => State::NeverRefused,
        coverage::State::Masked => State::Masked,
        coverage::State::Never => State::NeverTried,
    }
}

fn by_owner(subjects: &[Subject<'_>], library: &Library<'_>) -> Vec<Owner> {
    let mut owners: HashMap<String, Owner> = HashMap::new();
    for subject in subjects {
        let name = owner(subject.promise);
        let owner = owners.entry(name.clone()).or_insert_with(|| Owner {
            database: library.database.to_owned(),
            name,
            promises: Vec::new(),
        });
        owner.promises.push(subject.listed());
    }
    let mut owners: Vec<Owner> = owners.into_values().collect();
    for owner in &mut owners {
        owner.promises.sort_by(|a, b| (a.kind, &a.name, &a.id).cmp(&(b.kind, &b.name, &b.id)));
    }
    owners.sort_by(|a, b| a.name.cmp(&b.name));
    owners
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
