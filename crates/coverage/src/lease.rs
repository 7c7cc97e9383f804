//! What the trace says about one lease.
//!
//! In: the records of a run. Out: leases, each with its errors and with what was written.
//! Main type: [`Lease`].
//!
//! **Invariant**: records of one lease are put together by its number within its run; a record
//! that another depends on may be missing.

use std::collections::BTreeMap;

use proofmark_trace::{
    Event, Lane, LeaseEvidence, LeaseId, LeaseReturned, Masked, Record, Refusal, Run, TableWritten,
    TestName,
};

/// Everything that is known about one lease.
#[derive(Debug, Default)]
pub(crate) struct Lease<'a> {
    pub(crate) database: Option<&'a str>,
    pub(crate) test: Option<&'a TestName>,
    pub(crate) errors: Vec<ErrorSeen<'a>>,
    pub(crate) statements: u64,
    /// `None` if it is not known what was written.
    pub(crate) written: Option<&'a [TableWritten]>,
    pub(crate) masked: &'a [Masked],
    /// Whether the test said that it failed.
    pub(crate) failed: bool,
    /// Whether the address of the database itself was handed out.
    pub(crate) is_direct: bool,
    pub(crate) evidence: Option<&'a LeaseEvidence>,
}

/// An error of the server, and the statement it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorSeen<'a> {
    pub(crate) statement: &'a str,
    pub(crate) refusal: &'a Refusal,
}

/// The leases of a run, in the order of their numbers.
pub(crate) fn leases(run: &Run) -> Vec<Lease<'_>> {
    let mut leases: BTreeMap<LeaseId, Lease<'_>> = BTreeMap::new();
    for entry in &run.entries {
        match &entry.record {
            Record::Proxy(event) => note(&mut leases, event),
            Record::LeaseReturned(returned) => give_back(&mut leases, returned),
            Record::Evidence(evidence) => {
                leases.entry(evidence.lease).or_default().evidence = Some(evidence.as_ref());
            }
            _ => {}
        }
    }
    leases.into_values().collect()
}

fn note<'a>(leases: &mut BTreeMap<LeaseId, Lease<'a>>, event: &'a Event) {
    match event {
        Event::LeaseGiven { lease, database, test, .. } => {
            let lease = leases.entry(*lease).or_default();
            lease.database = Some(database);
            lease.test = Some(test);
        }
        Event::Refused { lease, statement, refusal, .. } => {
            leases.entry(*lease).or_default().errors.push(ErrorSeen { statement, refusal });
        }
        Event::SessionClosed { lease, statements, .. } => {
            leases.entry(*lease).or_default().statements += statements;
        }
        Event::LeaseEnded { lease, lane, .. } => {
            leases.entry(*lease).or_default().is_direct = *lane == Lane::Direct;
        }
        _ => {}
    }
}

fn give_back<'a>(leases: &mut BTreeMap<LeaseId, Lease<'a>>, returned: &'a LeaseReturned) {
    let lease = leases.entry(returned.lease).or_default();
    lease.database = Some(&returned.database);
    lease.test = Some(&returned.test);
    lease.written = Some(&returned.written);
    lease.masked = &returned.masked;
    lease.failed = returned.failed;
}
