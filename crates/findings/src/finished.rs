//! A finished run, put so that a check can ask it.
//!
//! In: a trace (for catalogs and migrations) and its coverage. Out: per database, its promises
//! with what was tried of them and where they are declared. Main type: [`Finished`].
//!
//! **Invariant:** a promise of the coverage is a subject exactly once. What only repeats a primary
//! key is none.

use std::collections::HashMap;

use proofmark_catalog::source::{Location, Migration, Sources};
use proofmark_catalog::{Catalog, Promise as Declared, PromiseId};
use proofmark_coverage as coverage;
use proofmark_coverage::{Coverage, DatabaseCoverage, PromiseCoverage, WhyLeftOut};
use proofmark_trace::{Run, Trace};

use crate::leases::{Lease, leases};
use crate::subject::name;
use crate::suggest::Suggester;
use crate::{Finding, Settings, State, Subject, Tried, checks};

/// A finished run with what was tried in it.
#[derive(Debug)]
pub struct Finished<'a> {
    /// What happened.
    pub trace: &'a Trace,
    /// What was tried.
    pub coverage: &'a Coverage,
    /// The databases whose schema is known, by name.
    pub databases: Vec<Database<'a>>,
    /// What the trace does not say.
    pub settings: Settings,
    pub(crate) leases: Vec<Lease<'a>>,
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
    places: HashMap<&'a PromiseId, usize>,
}

impl<'a> Finished<'a> {
    /// The run of a trace, or the runs of a merged one as one.
    pub fn of(trace: &'a Trace, coverage: &'a Coverage) -> Self {
        Self::with(trace, coverage, Settings::default())
    }

    /// The same, with what the trace does not say.
    pub fn with(trace: &'a Trace, coverage: &'a Coverage, settings: Settings) -> Self {
        let catalogs: HashMap<&str, &Catalog> = trace.catalogs().into_iter().collect();
        let databases = coverage.databases.iter().filter_map(|covered| {
            let catalog = *catalogs.get(covered.database.as_str())?;
            let migrations = migrations(trace, &covered.database);
            let subjects = subjects(covered, catalog, migrations);
            let places = subjects.iter().enumerate();
            Some(Database {
                places: places.map(|(place, one)| (&one.promise.id, place)).collect(),
                name: &covered.database,
                catalog,
                migrations,
                covered,
                subjects,
                suggester: Suggester::new(catalog),
            })
        });
        Self { trace, coverage, databases: databases.collect(), settings, leases: leases(trace) }
    }

    /// The database of this name.
    pub fn database(&self, name: &str) -> Option<&Database<'a>> {
        self.databases.iter().find(|database| database.name == name)
    }

    /// What all checks report, the worst first.
    pub fn findings(&self) -> Vec<Finding> {
        checks::run(self)
    }
}

impl<'a> Database<'a> {
    /// The promise with this address.
    pub fn subject(&self, id: &PromiseId) -> Option<&Subject<'a>> {
        self.places.get(id).map(|place| &self.subjects[*place])
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
    migrations: &[Migration],
) -> Vec<Subject<'a>> {
    let sources = Sources::read(migrations);
    let by_id: HashMap<&PromiseId, &Declared> =
        catalog.promises.iter().map(|promise| (&promise.id, promise)).collect();
    let subject = |promise, state| {
        let place = sources.locate(promise);
        Subject {
            promise,
            state,
            lines: place.as_ref().map_or(0, |place| lines(migrations, place)),
            unnamed: sources.leaves_unnamed(promise),
            place,
            refused: Tried::default(),
            accepted: Tried::default(),
            masked: Tried::default(),
            masked_by: Vec::new(),
        }
    };
    let tried = covered.promises.iter().filter_map(|covered| {
        let promise = *by_id.get(&covered.promise)?;
        Some(Subject {
            refused: (&covered.refused).into(),
            accepted: (&covered.accepted).into(),
            masked: (&covered.masked).into(),
            masked_by: masked_by(covered, &by_id),
            ..subject(promise, state(covered))
        })
    });
    let not_enforced = covered.left_out.iter().filter(|l| l.why == WhyLeftOut::NotEnforced);
    let not_enforced = not_enforced
        .filter_map(|left_out| Some(subject(*by_id.get(&left_out.promise)?, State::NotEnforced)));
    tried.chain(not_enforced).collect()
}

/// How many lines a declaration has.
fn lines(migrations: &[Migration], place: &Location) -> usize {
    let migration = migrations.iter().find(|migration| migration.path == place.path);
    let text = migration.and_then(|migration| migration.text.get(place.span.clone()));
    text.map_or(0, |text| text.trim_end().matches('\n').count() + 1)
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
