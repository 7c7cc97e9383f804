//! Statements of all runs by their shape.
//!
//! In: the calls of one lease after the other. Out: the costliest statements, and those that came
//! many times in a row. Main type: [`Statements`].
//!
//! **Invariant**: bounded; calls of what is left out are counted.

use std::cmp::Reverse;
use std::collections::HashMap;

use proofmark_trace::{LeaseEvidence, StatementCalls};

use super::Shapes;
use crate::model::{Evidence, OnConflict, Repeated, StatementEvidence};
use crate::tally::Tally;
use crate::tests_seen::{Roll, TestNumber};

/// Executions in a row that are a loop.
const IN_A_ROW_MIN: u64 = 10;

#[derive(Default)]
pub(super) struct Statements<'a> {
    /// By database and shape.
    all: HashMap<(&'a str, &'a str), Total>,
    repeated: Vec<(u64, u64, &'a str, TestNumber, &'a str)>,
    left_out: u64,
}

#[derive(Default)]
struct Total {
    calls: Tally,
    rows: u64,
    elapsed_us: u64,
    failed: u64,
    without_rows: u64,
}

impl<'a> Statements<'a> {
    pub(super) fn lease(
        &mut self,
        database: &'a str,
        test: TestNumber,
        evidence: &LeaseEvidence,
        shapes: &Shapes<'a>,
    ) {
        self.left_out += evidence.statements_left_out;
        for calls in evidence.statements.iter().flatten() {
            // Of a torn trace the line with the shape may be missing.
            let Some(&shape) = shapes.get(&calls.statement) else {
                self.left_out += calls.calls;
                continue;
            };
            self.all.entry((database, shape)).or_default().add(calls, test);
            if calls.in_a_row >= IN_A_ROW_MIN {
                self.repeated.push((calls.in_a_row, calls.us, database, test, shape));
            }
        }
        if self.repeated.len() > 2 * Evidence::TESTS_MAX {
            self.bound();
        }
    }

    fn bound(&mut self) {
        self.repeated.sort_by_key(|(times, us, ..)| Reverse((*times, *us)));
        self.repeated.truncate(Evidence::TESTS_MAX);
    }

    pub(super) fn finish(
        mut self,
        roll: &Roll<'_>,
    ) -> (Vec<StatementEvidence>, u64, Vec<Repeated>) {
        self.bound();
        let mut all: Vec<_> = self.all.into_iter().collect();
        all.sort_by_key(|(key, total)| (Reverse(total.elapsed_us), *key));
        let rest = all.split_off(all.len().min(Evidence::STATEMENTS_MAX));
        let left_out = rest.iter().map(|(_, total)| total.calls.times()).sum::<u64>();
        let statements = all.into_iter().map(|((database, shape), total)| StatementEvidence {
            database: database.to_owned(),
            shape: shape.to_owned(),
            calls: total.calls.finish(roll),
            rows: total.rows,
            elapsed_us: total.elapsed_us,
            failed: total.failed,
            without_rows: total.without_rows,
            on_conflict: on_conflict(shape, total.without_rows),
        });
        let repeated = self.repeated.into_iter().filter_map(
            |(in_a_row, elapsed_us, database, test, shape)| {
                let (database, shape) = (database.to_owned(), shape.to_owned());
                let test = roll.name(test)?.clone();
                Some(Repeated { database, test, shape, in_a_row, elapsed_us })
            },
        );
        (statements.collect(), self.left_out + left_out, repeated.collect())
    }
}

impl Total {
    fn add(&mut self, calls: &StatementCalls, test: TestNumber) {
        self.calls.add(calls.calls, Some(test));
        self.rows += calls.rows;
        self.elapsed_us += calls.us;
        self.failed += calls.failed;
        self.without_rows += calls.without_rows;
    }
}

/// `INSERT ... VALUES ... ON CONFLICT ... DO NOTHING` that inserts no row has met a conflict with
/// every row. With `DO UPDATE` the tag counts an updated row as one, and behind a query there may
/// have been none.
fn on_conflict(shape: &str, without_rows: u64) -> Option<OnConflict> {
    let shape = shape.to_ascii_lowercase();
    let (before, behind) = shape.split_once("on conflict")?;
    let knowable = before.starts_with("insert")
        && before.contains("values")
        && !before.contains("select")
        && behind.contains("do nothing");
    Some(OnConflict { knowable, taken: if knowable { without_rows } else { 0 } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_do_nothing_behind_values_tells_a_conflict() {
        let taken = |shape: &str| on_conflict(shape, 2).map(|known| (known.knowable, known.taken));
        assert_eq!(taken("INSERT INTO t VALUES ($1) ON CONFLICT (id) DO NOTHING"), Some((true, 2)));
        assert_eq!(
            taken("INSERT INTO t VALUES ($1) ON CONFLICT (id) DO UPDATE SET a = $2"),
            Some((false, 0))
        );
        assert_eq!(taken("INSERT INTO t SELECT * FROM s ON CONFLICT DO NOTHING"), Some((false, 0)));
        assert_eq!(taken("INSERT INTO t VALUES ($1)"), None);
    }
}
