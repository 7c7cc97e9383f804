//! The leases of a run in numbers.
//!
//! In: the proxy's events of a trace. Out: [`Leases`].
//!
//! **Invariant:** times are what clients waited, measured by the proxy; nothing is estimated.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proofmark_trace::{Event, Identity, Record, Trace, TurnedAway as Away};

use crate::{Leases, Means, RecognisedBy, SlowLease, TurnedAway};

/// Leases named as the slowest.
const SLOWEST_MAX: usize = 10;

/// The variables that name a test; every other names a worker.
const TEST_VARIABLES: [&str; 2] = ["NEXTEST_TEST_NAME", "PYTEST_CURRENT_TEST"];

pub(super) fn leases(trace: &Trace) -> Leases {
    let mut leases = Leases::default();
    let mut recognised: BTreeMap<Means, u64> = BTreeMap::new();
    let mut waits: Vec<(u64, &str)> = Vec::new();
    let mut away: BTreeMap<String, u64> = BTreeMap::new();
    for (_, entry) in trace.entries() {
        let Record::Proxy(event) = &entry.record else { continue };
        match event {
            Event::LeaseGiven { test, identity, wait_us, .. } => {
                leases.count += 1;
                *recognised.entry(means(identity)).or_default() += 1;
                waits.push((*wait_us, test.as_str()));
            }
            Event::SessionOpened { .. } => leases.sessions += 1,
            Event::SessionClosed { statements, .. } => leases.statements += statements,
            Event::TurnedAway { reason } => *away.entry(why(reason)).or_default() += 1,
            _ => {}
        }
    }
    waits.sort_unstable_by(|a, b| b.cmp(a));
    leases.median_us = waits.get(waits.len() / 2).map_or(0, |(wait_us, _)| *wait_us);
    leases.slowest = waits
        .iter()
        .take(SLOWEST_MAX)
        .map(|&(wait_us, test)| SlowLease { test: test.to_owned(), wait_us })
        .collect();
    leases.recognised_by =
        recognised.into_iter().map(|(means, leases)| RecognisedBy { means, leases }).collect();
    leases.turned_away =
        away.into_iter().map(|(reason, times)| TurnedAway { reason, times }).collect();
    leases.turned_away.sort_by_key(|away| Reverse(away.times));
    leases
}

pub(super) fn means(identity: &Identity) -> Means {
    match identity {
        Identity::DatabaseName | Identity::Options | Identity::Console => Means::Named,
        Identity::Environment { key } if TEST_VARIABLES.contains(&key.as_str()) => {
            Means::TestEnvironment
        }
        Identity::Environment { .. } => Means::WorkerEnvironment,
        Identity::Process => Means::Process,
        Identity::Unknown => Means::Unknown,
    }
}

fn why(reason: &Away) -> String {
    match reason {
        Away::MalformedStartup => "what it sent is not the PostgreSQL protocol".to_owned(),
        Away::StartupTimeout => "it did not say what it wants in time".to_owned(),
        Away::LeftDuringStartup => "it left before it had said what it wants".to_owned(),
        Away::DirectTls => {
            "it spoke TLS without asking first; set sslnegotiation=postgres or sslmode=disable"
                .to_owned()
        }
        Away::BytesBehindNegotiation => "it sent data before encryption was agreed on".to_owned(),
        Away::ForeignUser { .. } => "it belongs to another user of this machine".to_owned(),
        Away::UnknownDatabase { database } => {
            format!("it asked for the database `{database}`, which proofmark.toml does not name")
        }
        Away::TooManySessions => "too many clients were connected".to_owned(),
        Away::LeaseFailed { database, error } => {
            format!("there was no lease of `{database}`: {error}")
        }
        Away::LeaseEnded => "its test had ended".to_owned(),
        Away::ServerUnreachable { error } => format!("the server could not be reached: {error}"),
        Away::LoginFailed { error } => format!("the server refused the login: {error}"),
        Away::ShuttingDown => "the run was at its end".to_owned(),
    }
}
