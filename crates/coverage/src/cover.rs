//! From a trace to a coverage.
//!
//! In: a trace of one or several runs. Out: a [`Coverage`], the union of all. Main function:
//! [`cover`].
//!
//! **Invariant**: each run's errors are read with that run's own catalog, because the names in
//! them differ between versions of the server; the addresses of promises do not.

use std::collections::{BTreeMap, HashMap};

use proofmark_catalog::{Attributor, Catalog, Deferrable, Promise, PromiseId, Why};
use proofmark_trace::{Record, Run, Trace};

use crate::accepted::Rows;
use crate::evidence::{Gathering, Shapes, shapes};
use crate::kind::Kind;
use crate::lease::{ErrorSeen, Lease, leases};
use crate::model::{
    Coverage, DatabaseCoverage, Evidence, FailedStatement, LeftOut, Observed, Reason, Unattributed,
    WhyLeftOut,
};
use crate::refusal::refusal_fields;
use crate::summary::summarise;
use crate::tally::{Seen, Tally};
use crate::tests_seen::{Roll, TestNumber};

/// Different failures that are counted; the list is shorter.
const FAILED_MAX: usize = 10 * Evidence::STATEMENTS_MAX;

/// What the runs of a trace tried.
///
/// # Example
///
/// ```no_run
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let trace = proofmark_trace::Trace::read("proofmark-out/trace.jsonl".as_ref())?;
/// let coverage = proofmark_coverage::cover(&trace);
/// assert!(!coverage.observed_nothing());
/// for summary in coverage.summaries() {
///     println!("{:?}: {} of {} refused", summary.group, summary.refused, summary.total);
/// }
/// # Ok(())
/// # }
/// ```
pub fn cover(trace: &Trace) -> Coverage {
    let roll = Roll::call(trace);
    let mut covering = Covering::new(&roll);
    for (database, catalog) in trace.runs.iter().flat_map(catalogs) {
        covering.know(database, catalog);
    }
    for run in &trace.runs {
        let known: BTreeMap<&str, Known<'_>> = catalogs(run)
            .map(|(database, catalog)| (database, covering.known(database, catalog)))
            .collect();
        let shapes = shapes(run);
        for lease in leases(run) {
            covering.lease(&lease, &known, &shapes);
        }
    }
    covering.finish()
}

fn catalogs(run: &Run) -> impl Iterator<Item = (&str, &Catalog)> {
    run.entries.iter().filter_map(|entry| match &entry.record {
        Record::Catalog { database, catalog } => Some((database.as_str(), catalog.as_ref())),
        _ => None,
    })
}

struct Covering<'a> {
    roll: &'a Roll<'a>,
    databases: BTreeMap<&'a str, Promises<'a>>,
    unattributed: BTreeMap<UnattributedKey<'a>, (Tally, &'a str)>,
    observed: Observed,
    failed: BTreeMap<FailedKey<'a>, Tally>,
    gathering: Gathering<'a>,
}

/// Failures that are listed as one: database, SQLSTATE, promise, shape.
type FailedKey<'a> = (&'a str, &'a str, Option<&'a PromiseId>, &'a str);

/// The promises of one database, of all runs.
#[derive(Default)]
struct Promises<'a> {
    all: Vec<(&'a Promise, Seen)>,
    places: HashMap<&'a PromiseId, usize>,
}

/// A run's catalog of one database, made ready for looking things up.
struct Known<'a> {
    attributor: Attributor<'a>,
    /// By table, which promises a row written to it is tried against: where they stand in
    /// [`Promises::all`], and when they are tried.
    tried_by: HashMap<(&'a str, &'a str), Vec<(usize, Deferrable)>>,
}

/// Refusals that are listed as one: database, SQLSTATE, reason, and what the error did name.
type UnattributedKey<'a> = (Option<&'a str>, &'a str, Reason, Option<&'a str>);

impl<'a> Covering<'a> {
    fn new(roll: &'a Roll<'a>) -> Self {
        Self {
            roll,
            databases: BTreeMap::new(),
            unattributed: BTreeMap::new(),
            observed: Observed::default(),
            failed: BTreeMap::new(),
            gathering: Gathering::default(),
        }
    }

    fn know(&mut self, database: &'a str, catalog: &'a Catalog) {
        self.gathering.know(database, catalog);
        let Promises { all, places } = self.databases.entry(database).or_default();
        for promise in &catalog.promises {
            places.entry(&promise.id).or_insert_with(|| {
                all.push((promise, Seen::default()));
                all.len() - 1
            });
        }
    }

    fn known(&self, database: &str, catalog: &'a Catalog) -> Known<'a> {
        let mut tried_by: HashMap<_, Vec<_>> = HashMap::new();
        for promise in &catalog.promises {
            let Some(place) = self.place(database, &promise.id) else { continue };
            for table in &promise.evaluated_by_writes_to {
                let name = (table.schema.as_str(), table.name.as_str());
                tried_by.entry(name).or_default().push((place, promise.deferrable));
            }
        }
        Known { attributor: Attributor::new(catalog), tried_by }
    }

    fn lease(
        &mut self,
        lease: &Lease<'a>,
        known: &BTreeMap<&'a str, Known<'a>>,
        shapes: &Shapes<'a>,
    ) {
        self.observed.leases += 1;
        self.observed.returned += u64::from(lease.written.is_some());
        self.observed.statements += lease.statements;
        for table in lease.written.into_iter().flatten() {
            let rows = [table.inserted, table.updated, table.deleted];
            self.observed.rows += rows.iter().map(|rows| rows.unsigned_abs()).sum::<u64>();
        }
        let test = lease.test.and_then(|test| self.roll.number(test));
        self.gathering.lease(lease, test, shapes);
        let known = lease.database.and_then(|database| known.get(database));
        for error in &lease.errors {
            self.error(lease, test, known, error);
        }
        if let (Some(database), Some(known)) = (lease.database, known) {
            self.accepted(lease, test, database, known);
            self.masked(lease, test, database);
        }
    }

    fn error(
        &mut self,
        lease: &Lease<'a>,
        test: Option<TestNumber>,
        known: Option<&Known<'a>>,
        error: &ErrorSeen<'a>,
    ) {
        let attributed =
            known.map(|known| known.attributor.attribute(&refusal_fields(error.refusal)));
        if let (Some(database), false) = (lease.database, lease.failed) {
            let promise = attributed.and_then(Result::ok).map(|promise| &promise.id);
            let key = (database, error.refusal.sqlstate.as_str(), promise, error.statement);
            if self.failed.len() < FAILED_MAX || self.failed.contains_key(&key) {
                self.failed.entry(key).or_default().add(1, test);
            }
        }
        let reason = match (attributed, lease.database) {
            (Some(Ok(promise)), Some(database)) => {
                self.observed.attributed += 1;
                if let Some(seen) = self.seen(database, &promise.id) {
                    seen.refused.add(1, test);
                }
                return;
            }
            (Some(Err(why)), _) => Reason::Error(why),
            (_, Some(_)) => Reason::NoCatalog,
            (_, None) => Reason::UnknownLease,
        };
        if reason == Reason::Error(Why::NotARefusal) {
            self.observed.other_errors += 1;
            return;
        }
        self.observed.unattributed += 1;
        let refusal = error.refusal;
        let named = refusal.constraint.as_deref().or(refusal.table.as_deref());
        let key = (lease.database, refusal.sqlstate.as_str(), reason, named);
        let (tally, statement) = self.unattributed.entry(key).or_default();
        tally.add(1, test);
        if statement.is_empty() {
            *statement = error.statement;
        }
    }

    fn accepted(
        &mut self,
        lease: &Lease<'a>,
        test: Option<TestNumber>,
        database: &str,
        known: &Known<'a>,
    ) {
        let Some(promises) = self.databases.get_mut(database) else { return };
        for rows in Rows::of(lease) {
            let tried = known.tried_by.get(&(rows.schema, rows.table));
            for (place, deferrable) in tried.into_iter().flatten() {
                let accepted = rows.accepted(*deferrable);
                if accepted > 0 {
                    promises.all[*place].1.accepted.add(accepted, test);
                }
            }
        }
    }

    fn masked(&mut self, lease: &Lease<'a>, test: Option<TestNumber>, database: &str) {
        for masked in lease.masked {
            if let Some(seen) = self.seen(database, &masked.promise) {
                seen.masked.add(1, test);
                seen.masked_by.insert(masked.by.clone());
            }
        }
    }

    fn place(&self, database: &str, id: &PromiseId) -> Option<usize> {
        self.databases.get(database)?.places.get(id).copied()
    }

    fn seen(&mut self, database: &str, id: &PromiseId) -> Option<&mut Seen> {
        let Promises { all, places } = self.databases.get_mut(database)?;
        all.get_mut(*places.get(id)?).map(|(_, seen)| seen)
    }

    fn finish(self) -> Coverage {
        let roll = self.roll;
        let unattributed = self.unattributed.into_iter();
        let mut unattributed: Vec<Unattributed> =
            unattributed.map(|(key, seen)| unattributed_as(key, seen, roll)).collect();
        unattributed.sort_by_key(|refusals| std::cmp::Reverse(refusals.tried.times));
        let (mut evidence, mut states) = self.gathering.finish(roll);
        evidence.failed = failed(self.failed, roll);
        let databases = self.databases.into_iter().map(|(name, promises)| {
            let mut database = covered(name, promises, roll);
            database.transitions = states.remove(name).unwrap_or_default();
            database
        });
        Coverage { databases: databases.collect(), unattributed, observed: self.observed, evidence }
    }
}

fn failed(all: BTreeMap<FailedKey<'_>, Tally>, roll: &Roll<'_>) -> Vec<FailedStatement> {
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.times()));
    all.truncate(Evidence::STATEMENTS_MAX);
    let statements =
        all.into_iter().map(|((database, sqlstate, promise, shape), tally)| FailedStatement {
            database: database.to_owned(),
            sqlstate: sqlstate.to_owned(),
            promise: promise.cloned(),
            shape: shape.to_owned(),
            tried: tally.finish(roll),
        });
    statements.collect()
}

fn covered(name: &str, mut promises: Promises<'_>, roll: &Roll<'_>) -> DatabaseCoverage {
    let mut covered = Vec::new();
    let mut left_out = Vec::new();
    // Of several runs, a later one may have promises that the first did not have.
    promises.all.sort_by_key(|(promise, _)| (promise.owner(), &promise.id));
    for (promise, seen) in promises.all {
        if let Some(why) = why_left_out(promise) {
            let group = Kind::of(&promise.kind);
            left_out.push(LeftOut { promise: promise.id.clone(), group, why });
        } else {
            covered.push(seen.finish(promise, roll));
        }
    }
    let summaries = summarise(&covered);
    DatabaseCoverage {
        database: name.to_owned(),
        promises: covered,
        left_out,
        summaries,
        transitions: Vec::new(),
    }
}

fn why_left_out(promise: &Promise) -> Option<WhyLeftOut> {
    if !promise.enforced {
        Some(WhyLeftOut::NotEnforced)
    } else if promise.implied_by_primary_key() {
        Some(WhyLeftOut::ImpliedByPrimaryKey)
    } else {
        None
    }
}

fn unattributed_as(
    (database, sqlstate, reason, named): UnattributedKey<'_>,
    (tally, statement): (Tally, &str),
    roll: &Roll<'_>,
) -> Unattributed {
    Unattributed {
        database: database.map(str::to_owned),
        sqlstate: sqlstate.to_owned(),
        reason,
        named: named.map(str::to_owned),
        tried: tally.finish(roll),
        statement: (!statement.is_empty()).then(|| statement.to_owned()),
    }
}
