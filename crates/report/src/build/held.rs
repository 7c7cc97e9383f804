//! The leases of a trace, one by one.
//!
//! In: the records of a trace. Out: [`Held`], in the order in which the leases were given.
//!
//! **Invariant:** a lease without its end in the trace has no end here.

use std::collections::HashMap;

use proofmark_trace::{Entry, Event, LeaseId, Record, Run, Trace};

use super::leases::means;
use crate::Held;

pub(super) fn held(trace: &Trace) -> Vec<Held> {
    trace.runs.iter().enumerate().flat_map(|(number, run)| of_run(number, run)).collect()
}

fn of_run(number: usize, run: &Run) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    let mut places: HashMap<LeaseId, usize> = HashMap::new();
    for entry in &run.entries {
        if let Record::Proxy(Event::LeaseGiven {
            lease, database, test, identity, wait_us, ..
        }) = &entry.record
        {
            places.insert(*lease, all.len());
            all.push(Held {
                test: test.as_str().to_owned(),
                database: database.clone(),
                run: number,
                means: means(identity),
                wait_us: *wait_us,
                given_us: entry.at_us,
                returned_us: None,
                failed: false,
                statements: 0,
                refusals: 0,
                rows: 0,
            });
        } else if let Some(lease) = lease_of(entry)
            && let Some(place) = places.get(&lease)
        {
            note(&mut all[*place], entry);
        }
    }
    all
}

fn lease_of(entry: &Entry) -> Option<LeaseId> {
    match &entry.record {
        Record::LeaseReturned(returned) => Some(returned.lease),
        Record::Proxy(
            Event::Refused { lease, .. }
            | Event::SessionClosed { lease, .. }
            | Event::LeaseEnded { lease, .. },
        ) => Some(*lease),
        _ => None,
    }
}

fn note(held: &mut Held, entry: &Entry) {
    match &entry.record {
        Record::LeaseReturned(returned) => {
            held.failed |= returned.failed;
            held.returned_us = held.returned_us.or(Some(entry.at_us));
            let counts = returned.written.iter().flat_map(|t| [t.inserted, t.updated, t.deleted]);
            held.rows += counts.map(i64::unsigned_abs).sum::<u64>();
        }
        Record::Proxy(Event::Refused { .. }) => held.refusals += 1,
        Record::Proxy(Event::SessionClosed { statements, .. }) => held.statements += statements,
        Record::Proxy(Event::LeaseEnded { failed, .. }) => {
            held.failed |= failed;
            // Taking back comes after the test, and is not part of it.
            held.returned_us = held.returned_us.or(Some(entry.at_us));
        }
        _ => {}
    }
}
