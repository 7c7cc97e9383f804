//! Every promise of every database.
//!
//! In: a finished run. Out: the listing, by owner.
//!
//! **Invariant:** a promise of the coverage is in the listing exactly once. What only repeats a
//! primary key is left out.

use std::collections::HashMap;

use proofmark_coverage::{ClauseEvidence, Evidence};
use proofmark_findings::{Database, Finished, Subject};

use crate::{Clause, Owner, Promise};

pub(super) fn listing(finished: &Finished<'_>) -> Vec<Owner> {
    let evidence = &finished.coverage.evidence;
    finished.databases.iter().flat_map(|database| by_owner(database, evidence)).collect()
}

fn by_owner(database: &Database<'_>, evidence: &Evidence) -> Vec<Owner> {
    let mut clauses = clauses(database.name, evidence);
    let mut owners: HashMap<String, Owner> = HashMap::new();
    for subject in &database.subjects {
        let name = subject.owner();
        let owner = owners.entry(name.clone()).or_insert_with(|| Owner {
            database: database.name.to_owned(),
            name,
            promises: Vec::new(),
        });
        let clauses = clauses.remove(subject.promise.id.as_str()).unwrap_or_default();
        owner.promises.push(listed(subject, clauses));
    }
    let mut owners: Vec<Owner> = owners.into_values().collect();
    for owner in &mut owners {
        owner.promises.sort_by(|a, b| (a.kind, &a.name, &a.id).cmp(&(b.kind, &b.name, &b.id)));
    }
    owners.sort_by(|a, b| a.name.cmp(&b.name));
    owners
}

/// The clauses of each CHECK, where somebody counted what became of them.
fn clauses(database: &str, evidence: &Evidence) -> HashMap<String, Vec<Clause>> {
    let mut clauses: HashMap<String, Vec<Clause>> = HashMap::new();
    if !evidence.looked.deep {
        return clauses;
    }
    let seen = evidence.databases.iter().filter(|one| one.database == database);
    for clause in seen.flat_map(|database| &database.clauses) {
        clauses.entry(clause.promise.to_string()).or_default().push(clause_of(clause));
    }
    clauses
}

fn clause_of(clause: &ClauseEvidence) -> Clause {
    Clause {
        text: clause.clause.clone(),
        as_true: (&clause.as_true).into(),
        as_false: (&clause.as_false).into(),
        as_null: (&clause.as_null).into(),
        at_bound: clause.at_bound.as_ref().map(Into::into),
    }
}

fn listed(subject: &Subject<'_>, clauses: Vec<Clause>) -> Promise {
    let place = subject.place.as_ref();
    Promise {
        id: subject.promise.id.to_string(),
        name: subject.name(),
        kind: subject.kind(),
        definition: subject.promise.definition.clone(),
        declared_at: place.map(|place| format!("{}:{}", place.path, place.line)),
        state: subject.state,
        refused: subject.refused.clone(),
        accepted: subject.accepted.clone(),
        masked: subject.masked.clone(),
        clauses,
    }
}
