//! What the checks about clauses have in common.
//!
//! In: a finished run. Out: its clauses with the CHECKs that they are of, where deep mode counted
//! them.
//!
//! **Invariant:** a clause that nobody counted is in no finding.

use std::collections::BTreeMap;

use proofmark_catalog::PromiseId;
use proofmark_coverage::ClauseEvidence;

use super::Check;
use crate::subject::Words;
use crate::{Database, Finding, Finished, Subject};

/// What `find` makes of every clause; it is told how many the CHECK has.
pub(super) fn each(
    finished: &Finished<'_>,
    find: impl Fn(&Database<'_>, &Subject<'_>, &ClauseEvidence, usize) -> Option<Finding>,
) -> Vec<Finding> {
    let evidence = &finished.coverage.evidence;
    if !evidence.looked.deep {
        return Vec::new();
    }
    let mut found = Vec::new();
    for seen in &evidence.databases {
        let Some(database) = finished.database(&seen.database) else { continue };
        let mut clauses: BTreeMap<&PromiseId, usize> = BTreeMap::new();
        for clause in &seen.clauses {
            *clauses.entry(&clause.promise).or_default() += 1;
        }
        for clause in &seen.clauses {
            let of = clauses[&clause.promise];
            let subject = database.subject(&clause.promise);
            found.extend(subject.and_then(|subject| find(database, subject, clause, of)));
        }
    }
    found
}

/// The finding of a check about one clause: its address ends with the clause's text, which is the
/// server's and so the same in every run.
pub(super) fn finding(
    check: &Check,
    database: &Database<'_>,
    subject: &Subject<'_>,
    clause: &ClauseEvidence,
    words: Words,
) -> Finding {
    let worded = subject.finding(check, database, words);
    let address = format!("{}: {}", subject.promise.id, clause.clause);
    let addressed = check.finding(Some(database.name), &address);
    Finding {
        id: addressed.id,
        accept: addressed.accept,
        subject: addressed.subject,
        tests: Vec::new(),
        ..worded
    }
}
