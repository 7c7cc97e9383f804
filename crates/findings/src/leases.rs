//! The leases of a finished run, each with all that the checks ask about it.
//!
//! In: the records of a trace. Out: one value per lease, in the order of the trace. Main type:
//! [`Lease`].
//!
//! **Invariant:** a lease whose records are lost in part is there with what is known; nothing is
//! filled in.

use std::collections::HashMap;

use proofmark_trace::{
    Event, Identity, Lane, LeaseId, LeaseReturned, Record, Refusal, RunId, Trace,
};

/// The variables that name a test; every other names a worker.
const TEST_VARIABLES: [&str; 2] = ["NEXTEST_TEST_NAME", "PYTEST_CURRENT_TEST"];

/// One lease.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    pub(crate) database: &'a str,
    pub(crate) test: &'a str,
    /// Whether it belongs to one test, and not to a worker or a process that runs several.
    pub(crate) of_one_test: bool,
    pub(crate) wait_us: u64,
    given_at_us: u64,
    ended_at_us: Option<u64>,
    pub(crate) direct: bool,
    pub(crate) statements: u64,
    pub(crate) sessions: u64,
    pub(crate) left_in_transaction: u64,
    pub(crate) errors: Vec<(&'a str, &'a Refusal)>,
    pub(crate) returned: Option<&'a LeaseReturned>,
    ended_failed: bool,
}

impl Lease<'_> {
    /// How long the test had it, in microseconds.
    pub(crate) fn held_us(&self) -> Option<u64> {
        self.ended_at_us.map(|ended| ended.saturating_sub(self.given_at_us))
    }

    /// Whether its test is known to have failed.
    pub(crate) fn failed(&self) -> bool {
        self.ended_failed || self.returned.is_some_and(|returned| returned.failed)
    }

    /// Rows written, committed or not.
    pub(crate) fn rows(&self) -> u64 {
        let tables = self.returned.into_iter().flat_map(|returned| &returned.written);
        let rows = tables.flat_map(|table| [table.inserted, table.updated, table.deleted]);
        rows.map(|rows| u64::try_from(rows).unwrap_or(0)).sum()
    }
}

/// The leases of all runs.
pub(crate) fn leases(trace: &Trace) -> Vec<Lease<'_>> {
    let mut leases: Vec<Lease<'_>> = Vec::new();
    let mut places: HashMap<(&RunId, LeaseId), usize> = HashMap::new();
    for (run, entry) in trace.entries() {
        match &entry.record {
            Record::Proxy(Event::LeaseGiven {
                lease, database, test, identity, wait_us, ..
            }) => {
                places.insert((run, *lease), leases.len());
                leases.push(Lease {
                    database,
                    test: test.as_str(),
                    of_one_test: of_one_test(identity),
                    wait_us: *wait_us,
                    given_at_us: entry.at_us,
                    ended_at_us: None,
                    direct: false,
                    statements: 0,
                    sessions: 0,
                    left_in_transaction: 0,
                    errors: Vec::new(),
                    returned: None,
                    ended_failed: false,
                });
            }
            Record::Proxy(event) => {
                let Some(id) = lease_of(event) else { continue };
                let Some(&place) = places.get(&(run, id)) else { continue };
                note(&mut leases[place], event, entry.at_us);
            }
            Record::LeaseReturned(returned) => {
                if let Some(&place) = places.get(&(run, returned.lease)) {
                    leases[place].returned = Some(returned);
                }
            }
            _ => {}
        }
    }
    leases
}

fn note<'a>(lease: &mut Lease<'a>, event: &'a Event, at_us: u64) {
    match event {
        Event::SessionOpened { .. } => lease.sessions += 1,
        Event::Refused { statement, refusal, .. } => lease.errors.push((statement, refusal)),
        Event::SessionClosed { statements, left_in_transaction, .. } => {
            lease.statements += statements;
            lease.left_in_transaction += u64::from(*left_in_transaction);
        }
        Event::LeaseEnded { failed, lane, .. } => {
            lease.ended_at_us = Some(at_us);
            lease.ended_failed = *failed;
            lease.direct = *lane == Lane::Direct;
        }
        _ => {}
    }
}

fn lease_of(event: &Event) -> Option<LeaseId> {
    match event {
        Event::SessionOpened { lease, .. }
        | Event::Refused { lease, .. }
        | Event::SessionClosed { lease, .. }
        | Event::LeaseEnded { lease, .. } => Some(*lease),
        _ => None,
    }
}

fn of_one_test(identity: &Identity) -> bool {
    match identity {
        Identity::DatabaseName | Identity::Options | Identity::Console => true,
        Identity::Environment { key } => TEST_VARIABLES.contains(&key.as_str()),
        Identity::Process | Identity::Unknown => false,
    }
}
