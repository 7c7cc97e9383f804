//! `unnamed-constraint`: the migrations leave the name of a constraint to the server.
//!
//! In: a finished run. Out: a finding per constraint.
//!
//! **Invariant:** a name that the migrations say is never reported.

use super::{Check, Scenario};
use crate::model::{Severity, Suggestion};
use crate::subject::Words;
use crate::suggest::{identifier, qualified};
use crate::{Finding, Finished, Kind};

pub(super) static CHECK: Check = Check {
    id: "unnamed-constraint",
    severity: Severity::Note,
    what: "A constraint has a name that the server made up",
    why: "\
The name is what an application maps to a message and what a test expects.
A name that the server chose changes with the order of the declarations: `item_check1` \
becomes `item_check2`.",
    example: "\
`quantity int check (quantity > 0)` is called `item_quantity_check`; two CHECKs on the table \
are `item_check` and `item_check1`.",
    what_to_do: "\
Write `constraint item_quantity_positive check (quantity > 0)`; rename the one that is there \
with `alter table ... rename constraint`.",
    limits: "\
Primary keys and NOT NULLs are not asked for: their names are hardly ever used.
Where the declaration is not found in the migrations, nothing is said.",
    accept: "\
A schema that another tool owns.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/unnamed-constraint/schema.sql"),
        suite: include_str!("../../scenarios/unnamed-constraint/suite.sql"),
        finds: "unnamed-constraint:shop:public.item.item_quantity_check",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for database in &finished.databases {
        for subject in database.subjects.iter().filter(|subject| subject.unnamed) {
            if matches!(subject.kind(), Kind::PrimaryKey | Kind::NotNull | Kind::Enum) {
                continue;
            }
            let name = subject.name();
            let words = Words {
                title: format!("the server chose the name `{name}`"),
                label: "has no name of its own".to_owned(),
                notes: Vec::new(),
                aim: None,
            };
            let mut finding = subject.finding(&CHECK, database, words);
            finding.tests.clear();
            if let (Some(table), Some(old)) = (&subject.promise.table, &subject.promise.name) {
                finding.suggestion = Some(Suggestion {
                    title: "a migration that names it; choose the name".to_owned(),
                    sql: format!(
                        "alter table {} rename constraint {} to /* what it says */;",
                        qualified(table),
                        identifier(old)
                    ),
                });
            }
            found.push(finding);
        }
    }
    found
}
