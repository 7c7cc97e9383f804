//! Every promise of every database.
//!
//! In: a finished run. Out: the listing, by owner.
//!
//! **Invariant:** a promise of the coverage is in the listing exactly once. What only repeats a
//! primary key is left out.

use std::collections::HashMap;

use proofmark_findings::{Database, Finished, Subject};

use crate::{Owner, Promise};

pub(super) fn listing(finished: &Finished<'_>) -> Vec<Owner> {
    finished.databases.iter().flat_map(by_owner).collect()
}

fn by_owner(database: &Database<'_>) -> Vec<Owner> {
    let mut owners: HashMap<String, Owner> = HashMap::new();
    for subject in &database.subjects {
        let name = subject.owner();
        let owner = owners.entry(name.clone()).or_insert_with(|| Owner {
            database: database.name.to_owned(),
            name,
            promises: Vec::new(),
        });
        owner.promises.push(listed(subject));
    }
    let mut owners: Vec<Owner> = owners.into_values().collect();
    for owner in &mut owners {
        owner.promises.sort_by(|a, b| (a.kind, &a.name, &a.id).cmp(&(b.kind, &b.name, &b.id)));
    }
    owners.sort_by(|a, b| a.name.cmp(&b.name));
    owners
}

fn listed(subject: &Subject<'_>) -> Promise {
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
    }
}
