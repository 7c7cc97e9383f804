//! What became of the databases of a run.
//!
//! In: the leases of a trace. Out: [`Isolation`].
//!
//! **Invariant:** counts and reasons are those of the pool; a test is on the direct lane if the
//! proxy says so of any of its leases.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use proofmark_trace::{Event, How, Lane, LeaseId, LeaseReturned, Record, Run, RunId, Trace};

use crate::{Differed, Isolation, IsolationInUse, ReplacedBecause};

pub(super) fn isolation(trace: &Trace) -> Isolation {
    let mut isolation = Isolation {
        in_use: in_use(trace),
        direct: direct(trace).into_iter().collect(),
        direct_refusals: direct_refusals(trace),
        setbacks: setbacks(trace),
        ..Isolation::default()
    };
    if isolation.in_use.is_empty() {
        // An older trace: what it does not say is not counted.
        return isolation;
    }
    let mut replaced: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for lease in returned(trace) {
        match &lease.how {
            How::Untouched => isolation.untouched += 1,
            How::Undone { .. } => isolation.undone += 1,
            How::Dropped => isolation.dropped += 1,
            How::Kept => isolation.kept += 1,
            How::Replaced { why } => {
                isolation.replaced += 1;
                replaced.entry(why).or_insert((0, lease.test.as_str())).0 += 1;
            }
        }
        isolation.verified += u64::from(lease.verified);
        isolation.differed.extend(differed(lease));
    }
    isolation.replaced_because = replaced
        .into_iter()
        .map(|(why, (times, first))| ReplacedBecause {
            why: why.to_owned(),
            times,
            first: first.to_owned(),
        })
        .collect();
    isolation.replaced_because.sort_by_key(|because| Reverse(because.times));
    isolation
}

fn returned(trace: &Trace) -> impl Iterator<Item = &LeaseReturned> {
    trace.entries().filter_map(|(_, entry)| match &entry.record {
        Record::LeaseReturned(lease) => Some(lease),
        _ => None,
    })
}

fn setbacks(trace: &Trace) -> Vec<String> {
    let records = trace.entries().filter_map(|(_, entry)| match &entry.record {
        Record::Setback { what, .. } => Some(what.clone()),
        _ => None,
    });
    records.collect()
}

/// Whether any database was not equal to its template.
pub(super) fn any_differed(trace: &Trace) -> bool {
    returned(trace).any(|lease| !lease.differs.is_empty())
}

fn differed(lease: &LeaseReturned) -> impl Iterator<Item = Differed> {
    lease.differs.iter().map(|difference| Differed {
        test: lease.test.as_str().to_owned(),
        database: lease.database.clone(),
        what: difference.what.clone(),
        detail: difference.detail.clone(),
    })
}

/// A database that several runs used counts once; where they differ, the least is said.
fn in_use(trace: &Trace) -> Vec<IsolationInUse> {
    let mut found: BTreeMap<&str, IsolationInUse> = BTreeMap::new();
    let started = trace.runs.iter().filter_map(Run::started);
    for database in started.flat_map(|started| &started.databases) {
        let Some(in_use) = &database.isolation else { continue };
        let known = found.get(database.name.as_str());
        if known.is_some_and(|known| known.why.is_some() || in_use.why.is_none()) {
            continue;
        }
        let one = IsolationInUse {
            database: database.name.clone(),
            isolation: in_use.isolation.to_string(),
            why: in_use.why.clone(),
        };
        found.insert(&database.name, one);
    }
    found.into_values().collect()
}

/// What their client libraries told of refusals.
fn direct_refusals(trace: &Trace) -> u64 {
    let is_told = |record: &Record| {
        matches!(record, Record::Proxy(Event::Refused { lane: Lane::Direct, .. }))
    };
    let told = trace.entries().filter(|(_, entry)| is_told(&entry.record)).count();
    u64::try_from(told).unwrap_or(u64::MAX)
}

/// The tests that were on the direct lane.
fn direct(trace: &Trace) -> BTreeSet<String> {
    let mut tests: HashMap<(&RunId, LeaseId), &str> = HashMap::new();
    let mut direct = BTreeSet::new();
    for (run, entry) in trace.entries() {
        match &entry.record {
            Record::Proxy(Event::LeaseGiven { lease, test, .. }) => {
                tests.insert((run, *lease), test.as_str());
            }
            Record::Proxy(Event::LeaseEnded { lease, lane: Lane::Direct, .. }) => {
                direct.extend(tests.get(&(run, *lease)).map(|test| (*test).to_owned()));
            }
            _ => {}
        }
    }
    direct
}
