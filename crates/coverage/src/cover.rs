//! From a trace to a coverage.
//!
//! In: a trace of one or several runs. Out: a [`Coverage`], the union of all. Main function:
//! [`cover`].
//!
//! **Invariant**: each run's errors are read with that run's own catalog, because the names in
//! them differ between versions of the server; the addresses of promises do not.

use std::collections::BTreeMap;

use proofmark_catalog::{Attribution, Catalog, Promise, PromiseId, RefusalFields, Why};
use proofmark_trace::{Record, Refusal, Run, Trace};

use crate::accepted::Rows;
use crate::group::Group;
use crate::lease::{ErrorSeen, Lease, leases};
use crate::model::{
    Coverage, DatabaseCoverage, Evidence, LeftOut, Observed, Reason, Unattributed, WhyLeftOut,
};
use crate::summary::summarise;
use crate::tally::{Seen, Tally};

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
    let mut covering = Covering::default();
    for (database, catalog) in trace.runs.iter().flat_map(catalogs) {
        covering.know(database, catalog);
    }
    for run in &trace.runs {
        let catalogs: BTreeMap<&str, &Catalog> = catalogs(run).collect();
        for lease in leases(run) {
            covering.lease(&lease, &catalogs);
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

#[derive(Default)]
struct Covering<'a> {
    databases: BTreeMap<&'a str, Promises<'a>>,
    unattributed: BTreeMap<UnattributedKey<'a>, (Tally, &'a str)>,
    observed: Observed,
}

/// The promises of one database, of all runs.
#[derive(Default)]
struct Promises<'a> {
    in_order: Vec<&'a Promise>,
    seen: BTreeMap<&'a PromiseId, Seen>,
}

/// Refusals that are listed as one: database, SQLSTATE, reason, and what the error did name.
type UnattributedKey<'a> = (Option<&'a str>, &'a str, Reason, Option<&'a str>);

impl<'a> Covering<'a> {
    fn know(&mut self, database: &'a str, catalog: &'a Catalog) {
        let promises = self.databases.entry(database).or_default();
        for promise in &catalog.promises {
            if !promises.seen.contains_key(&promise.id) {
                promises.seen.insert(&promise.id, Seen::default());
                promises.in_order.push(promise);
            }
        }
    }

    fn lease(&mut self, lease: &Lease<'a>, catalogs: &BTreeMap<&'a str, &'a Catalog>) {
        self.observed.leases += 1;
        self.observed.returned += u64::from(lease.written.is_some());
        self.observed.statements += lease.statements;
        for table in lease.written.into_iter().flatten() {
            let rows = [table.inserted, table.updated, table.deleted];
            self.observed.rows += rows.iter().map(|rows| rows.unsigned_abs()).sum::<u64>();
        }
        let catalog = lease.database.and_then(|database| catalogs.get(database).copied());
        for error in &lease.errors {
            self.error(lease, catalog, error);
        }
        if let (Some(database), Some(catalog)) = (lease.database, catalog) {
            self.accepted(lease, database, catalog);
            self.masked(lease, database);
        }
    }

    fn error(&mut self, lease: &Lease<'a>, catalog: Option<&Catalog>, error: &ErrorSeen<'a>) {
        let attribution = catalog.map(|catalog| catalog.attribute(&fields(error.refusal)));
        let reason = match (attribution, lease.database) {
            (Some(Attribution::Promise(id)), Some(database)) => {
                self.observed.attributed += 1;
                if let Some(seen) = self.seen(database, &id) {
                    seen.refused.add(1, lease.test);
                }
                return;
            }
            (Some(Attribution::Unattributable(why)), _) => Reason::Error(why),
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
        tally.add(1, lease.test);
        if statement.is_empty() {
            *statement = error.statement;
        }
    }

    fn accepted(&mut self, lease: &Lease<'a>, database: &str, catalog: &Catalog) {
        let rows = Rows::of(lease);
        for promise in &catalog.promises {
            let accepted = rows.accepted_by(promise);
            if accepted > 0
                && let Some(seen) = self.seen(database, &promise.id)
            {
                seen.accepted.add(accepted, lease.test);
            }
        }
    }

    fn masked(&mut self, lease: &Lease<'a>, database: &str) {
        for masked in lease.masked {
            if let Some(seen) = self.seen(database, &masked.promise) {
                seen.masked.add(1, lease.test);
                seen.masked_by.insert(masked.by.clone());
            }
        }
    }

    fn seen(&mut self, database: &str, id: &PromiseId) -> Option<&mut Seen> {
        self.databases.get_mut(database)?.seen.get_mut(id)
    }

    fn finish(self) -> Coverage {
        let mut unattributed: Vec<Unattributed> =
            self.unattributed.into_iter().map(unattributed).collect();
        unattributed.sort_by_key(|refusals| std::cmp::Reverse(refusals.tried.times));
        Coverage {
            databases: self.databases.into_iter().map(database).collect(),
            unattributed,
            observed: self.observed,
            evidence: Evidence::default(),
        }
    }
}

fn database((name, mut promises): (&str, Promises<'_>)) -> DatabaseCoverage {
    let mut covered = Vec::new();
    let mut left_out = Vec::new();
    // Of several runs, a later one may have promises that the first did not have.
    promises.in_order.sort_by_key(|promise| (promise.owner(), &promise.id));
    for promise in promises.in_order {
        if let Some(why) = why_left_out(promise) {
            let group = Group::of(&promise.kind);
            left_out.push(LeftOut { promise: promise.id.clone(), group, why });
        } else if let Some(seen) = promises.seen.remove(&promise.id) {
            covered.push(seen.finish(promise));
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

fn unattributed(
    ((database, sqlstate, reason, named), (tally, statement)): (UnattributedKey<'_>, (Tally, &str)),
) -> Unattributed {
    Unattributed {
        database: database.map(str::to_owned),
        sqlstate: sqlstate.to_owned(),
        reason,
        named: named.map(str::to_owned),
        tried: tally.finish(),
        statement: (!statement.is_empty()).then(|| statement.to_owned()),
    }
}

fn fields(refusal: &Refusal) -> RefusalFields<'_> {
    RefusalFields {
        sqlstate: &refusal.sqlstate,
        schema: refusal.schema.as_deref(),
        table: refusal.table.as_deref(),
        column: refusal.column.as_deref(),
        datatype: refusal.datatype.as_deref(),
        constraint: refusal.constraint.as_deref(),
        routine: refusal.routine.as_deref(),
    }
}
