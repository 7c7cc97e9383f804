//! From what leases did to what the runs did together.
//!
//! In: catalogs, and the evidence of one lease after the other. Out: [`Evidence`] and the state
//! columns of each database. Main type: [`Gathering`].
//!
//! **Invariant**: what was looked for in no lease is not said to be missing: `looked` is false
//! then. Leases that did not answer although others did are counted.

mod rows;
mod scans;
mod statements;
mod states;

use std::collections::BTreeMap;

use proofmark_catalog::Catalog;
use proofmark_trace::{LeaseEvidence, Record, Run};

use self::rows::Rows;
use self::scans::Reads;
use self::statements::Statements;
use self::states::States;
use crate::lease::Lease;
use crate::model::{DatabaseEvidence, Evidence, LeftOpen, Looked, StateCoverage};
use crate::tests_seen::{Roll, TestNumber};

/// The evidence so far.
#[derive(Default)]
pub(crate) struct Gathering<'a> {
    databases: BTreeMap<&'a str, OfDatabase<'a>>,
    statements: Statements<'a>,
    left_open: BTreeMap<(&'a str, TestNumber), (u64, u64)>,
    direct_leases: u64,
    /// Leases that came back.
    returned: u64,
    /// Leases of which it is known what was looked for: statements, indexes, rows, deep,
    /// actions.
    known: [u64; 5],
}

/// The evidence of one database.
#[derive(Default)]
struct OfDatabase<'a> {
    reads: Reads<'a>,
    rows: Rows<'a>,
    states: States<'a>,
}

/// The shapes of a run's statements, by their numbers.
pub(crate) type Shapes<'a> = BTreeMap<u32, &'a str>;

/// Those of `run`.
pub(crate) fn shapes(run: &Run) -> Shapes<'_> {
    let records = run.entries.iter();
    records
        .filter_map(|entry| match &entry.record {
            Record::Statement(one) => Some((one.statement, one.shape.as_str())),
            _ => None,
        })
        .collect()
}

impl<'a> Gathering<'a> {
    pub(crate) fn know(&mut self, database: &'a str, catalog: &'a Catalog) {
        let known = self.databases.entry(database).or_default();
        known.reads.know(catalog);
        known.rows.know(catalog);
        known.states.know(catalog);
    }

    /// Adds what `lease` did.
    pub(crate) fn lease(
        &mut self,
        lease: &Lease<'a>,
        test: Option<TestNumber>,
        shapes: &Shapes<'a>,
    ) {
        self.direct_leases += u64::from(lease.is_direct);
        let (Some(database), true) = (lease.database, lease.written.is_some()) else { return };
        self.returned += 1;
        let known = self.databases.entry(database).or_default();
        for table in lease.written.into_iter().flatten() {
            known.reads.written(table, test);
        }
        let Some(evidence) = lease.evidence else { return };
        count(&mut self.known, evidence);
        if let Some(scans) = &evidence.scans {
            known.reads.read(scans, test);
        }
        for left in evidence.rows.iter().flatten() {
            known.rows.left(left, test);
            known.states.left(left, test);
        }
        for refused in &evidence.refused_moves {
            known.states.refused(refused, test);
        }
        if let Some(deep) = &evidence.deep {
            known.rows.deep(deep, test);
        }
        if let Some(test) = test {
            self.statements.lease(database, test, evidence, shapes);
            if evidence.open_sessions + evidence.open_transactions > 0 {
                let open = self.left_open.entry((database, test)).or_default();
                open.0 += evidence.open_transactions;
                open.1 += evidence.open_sessions;
            }
        }
    }

    /// The evidence, and the state columns by database.
    pub(crate) fn finish(
        self,
        roll: &Roll<'_>,
    ) -> (Evidence, BTreeMap<&'a str, Vec<StateCoverage>>) {
        let [statements, indexes, rows, deep, actions] = self.known.map(|count| count > 0);
        let unknown = self.known.map(|count| if count > 0 { self.returned - count } else { 0 });
        let unknown_leases = unknown.into_iter().max().unwrap_or(0);
        let looked = Looked { statements, indexes, rows, deep, actions, unknown_leases };
        let mut databases = Vec::new();
        let mut states = BTreeMap::new();
        for (database, known) in self.databases {
            let (tables, indexes) = known.reads.finish(&known.rows, roll);
            let rows::Finished { checks, clauses, actions, left_out } = known.rows.finish(roll);
            let database_evidence = DatabaseEvidence {
                database: database.to_owned(),
                tables,
                indexes,
                checks,
                clauses,
                clauses_left_out: left_out,
                actions,
            };
            databases.push(database_evidence);
            states.insert(database, known.states.finish(looked, roll));
        }
        let left_open = self.left_open.into_iter().filter_map(|((database, test), open)| {
            let (database, test) = (database.to_owned(), roll.name(test)?.clone());
            Some(LeftOpen { database, test, transactions: open.0, connections: open.1 })
        });
        let (statements, statements_left_out, repeated) = self.statements.finish(roll);
        let evidence = Evidence {
            looked,
            databases,
            statements,
            statements_left_out,
            repeated,
            failed: Vec::new(),
            left_open: left_open.take(Evidence::TESTS_MAX).collect(),
            direct_leases: self.direct_leases,
        };
        (evidence, states)
    }
}

/// Counts a lease for each kind of evidence that it has.
fn count(known: &mut [u64; 5], evidence: &LeaseEvidence) {
    let has = [
        evidence.statements.is_some(),
        evidence.scans.is_some(),
        evidence.rows.is_some(),
        evidence.deep.is_some(),
        evidence.deep.as_ref().is_some_and(|deep| deep.actions.is_some()),
    ];
    for (count, has) in known.iter_mut().zip(has) {
        *count += u64::from(has);
    }
}
