//! The checks: one file each.
//!
//! In: a finished run. Out: findings, the worst first. Main value: [`CHECKS`].
//!
//! **Invariant:** a check looks at the run and at nothing that another check says.

mod check;
mod masked;
mod never_accepted;
mod never_refused;
mod never_tried;
mod promises;

pub use check::Check;

use crate::{Finding, Finished};

/// All checks, the worst first: a test that is green for the wrong reason, then what every row
/// passes and nobody would miss, then what no test uses, then what only refuses.
pub static CHECKS: [&Check; 4] =
    [&masked::CHECK, &never_refused::CHECK, &never_tried::CHECK, &never_accepted::CHECK];

/// The check of this id.
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.id == id)
}

/// What all checks report: the worst first, of equal ones in the order of [`CHECKS`].
pub(crate) fn run(finished: &Finished<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        CHECKS.iter().flat_map(|check| (check.find)(finished)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}
