//! A finished run, put so that a check can ask it.
//!
//! In: a trace (for catalogs and migrations) and its coverage. Out: per database, its promises
//! with what was tried of them and where they are declared. Main type: [`Finished`].
//!
//! **Invariant:** a promise of the coverage is a subject exactly once. What only repeats a primary
//! key is none.

use std::collections::HashMap;

use proofmark_catalog::source::{Migration, Sources};
use proofmark_catalog::{Catalog, Promise as Declared, PromiseId};
use proofmark_coverage as coverage;
use proofmark_coverage::{Coverage, DatabaseCoverage, PromiseCoverage, WhyLeftOut};
use proofmark_trace::{Run, Trace};

use crate::subject::name;
use crate::suggest::Suggester;
use crate::{Finding, State, Subject, Tried, checks};

/// A finished run with what was tried in it.
#[derive(Debug)]
pub struct Finished<'a> {
    /// What happened.
    pub trace: &'a Trace,
    /// What was tried.
    pub coverage: &'a Coverage,
    /// The databases whose schema is known, by name.
    pub databases: Vec<Database<'a>>,
}

/// One database of a finished run.
#[derive(Debug)]
pub struct Database<'a> {
    /// The name a test asks for.
    pub name: &'a str,
    /// Its tables and promises.
    pub catalog: &'a Catalog,
    /// The migrations of its template; every run has the same.
    pub migrations: &'a [Migration],
    /// What was tried of it.
    pub covered: &'a DatabaseCoverage,
    /// Its promises with what was tried of them.
    pub subjects: Vec<Subject<'a>>,
    pub(crate) suggester: Suggester<'a>,
}

impl<'a> Finished<'a> {
    /// The run of a trace, or the runs of a merged one as one.
    pub fn of(trace: &'a Trace, coverage: &'a Coverage) -> Self {
        let catalogs: HashMap<&str, &Catalog> = trace.catalogs().into_iter().collect();
        let databases = coverage.databases.iter().filter_map(|covered| {
            let catalog = *catalogs.get(covered.database.as_str())?;
            let migrations = migrations(trace, &covered.database);
            Some(Database {
                name: &covered.database,
                catalog,
                migrations,
                covered,
                subjects: subjects(covered, catalog, &Sources::read(migrations)),
                suggester: Suggester::new(catalog),
            })
        });
        Self { trace, coverage, databases: databases.collect() }
    }

    /// What all checks report, the worst first.
    pub fn findings(&self) -> Vec<Finding> {
        checks::run(self)
    }
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
