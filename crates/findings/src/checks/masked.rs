//! `masked`: a test broke this promise, but another one refused.
//!
//! In: promises. Out: a finding for each that was broken and never refused by its own name.
//!
//! **Invariant:** a refusal counts for the promise that it names and for no other.

use super::{Check, Scenario, promises};
use crate::model::Severity;
use crate::subject::Words;
use crate::suggest::Aim;
use crate::{Finding, Finished, State};

pub(super) static CHECK: Check = Check {
    id: "masked",
    severity: Severity::Warning,
    what: "A promise was broken by a test, but another promise refused the row",
    why: "\
The test that meant this promise is green for the wrong reason.
Drop the promise and the test stays green: nobody would notice.
PostgreSQL reports the first promise that a row breaks and is silent about the others.",
    example: "\
A refund of -5 on a capture of -10 breaks `amount > 0` and `amount <= captured` at once.
The server names `refund_amount_positive`; a test that expects `some error` passes.",
    what_to_do: "\
Write a row that breaks this promise alone, and expect its name.
The suggested statement is a start.",
    limits: "\
A refused row is checked against the other promises of its table where the server shows the row: \
CHECKs and NOT NULLs, of rows up to the length that the server prints.",
    accept: "\
Where one promise follows from another, so that no row can break it alone.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/masked/schema.sql"),
        suite: include_str!("../../scenarios/masked/suite.sql"),
        finds: "masked:shop:public.refund.refund_within_captured",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    promises::of_state(finished, &CHECK, State::Masked, |subject| Words {
        title: format!("whenever `{}` was broken, another promise refused", subject.name()),
        label: "never refused by this name".to_owned(),
        notes: subject.notes(),
        aim: Some(Aim::Refused),
    })
}
