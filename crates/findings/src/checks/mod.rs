//! The checks: one file each.
//!
//! In: a finished run. Out: findings, the worst first. Main value: [`CHECKS`].
//!
//! **Invariant:** a check looks at the run and at nothing that another check says.

mod accepted_only_as_null;
mod bound_never_tried;
mod check;
mod clause_never_decisive;
mod clauses;
mod column_never_written;
mod connection_leaked;
mod deferred_never_violated;
mod flaky_test;
mod foreign_key_action_never_taken;
mod index_never_used;
mod invariant_broken;
mod masked;
mod moves;
mod n_plus_one;
mod never_accepted;
mod never_refused;
mod never_tried;
mod not_isolated;
mod nothing_observed;
mod on_conflict_never_taken;
mod promises;
mod sequential_scan;
mod shadowed_by_the_application;
mod slow_lease;
mod slow_test;
mod state_never_stored;
mod statement_failed_and_ignored;
mod suite_bypasses_the_proxy;
mod table_never_written;
mod transaction_left_open;
mod transition_never_refused;
mod transition_never_taken;
mod unnamed_constraint;

use std::collections::BTreeSet;

pub use check::{Check, Scenario};

use crate::{Finding, Finished};

/// Tests that are named in a finding.
const TESTS_MAX: usize = 10;

/// All checks, the worst first: what is wrong, a test that is green for the wrong reason, what
/// every row passes and nobody would miss, what no test uses, and at the end what is worth to know.
pub static CHECKS: [&Check; 30] = [
    &nothing_observed::CHECK,
    &invariant_broken::CHECK,
    &not_isolated::CHECK,
    &masked::CHECK,
    &never_refused::CHECK,
    &never_tried::CHECK,
    &never_accepted::CHECK,
    &accepted_only_as_null::CHECK,
    &transition_never_taken::CHECK,
    &state_never_stored::CHECK,
    &clause_never_decisive::CHECK,
    &foreign_key_action_never_taken::CHECK,
    &on_conflict_never_taken::CHECK,
    &statement_failed_and_ignored::CHECK,
    &suite_bypasses_the_proxy::CHECK,
    &flaky_test::CHECK,
    &sequential_scan::CHECK,
    &shadowed_by_the_application::CHECK,
    &deferred_never_violated::CHECK,
    &transition_never_refused::CHECK,
    &bound_never_tried::CHECK,
    &unnamed_constraint::CHECK,
    &transaction_left_open::CHECK,
    &connection_leaked::CHECK,
    &n_plus_one::CHECK,
    &slow_test::CHECK,
    &slow_lease::CHECK,
    &table_never_written::CHECK,
    &column_never_written::CHECK,
    &index_never_used::CHECK,
];

/// The check of this id.
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.id == id)
}

/// What all checks report: the worst first, of equal ones in the order of [`CHECKS`]. Where
/// nothing was observed, only that is reported.
pub(crate) fn run(finished: &Finished<'_>) -> Vec<Finding> {
    let nothing = (nothing_observed::CHECK.find)(finished);
    if !nothing.is_empty() {
        return nothing;
    }
    let mut findings: Vec<Finding> =
        CHECKS.iter().flat_map(|check| (check.find)(finished)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// `1 test`, `2 tests`.
fn count(number: usize, one: &str) -> String {
    count_u64(number as u64, one)
}

fn count_u64(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

fn first_tests(tests: &BTreeSet<&str>) -> Vec<String> {
    tests.iter().take(TESTS_MAX).map(|test| (*test).to_owned()).collect()
}
