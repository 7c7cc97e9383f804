//! `deferred-never-violated`: a constraint that can wait was never refused at COMMIT.
//!
//! In: a finished run. Out: a finding per deferrable promise.
//!
//! **Invariant:** a refusal by another statement does not count.

use proofmark_catalog::{Attribution, Deferrable};
use proofmark_coverage::refusal_fields;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::subject::Words;
use crate::{Finding, Finished, State, Subject};

pub(super) static CHECK: Check = Check {
    id: "deferred-never-violated",
    severity: Severity::Note,
    what: "A deferrable constraint was never refused at COMMIT",
    why: "\
It may be broken inside of a transaction and is checked at its end; the error then comes from \
COMMIT, where much code expects none.",
    example: "\
A cycle of two tables is stored with a deferred foreign key; no test commits half of it.",
    what_to_do: "\
Write a test that leaves the constraint broken until COMMIT, and expect the refusal there.",
    limits: "\
A refusal counts as one at COMMIT if the statement that failed was COMMIT, END or SET \
CONSTRAINTS.
That it was broken and mended before COMMIT cannot be seen.",
    accept: "\
Constraints that are deferrable only so that rows can be loaded in any order.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/deferred-never-violated/schema.sql"),
        suite: include_str!("../../scenarios/deferred-never-violated/suite.sql"),
        finds: "deferred-never-violated:shop:public.book.book_has_author",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for database in &finished.databases {
        let deferrable = |subject: &&Subject<'_>| {
            subject.promise.deferrable != Deferrable::No && subject.state != State::NotEnforced
        };
        let mut left: Vec<&Subject<'_>> = database.subjects.iter().filter(deferrable).collect();
        if left.is_empty() {
            continue;
        }
        for lease in finished.leases.iter().filter(|lease| lease.database == database.name) {
            for (_, refusal) in lease.errors.iter().filter(|(statement, _)| is_the_end(statement)) {
                if let Attribution::Promise(id) =
                    database.catalog.attribute(&refusal_fields(refusal))
                {
                    left.retain(|subject| subject.promise.id != id);
                }
            }
        }
        for subject in left {
            let words = Words {
                title: format!("`{}` was never refused at COMMIT", subject.name()),
                label: "can wait until COMMIT".to_owned(),
                notes: Vec::new(),
                aim: None,
            };
            found.push(subject.finding(&CHECK, database, words));
        }
    }
    found
}

/// Whether deferred constraints are checked by this statement.
fn is_the_end(statement: &str) -> bool {
    let mut words = statement.split_whitespace().map(str::to_ascii_lowercase);
    match words.next().as_deref().map(|word| word.trim_end_matches(';')) {
        Some("commit" | "end") => true,
        Some("set") => words.next().as_deref() == Some("constraints"),
        _ => false,
    }
}
