//! What a lease did besides what counts for a promise, as the trace has it.
//!
//! In: what the proxy saw of a lease, and what its database answered. Out: [`LeaseEvidence`], and
//! the shapes of statements that were not in the trace yet. Main type: [`Observer`].
//!
//! **Invariant**: a refused move is told only where exactly one pair of declared states reads like
//! the refused key.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use proofmark::config::EvidenceWanted;
use proofmark_catalog::{Catalog, History, PromiseId, Question, StateColumn, state_address};
use proofmark_pool::{Answers, Evidence, Questions};
use proofmark_proxy::{FailingKey, LeaseId, Seen, StatementSeen};
use proofmark_trace::{
    CheckLeft, LeaseEvidence, MovesLeft, Record, RefusedMove, RowsLeft, StatementCalls,
    StatementText, StatesLeft,
};

use super::deep::deep;
use super::recorder::Recorder;

/// Shapes that are kept of one run; statements beyond that are counted as left out.
const SHAPES_MAX: usize = 10_000;

/// Turns what was seen into what the trace has.
#[derive(Debug, Default)]
pub(super) struct Observer {
    /// Per database and table, what was asked.
    asked: HashMap<String, HashMap<(String, String), Vec<Question>>>,
    shapes: Mutex<HashMap<String, u32>>,
}

impl Observer {
    /// What to ask the databases that are copies of `catalog`, by the name `database`.
    pub(super) fn questions(
        &mut self,
        database: &str,
        catalog: &Catalog,
        wanted: EvidenceWanted,
    ) -> Questions {
        let mut questions = Questions { scans: wanted.indexes, ..Questions::default() };
        let asked = self.asked.entry(database.to_owned()).or_default();
        for table in catalog.questions() {
            if !wanted.rows {
                break;
            }
            let key = (table.table.schema, table.table.name);
            let (meant, sql) = table.questions.into_iter().unzip();
            asked.insert(key.clone(), meant);
            questions.rows.insert(key, sql);
        }
        questions
    }

    /// Writes what is known of `lease` to the trace; `catalog` is that of its database.
    pub(super) fn record(
        &self,
        recorder: &Recorder,
        lease: LeaseId,
        catalog: Option<(&str, &Catalog)>,
        seen: Seen,
        evidence: Evidence,
    ) {
        let mut told = LeaseEvidence {
            lease,
            statements_left_out: seen.statements_left_out,
            open_transactions: seen.sessions_left_in_transaction.into(),
            open_sessions: seen.sessions_left_open.into(),
            scans: evidence.scans,
            ..LeaseEvidence::default()
        };
        told.statements = seen.statements.map(|statements| {
            let calls = statements.into_iter();
            calls
                .filter_map(|one| self.calls(recorder, one, &mut told.statements_left_out))
                .collect()
        });
        if let Some((database, catalog)) = catalog {
            let asked = self.asked.get(database);
            told.rows = evidence.rows.map(|answers| {
                answers.into_iter().filter_map(|answers| rows_left(asked?, answers)).collect()
            });
            told.refused_moves = refused_moves(catalog, &seen.failing_keys);
            told.deep = evidence.counts.map(|counts| deep(catalog, counts));
        }
        recorder.add(Record::Evidence(Box::new(told)));
    }

    fn calls(
        &self,
        recorder: &Recorder,
        seen: StatementSeen,
        left_out: &mut u64,
    ) -> Option<StatementCalls> {
        let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shapes.get(&seen.shape).copied();
        let statement = match known {
            Some(statement) => statement,
            None if shapes.len() >= SHAPES_MAX => {
                *left_out += seen.calls;
                return None;
            }
            None => {
                let statement = u32::try_from(shapes.len()).unwrap_or(u32::MAX);
                shapes.insert(seen.shape.clone(), statement);
                // Under the lock, so that no lease refers to what is not written yet.
                recorder.add(Record::Statement(StatementText { statement, shape: seen.shape }));
                statement
            }
        };
        Some(StatementCalls {
            statement,
            calls: seen.calls,
            rows: seen.rows,
            us: seen.elapsed_us,
            failed: seen.failed,
            without_rows: seen.without_rows,
            in_a_row: if seen.in_a_row_max > 1 { seen.in_a_row_max } else { 0 },
        })
    }
}

fn rows_left(
    asked: &HashMap<(String, String), Vec<Question>>,
    answers: Answers,
) -> Option<RowsLeft> {
    let Answers { schema, table, answers } = answers;
    let key = (schema, table);
    let questions = asked.get(&key)?;
    let mut left = RowsLeft { schema: key.0, table: key.1, ..RowsLeft::default() };
    for (question, answer) in questions.iter().zip(answers) {
        let Some(answer) = answer else { continue };
        match question {
            Question::Column(column) if answer == "true" => left.columns.push(column),
            Question::Column(_) => {}
            Question::States { table, column } => {
                let states: Vec<String> = serde_json::from_str(&answer).unwrap_or_default();
                left.states.push(StatesLeft { column: state_address(table, column), states });
            }
            Question::Moves { promise } => {
                let moves = serde_json::from_str(&answer).unwrap_or_default();
                left.moves.push(MovesLeft { promise: promise.clone(), moves });
            }
            Question::Check(promise) => {
                let mut numbers = answer.split(' ').map(|number| number.parse().unwrap_or(0));
                let (as_true, as_null) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
                if as_true + as_null > 0 {
                    left.checks.push(CheckLeft { promise: promise.clone(), as_true, as_null });
                }
            }
        }
    }
    Some(left)
}

fn refused_moves(catalog: &Catalog, keys: &[FailingKey]) -> Vec<RefusedMove> {
    let mut refused: Vec<RefusedMove> = Vec::new();
    for key in keys {
        let Some((promise, (from, to))) = refused_move(catalog, key) else { continue };
        let same =
            |one: &&mut RefusedMove| (&one.promise, &one.from, &one.to) == (&promise, &from, &to);
        match refused.iter_mut().find(same) {
            Some(one) => one.times += 1,
            None => refused.push(RefusedMove { promise, from, to, times: 1 }),
        }
    }
    refused
}

fn refused_move(catalog: &Catalog, key: &FailingKey) -> Option<(PromiseId, (String, String))> {
    catalog.state_columns.iter().find_map(|column| {
        let histories = &column.transitions.as_ref()?.histories;
        let history = histories.iter().find(|history| is_of(history, catalog, key))?;
        let pair = pair(column, history, key)?;
        Some((history.promise.clone(), pair))
    })
}

/// Whether `key` was refused by the foreign key of `history`, or by that of a partition.
fn is_of(history: &History, catalog: &Catalog, key: &FailingKey) -> bool {
    catalog.promise(&history.promise).is_some_and(|promise| {
        promise.reported_as.iter().any(|reported| {
            reported.schema == key.schema
                && reported.table.as_ref() == Some(&key.table)
                && reported.name.as_ref() == Some(&key.constraint)
        })
    })
}

/// The one pair of declared states that reads like the values of `key`.
fn pair(column: &StateColumn, history: &History, key: &FailingKey) -> Option<(String, String)> {
    let (from, to) = (&history.from, &history.to);
    let is_turned = key.columns == format!("{to}, {from}");
    if !is_turned && key.columns != format!("{from}, {to}") {
        return None;
    }
    let pairs = column.states.iter().flat_map(|a| column.states.iter().map(move |b| (a, b)));
    let mut fitting = pairs.filter(|(a, b)| {
        let (first, second) = if is_turned { (b, a) } else { (a, b) };
        key.key_text == format!("{first}, {second}")
    });
    let (from, to) = fitting.next()?;
    fitting.next().is_none().then(|| (from.clone(), to.clone()))
}
