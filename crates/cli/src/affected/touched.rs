//! Which tests touched the tables that a change names.
//!
//! In: a trace, and names. Out: the tables and promises among the names, and the tests that wrote
//! to them or were refused by them.
//!
//! **Invariant**: a table is matched by its own name in any schema: rather a test too many than
//! one too few.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_catalog::{Catalog, TableName};
use proofmark_trace::{Event, Identity, LeaseId, Record, Run, Trace};

/// What was touched, and by whom.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) tables: BTreeSet<String>,
    pub(super) tests: BTreeSet<String>,
    /// How many of the names are a worker's or a process's.
    pub(super) shared: usize,
}

pub(super) fn by(trace: &Trace, words: &BTreeSet<&str>) -> Touched {
    let mut touched = Touched::default();
    let mut tables: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (database, catalog) in trace.catalogs() {
        let named = named(catalog, words);
        touched.tables.extend(named.iter().map(|(schema, name)| format!("{schema}.{name}")));
        tables.insert(database, named);
    }
    let mut shared = BTreeSet::new();
    for run in &trace.runs {
        of_run(run, &tables, words, &mut touched.tests, &mut shared);
    }
    touched.shared = shared.intersection(&touched.tests).count();
    touched
}

/// The tables that are named, that hold a named promise, or whose rows one is tried on.
fn named<'a>(catalog: &'a Catalog, words: &BTreeSet<&str>) -> BTreeSet<(&'a str, &'a str)> {
    let pair = |name: &'a TableName| (name.schema.as_str(), name.name.as_str());
    let tables = catalog.tables.iter().map(|table| &table.name);
    let mut named: BTreeSet<_> =
        tables.filter(|name| words.contains(name.name.as_str())).map(pair).collect();
    for promise in &catalog.promises {
        let own = promise.name.as_deref().is_some_and(|name| words.contains(name));
        let owner = promise.owner().is_some_and(|owner| words.contains(owner.name.as_str()));
        if own || owner {
            named.extend(promise.table.iter().chain(&promise.evaluated_by_writes_to).map(pair));
        }
    }
    named
}

fn of_run(
    run: &Run,
    tables: &BTreeMap<&str, BTreeSet<(&str, &str)>>,
    words: &BTreeSet<&str>,
    tests: &mut BTreeSet<String>,
    shared: &mut BTreeSet<String>,
) {
    let mut holders: BTreeMap<LeaseId, (&str, &str)> = BTreeMap::new();
    let is_named = |database: &str, table: (&str, &str)| {
        tables.get(database).is_some_and(|named| named.contains(&table))
    };
    for entry in &run.entries {
        match &entry.record {
            Record::Proxy(Event::LeaseGiven { lease, test, database, identity, .. }) => {
                holders.insert(*lease, (test.as_str(), database));
                if !names_a_test(identity) {
                    shared.insert(test.as_str().to_owned());
                }
            }
            Record::Proxy(Event::Refused { lease, refusal, .. }) => {
                let Some((test, database)) = holders.get(lease) else { continue };
                let table = refusal.schema.as_deref().zip(refusal.table.as_deref());
                let constraint = refusal.constraint.as_deref();
                if table.is_some_and(|table| is_named(database, table))
                    || constraint.is_some_and(|name| words.contains(name))
                {
                    tests.insert((*test).to_owned());
                }
            }
            Record::LeaseReturned(returned) => {
                let mut written = returned.written.iter();
                if written.any(|one| is_named(&returned.database, (&one.schema, &one.table))) {
                    tests.insert(returned.test.as_str().to_owned());
                }
            }
            _ => {}
        }
    }
}

fn names_a_test(identity: &Identity) -> bool {
    match identity {
        Identity::DatabaseName | Identity::Options | Identity::Console => true,
        Identity::Environment { key } => {
            matches!(key.as_str(), "NEXTEST_TEST_NAME" | "PYTEST_CURRENT_TEST" | "PROOFMARK_TEST")
        }
        Identity::Process | Identity::Unknown => false,
    }
}
