//! `bound-never-tried`: the value at which a comparison turns was never stored or refused.
//!
//! In: a finished run in deep mode. Out: a finding per clause with a bound.
//!
//! **Invariant:** a comparison that was never looked at is
//! [`clause_never_decisive`](super::clause_never_decisive)'s.

use super::{Check, Scenario, clauses};
use crate::model::Severity;
use crate::subject::Words;
use crate::{Finding, Finished};

pub(super) static CHECK: Check = Check {
    id: "bound-never-tried",
    severity: Severity::Note,
    what: "A comparison in a CHECK was never tried with both sides equal",
    why: "\
`<` and `<=` differ in one value, and no test has used it.
Off by one is the mistake that is made most often, in the CHECK and in the code before it.",
    example: "\
`CHECK (refunded <= captured)`; tests refund some of it and too much, and never all.",
    what_to_do: "\
Write a test with exactly the bound, and expect what the business expects.",
    limits: "\
Only of a run with `--deep`.
Of comparisons by `<`, `<=`, `>` and `>=` whose sides can be equal at all; with a time such as \
`now()` or a measured number nobody meets the bound.",
    accept: "\
Bounds that only keep nonsense out, such as a length of 10,000 characters.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/bound-never-tried/schema.sql"),
        suite: include_str!("../../scenarios/bound-never-tried/suite.sql"),
        arguments: &["--deep"],
        finds: "bound-never-tried:shop:\
                public.payment.refunded_within_captured: refunded <= captured",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    clauses::each(finished, |database, subject, clause, _| {
        let bound = clause.at_bound.as_ref()?;
        let seen = clause.as_true.times + clause.as_false.times > 0;
        if bound.times > 0 || !seen {
            return None;
        }
        let words = Words {
            title: format!(
                "no test tried `{}` in `{}` with both sides equal",
                clause.clause,
                subject.name()
            ),
            label: format!("{} was never tried at its bound", clause.clause),
            notes: Vec::new(),
            aim: None,
        };
        Some(clauses::finding(&CHECK, database, subject, clause, words))
    })
}
