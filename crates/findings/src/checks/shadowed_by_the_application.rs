//! `shadowed-by-the-application`: a test means this promise, but no statement reached it.
//!
//! In: a finished run. Out: a finding per promise that was never refused.
//!
//! **Invariant:** a promise that refused once, in whichever test, is not shadowed.

use std::collections::{BTreeSet, HashMap};

use super::{Check, Scenario};
use crate::model::Severity;
use crate::subject::Words;
use crate::suggest::Aim;
use crate::{Finding, Finished, State, Subject};

pub(super) static CHECK: Check = Check {
    id: "shadowed-by-the-application",
    severity: Severity::Note,
    what: "A test says that it means this promise, passes, and the database refused nothing",
    why: "\
The application has a check of its own and refuses first, so the test says nothing about the \
database.
That is fine until a second code path, a script or another service writes the same table.",
    example: "\
`refunds::refund_within_capture_is_refused` passes; the handler answered 422 before it sent a \
statement.",
    what_to_do: "\
Keep the test for the application, and add one that writes past it: the promise must refuse \
by its own name.",
    limits: "\
It is guessed from names: the words of the promise's name stand in the name of a test that \
met no error at all, beside a word such as `refused` or `invalid`.
The confidence is said in the finding: high from three words on, else low.
A finding of `never-refused` says the same without guessing.",
    accept: "\
Where the names fit by chance.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/shadowed-by-the-application/schema.sql"),
        suite: include_str!("../../scenarios/shadowed-by-the-application/suite.sql"),
        finds: "shadowed-by-the-application:shop:public.refund.refund_within_captured",
        ..Scenario::PLAIN
    },
    find,
};

/// Words by which a test's name says that something must not happen.
const REFUSING: [&str; 22] = [
    "refuse",
    "refuses",
    "refused",
    "reject",
    "rejects",
    "rejected",
    "invalid",
    "cannot",
    "never",
    "must",
    "fails",
    "fail",
    "denied",
    "forbidden",
    "not",
    "error",
    "without",
    "over",
    "too",
    "negative",
    "duplicate",
    "twice",
];

/// Words of a promise's name that say nothing about what it means.
const IDLE: [&str; 12] =
    ["check", "key", "fkey", "pkey", "excl", "idx", "uniq", "unique", "the", "is", "chk", "not"];

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let tests = Tests::of(finished);
    let mut found = Vec::new();
    for database in &finished.databases {
        let never = |subject: &&Subject<'_>| subject.state == State::NeverRefused;
        for subject in database.subjects.iter().filter(never) {
            if !subject.kind().counts() {
                continue;
            }
            let words = meaning(&subject.name());
            let meant = tests.with_all(database.name, &words);
            if words.len() < 2 || meant.is_empty() {
                continue;
            }
            let confidence = if words.len() >= 3 { "high" } else { "low" };
            let title = format!(
                "`{}` seems to be meant by a test, but the database refused nothing",
                subject.name()
            );
            let words = Words {
                title,
                label: "the application seems to have refused first".to_owned(),
                notes: vec![
                    format!("confidence: {confidence}"),
                    format!("the test that seems to mean it: {}", meant[0]),
                ],
                aim: Some(Aim::Refused),
            };
            let tests = meant.iter().take(10).map(|test| (*test).to_owned()).collect();
            found.push(Finding { tests, ..subject.finding(&CHECK, database, words) });
        }
    }
    found
}

/// The words that say what a promise means.
fn meaning(name: &str) -> BTreeSet<String> {
    words(name).filter(|word| !IDLE.contains(&word.as_str())).collect()
}

fn words(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
    parts.map(str::to_lowercase)
}

/// The tests that met no error and say that something must not happen, by word.
struct Tests<'a> {
    by_word: HashMap<(&'a str, String), BTreeSet<&'a str>>,
}

impl<'a> Tests<'a> {
    fn of(finished: &Finished<'a>) -> Self {
        let mut by_word: HashMap<(&str, String), BTreeSet<&str>> = HashMap::new();
        for lease in finished.leases.iter().filter(|lease| lease.of_one_test) {
            let all: BTreeSet<String> = words(lease.test).collect();
            let refusing = REFUSING.iter().any(|word| all.contains(*word));
            if refusing && lease.errors.is_empty() && !lease.failed() && !lease.direct {
                for word in all {
                    by_word.entry((lease.database, word)).or_default().insert(lease.test);
                }
            }
        }
        Self { by_word }
    }

    fn with_all(&self, database: &'a str, words: &BTreeSet<String>) -> Vec<&'a str> {
        let sets: Option<Vec<_>> =
            words.iter().map(|word| self.by_word.get(&(database, word.clone()))).collect();
        let Some(mut sets) = sets else { return Vec::new() };
        // The rarest word leaves the fewest tests to look at.
        sets.sort_by_key(|set| set.len());
        let Some((rarest, others)) = sets.split_first() else { return Vec::new() };
        let has_all = |test: &&&str| others.iter().all(|set| set.contains(**test));
        rarest.iter().filter(has_all).copied().collect()
    }
}
