//! `clause-never-decisive`: a condition in a CHECK that could be left out.
//!
//! In: a finished run in deep mode. Out: a finding per clause.
//!
//! **Invariant:** of a CHECK with one clause, [`never_refused`](super::never_refused) says the
//! same, and nothing is said here.

use proofmark_coverage::ClauseEvidence;

use super::{Check, Scenario, clauses};
use crate::model::Severity;
use crate::subject::{Words, tests};
use crate::{Database, Finding, Finished, Subject, Tried};

pub(super) static CHECK: Check = Check {
    id: "clause-never-decisive",
    severity: Severity::Warning,
    what: "A condition inside of a CHECK was never false, never true, or never looked at",
    why: "\
A CHECK of several conditions counts as tried when one of them refused.
The others could be wrong, or missing, and every test would still pass.",
    example: "\
`CHECK (refunded >= 0 AND refunded <= captured)`; a test tries -1, and none refunds too much.",
    what_to_do: "\
Write a test in which only this condition decides: false while the others that AND connects are \
true, or true while the others that OR connects are false.",
    limits: "\
Only of a run with `--deep`.
A condition behind one that was false (AND) or true (OR) is not looked at by the server, and so \
not by us.
That it was false does not say that it decided: another may have been false, too.
What AND, OR and NOT connect is a condition; what stands in a CASE or in a function is not taken \
apart.",
    accept: "\
Conditions that no value of the column's type can make false.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/clause-never-decisive/schema.sql"),
        suite: include_str!("../../scenarios/clause-never-decisive/suite.sql"),
        arguments: &["--deep"],
        finds: "clause-never-decisive:shop:\
                public.payment.refunded_within_captured: refunded <= captured",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    clauses::each(finished, |database, subject, clause, of| {
        if of < 2 {
            return None;
        }
        let [as_true, as_false, as_null] =
            [&clause.as_true, &clause.as_false, &clause.as_null].map(|tried| tried.times > 0);
        let never = match (as_true, as_false, as_null) {
            (false, false, false) => "never looked at",
            (_, false, _) => "never false",
            (false, true, _) => "never true",
            (true, true, _) => return None,
        };
        Some(finding(database, subject, clause, never))
    })
}

fn finding(
    database: &Database<'_>,
    subject: &Subject<'_>,
    clause: &ClauseEvidence,
    never: &str,
) -> Finding {
    let seen =
        [("true", &clause.as_true), ("false", &clause.as_false), ("unknown", &clause.as_null)];
    let notes = seen.iter().filter(|(_, tried)| tried.times > 0).map(|(what, tried)| {
        let by: Tried = (*tried).into();
        format!("it was {what} in {}", tests(&by))
    });
    let words = Words {
        title: format!("`{}` in `{}` was {never}", clause.clause, subject.name()),
        label: format!("{} was {never}", clause.clause),
        notes: notes.collect(),
        aim: None,
    };
    clauses::finding(&CHECK, database, subject, clause, words)
}
