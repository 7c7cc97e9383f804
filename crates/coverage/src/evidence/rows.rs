//! Columns, CHECKs, clauses and actions: what rows said.
//!
//! In: what one lease after the other left. Out: columns that were written, CHECKs that were true
//! or unknown; of deep mode, clauses and actions. Main type: [`Rows`].
//!
//! **Invariant**: everything a catalog has is listed, whether or not it was seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proofmark_catalog::{
    Catalog, ForeignKeyAction, PromiseId, PromiseKind, Table, TableName, clauses,
};
use proofmark_trace::{Deep, RowsLeft};

use crate::model::{ActionEvidence, ActionOn, CheckEvidence, ClauseEvidence, ColumnEvidence};
use crate::tally::Tally;
use crate::tests_seen::{Roll, TestNumber};

#[derive(Default)]
pub(super) struct Rows<'a> {
    roots: HashMap<(&'a str, &'a str), &'a TableName>,
    /// By table, then by column: every row that was left asks for many columns of one table.
    columns: HashMap<&'a TableName, HashMap<&'a str, Tally>>,
    checks: BTreeMap<&'a PromiseId, (Tally, Tally)>,
    clauses: BTreeMap<(&'a PromiseId, u32), Clause>,
    actions: BTreeMap<(&'a PromiseId, ActionOn), Action>,
    /// CHECKs whose clauses nobody counted.
    left_out: BTreeSet<&'a PromiseId>,
}

struct Clause {
    text: String,
    has_bound: bool,
    cells: [Tally; 4],
}

struct Action {
    word: &'static str,
    asked: Tally,
    rows: u64,
}

/// What all leases together said.
pub(super) struct Finished {
    pub(super) checks: Vec<CheckEvidence>,
    pub(super) clauses: Vec<ClauseEvidence>,
    pub(super) actions: Vec<ActionEvidence>,
    pub(super) left_out: Vec<PromiseId>,
}

impl<'a> Rows<'a> {
    pub(super) fn know(&mut self, catalog: &'a Catalog) {
        for table in &catalog.tables {
            let name = (table.name.schema.as_str(), table.name.name.as_str());
            self.roots.entry(name).or_insert(&table.root);
            if table.root == table.name {
                let columns = self.columns.entry(&table.name).or_default();
                for column in &table.columns {
                    columns.entry(column.name.as_str()).or_default();
                }
            }
        }
        for asked in catalog.questions() {
            for (question, _) in asked.questions {
                let proofmark_catalog::Question::Check(id) = question else { continue };
                if let Some(promise) = catalog.promise(&id) {
                    self.checks.entry(&promise.id).or_default();
                }
            }
        }
        for promise in catalog.promises.iter().filter(|promise| promise.enforced) {
            match &promise.kind {
                PromiseKind::Check => {
                    let expression = promise.expression.as_deref().unwrap_or_default();
                    for (number, clause) in (0..).zip(clauses(expression)) {
                        self.clauses.entry((&promise.id, number)).or_insert_with(|| Clause {
                            text: clause.text.to_owned(),
                            has_bound: clause.bound.is_some(),
                            cells: <[Tally; 4]>::default(),
                        });
                    }
                }
                PromiseKind::ForeignKey(key) => {
                    let actions =
                        [(ActionOn::Delete, key.on_delete), (ActionOn::Update, key.on_update)];
                    for (on, action) in actions {
                        let Some(word) = word(action) else { continue };
                        self.actions.entry((&promise.id, on)).or_insert_with(|| Action {
                            word,
                            asked: Tally::default(),
                            rows: 0,
                        });
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn left(&mut self, left: &'a RowsLeft, test: Option<TestNumber>) {
        let root = self.roots.get(&(left.schema.as_str(), left.table.as_str()));
        if let Some(columns) = root.and_then(|root| self.columns.get_mut(root)) {
            for column in left.columns.iter() {
                if let Some(tally) = columns.get_mut(column) {
                    tally.add(1, test);
                }
            }
        }
        for check in &left.checks {
            let Some((as_true, as_null)) = self.checks.get_mut(&check.promise) else { continue };
            if check.as_true > 0 {
                as_true.add(1, test);
            }
            if check.as_null > 0 {
                as_null.add(1, test);
            }
        }
    }

    pub(super) fn deep(&mut self, deep: &'a Deep, test: Option<TestNumber>) {
        for seen in &deep.clauses {
            let Some(clause) = self.clauses.get_mut(&(&seen.promise, seen.clause)) else {
                continue;
            };
            let cells = [seen.as_true, seen.as_false, seen.as_null, seen.at_bound];
            for (tally, _) in clause.cells.iter_mut().zip(cells).filter(|(_, came)| *came) {
                tally.add(1, test);
            }
        }
        self.left_out.extend(&deep.left_out);
        for seen in deep.actions.iter().flatten() {
            let on = if seen.on_delete { ActionOn::Delete } else { ActionOn::Update };
            if let Some(action) = self.actions.get_mut(&(&seen.promise, on)) {
                action.asked.add(seen.calls, test);
                action.rows += seen.rows;
            }
        }
    }

    pub(super) fn columns(&self, table: &Table, roll: &Roll<'_>) -> Vec<ColumnEvidence> {
        let written = |column: &str| {
            let columns = self.columns.get(&table.name);
            let tally = columns.and_then(|columns| columns.get(column)).cloned();
            tally.unwrap_or_default().finish(roll)
        };
        table
            .columns
            .iter()
            .map(|column| ColumnEvidence {
                column: column.name.clone(),
                written: written(&column.name),
                knowable: column.is_written_visibly(),
            })
            .collect()
    }

    pub(super) fn finish(self, roll: &Roll<'_>) -> Finished {
        let checks = self.checks.into_iter().map(|(promise, (as_true, as_null))| CheckEvidence {
            promise: promise.clone(),
            as_true: as_true.finish(roll),
            as_null: as_null.finish(roll),
        });
        let left_out = self.left_out;
        let counted =
            self.clauses.into_iter().filter(|((promise, _), _)| !left_out.contains(promise));
        let clauses = counted.map(|((promise, _), clause)| {
            let [as_true, as_false, as_null, at_bound] =
                clause.cells.map(|tally| tally.finish(roll));
            ClauseEvidence {
                promise: promise.clone(),
                clause: clause.text,
                as_true,
                as_false,
                as_null,
                at_bound: clause.has_bound.then_some(at_bound),
            }
        });
        let actions = self.actions.into_iter().map(|((promise, on), action)| ActionEvidence {
            promise: promise.clone(),
            on,
            action: action.word.to_owned(),
            asked: action.asked.finish(roll),
            rows: action.rows,
        });
        Finished {
            checks: checks.collect(),
            clauses: clauses.collect(),
            actions: actions.collect(),
            left_out: left_out.iter().copied().cloned().collect(),
        }
    }
}

/// What SQL calls an action that writes; the others only refuse.
fn word(action: ForeignKeyAction) -> Option<&'static str> {
    match action {
        ForeignKeyAction::NoAction | ForeignKeyAction::Restrict => None,
        ForeignKeyAction::Cascade => Some("CASCADE"),
        ForeignKeyAction::SetNull => Some("SET NULL"),
        ForeignKeyAction::SetDefault => Some("SET DEFAULT"),
    }
}
