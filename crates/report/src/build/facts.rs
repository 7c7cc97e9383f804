//! What was run and how it ended.
//!
//! In: a trace. Out: the parts of a report that need no coverage.
//!
//! **Invariant:** what is missing from a trace is said in a note, never filled in.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_trace::{Ending, LeaseReturned, Record, Run, ToolsFinished, Trace};

use super::isolation::any_differed;
use crate::{
    BrokenInvariant, DatabaseFacts, Invariants, Kept, LeftBehind, Outcome, RunFacts, Source,
};

/// Whoever works on the server without a lease.
const TOOLS: &str = "a tool of the suite";

/// The runs of a trace as one; where several machines ran parts of a suite, the first that failed
/// gives the exit code, and the one that took longest the time.
pub(super) fn run_facts(trace: &Trace) -> RunFacts {
    let started: Vec<_> = trace.runs.iter().filter_map(Run::started).collect();
    let finished: Vec<_> = trace.runs.iter().filter_map(Run::command_finished).collect();
    let deciding = finished.iter().find(|f| !f.succeeded()).or_else(|| finished.first());
    let mut databases: Vec<DatabaseFacts> = Vec::new();
    for database in started.iter().flat_map(|started| &started.databases) {
        if !databases.iter().any(|known| known.name == database.name) {
            databases.push(DatabaseFacts {
                name: database.name.clone(),
                template: database.template.0.clone(),
                reused: database.reused,
                ready_ms: database.ready_ms,
            });
        }
    }
    let headers = || trace.runs.iter().map(|run| &run.header);
    let server = started.first().map(|started| &started.server);
    RunFacts {
        ids: headers().map(|header| header.run.to_string()).collect(),
        proofmark: headers().next().map(|header| header.proofmark.clone()).unwrap_or_default(),
        started_at_unix_ms: headers().map(|h| h.started_at_unix_ms).min().unwrap_or_default(),
        command: started.first().map(|started| started.command.to_string()).unwrap_or_default(),
        exit_code: deciding.and_then(|finished| finished.exit_code),
        signal: deciding.and_then(|finished| finished.signal),
        command_ms: finished.iter().map(|finished| finished.elapsed_ms).max().unwrap_or_default(),
        server_version: server.map(|server| server.version.clone()).unwrap_or_default(),
        server_origin: server.map(|server| server.origin().to_owned()).unwrap_or_default(),
        databases,
    }
}

/// How the suite ended; the worst of several runs. `observed` is whether anything was.
pub(super) fn outcome(trace: &Trace, observed: bool) -> Outcome {
    let finished = || trace.runs.iter().map(Run::command_finished);
    if finished().flatten().any(|finished| !finished.succeeded()) {
        Outcome::SuiteFailed
    } else if finished().any(|finished| finished.is_none()) {
        Outcome::CutOff
    } else if !observed {
        Outcome::NothingObserved
    } else if broken(trace).next().is_some() {
        Outcome::InvariantBroken
    } else if any_differed(trace) {
        Outcome::NotIsolated
    } else {
        Outcome::Passed
    }
}

fn returned(trace: &Trace) -> impl Iterator<Item = &LeaseReturned> {
    trace.entries().filter_map(|(_, entry)| match &entry.record {
        Record::LeaseReturned(lease) => Some(lease),
        _ => None,
    })
}

fn broken(trace: &Trace) -> impl Iterator<Item = BrokenInvariant> {
    returned(trace).flat_map(|lease| {
        lease.broken.iter().map(|broken| BrokenInvariant {
            test: lease.test.as_str().to_owned(),
            database: lease.database.clone(),
            invariant: broken.invariant.clone(),
            must_hold: broken.must_hold.clone(),
            rows: broken.rows.clone(),
            more: broken.more,
            error: broken.error.clone(),
        })
    })
}

/// The invariants: declared, checked, broken. A database that several runs used counts once.
pub(super) fn invariants(trace: &Trace) -> Invariants {
    let started = trace.runs.iter().filter_map(Run::started);
    let declared: BTreeMap<&str, u64> = started
        .flat_map(|started| &started.databases)
        .map(|database| (database.name.as_str(), u64::from(database.invariants)))
        .collect();
    let databases = trace.runs.iter().filter_map(Run::started).flat_map(|run| &run.databases);
    let except: BTreeSet<&String> = databases.flat_map(|one| &one.invariants_except).collect();
    Invariants {
        except: except.into_iter().cloned().collect(),
        declared: declared.values().sum(),
        checked: returned(trace).map(|lease| u64::from(lease.checked)).sum(),
        broken: broken(trace).collect(),
    }
}

/// The migrations of every database; all runs of a trace have the same.
pub(super) fn sources(trace: &Trace) -> Vec<Source> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut sources = Vec::new();
    for template in trace.runs.iter().filter_map(Run::started).flat_map(|run| &run.databases) {
        if known.insert(&template.name) {
            sources.extend(template.migrations.iter().map(|migration| Source {
                database: template.name.clone(),
                path: migration.path.clone(),
                text: migration.text.clone(),
            }));
        }
    }
    sources
}

/// What a reader must know before trusting the numbers.
pub(super) fn notes(trace: &Trace) -> Vec<String> {
    trace.runs.iter().flat_map(notes_of).collect()
}

fn notes_of(run: &Run) -> Vec<String> {
    let id = &run.header.run;
    let mut notes = Vec::new();
    match run.ending {
        Ending::Finished => {}
        Ending::CutOff => notes.push(format!(
            "run {id} was cut off: what happened after the last of its {} records is not known",
            run.entries.len()
        )),
        Ending::Torn { line } => notes.push(format!(
            "run {id} was cut off in line {line} of its trace: what happened after is not known"
        )),
    }
    if run.lost() > 0 {
        notes.push(format!("{} lines are missing from the trace of run {id}", run.lost()));
    }
    notes.extend(run.entries.iter().filter_map(|entry| match &entry.record {
        Record::ToolsFinished(tools) if tools.used > 0 => Some(past_leases(tools)),
        _ => None,
    }));
    if !run.unknown.is_empty() {
        let kinds: Vec<String> =
            run.unknown.iter().map(|(kind, times)| format!("{times} {kind}")).collect();
        notes.push(format!(
            "run {id} was written by proofmark {}; records this version does not know: {}",
            run.header.proofmark,
            kinds.join(", ")
        ));
    }
    notes
}

/// The suite made databases of its own: what of them is in this report, and what is not.
fn past_leases(tools: &ToolsFinished) -> String {
    let names: Vec<String> = tools.used_first.iter().map(|name| format!("`{name}`")).collect();
    let more = if tools.used > names.len() as u64 { ", ..." } else { "" };
    let count = tools.used;
    let (databases, them) = if count == 1 { ("database", "it") } else { ("databases", "them") };
    format!(
        "the suite made {count} {databases} of its own ({}{more}) and used {them} in place of a \
         lease: what was refused there counts if the same process held a lease, what was written \
         and accepted does not; help: let the tests use the database of DATABASE_URL as it is, \
         which is migrated already",
        names.join(", ")
    )
}

/// The databases of failed tests, and what tests left, in the order they came back.
pub(super) fn left_over(trace: &Trace) -> (Vec<Kept>, Vec<LeftBehind>) {
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for lease in returned(trace) {
        let test = || lease.test.as_str().to_owned();
        kept.extend(lease.kept.iter().map(|name| Kept { test: test(), database: name.clone() }));
        left.extend(lease.left.iter().map(|w| LeftBehind { test: test(), what: w.clone() }));
    }
    for (_, entry) in trace.entries() {
        let Record::ToolsFinished(tools) = &entry.record else { continue };
        let ends = [
            (&tools.dropped, "was dropped at the end"),
            (&tools.stayed, "could not be dropped and stays"),
        ];
        left.extend(ends.iter().flat_map(|(names, end)| {
            names.iter().map(move |name| LeftBehind {
                test: TOOLS.to_owned(),
                what: format!("created the database `{name}`; it {end}"),
            })
        }));
    }
    (kept, left)
}
