//! `foreign-key-action-never-taken`: ON DELETE or ON UPDATE was never carried out.
//!
//! In: a finished run. Out: a finding per foreign key and action.
//!
//! **Invariant:** without deep mode only what certainly did not happen is reported.

use std::collections::BTreeSet;

use proofmark_catalog::{ForeignKeyAction, PromiseKind, TableName};
use proofmark_coverage::ActionOn;

use super::{Check, Scenario};
use crate::model::Severity;
use crate::subject::Words;
use crate::{Database, Finding, Finished, Subject};

pub(super) static CHECK: Check = Check {
    id: "foreign-key-action-never-taken",
    severity: Severity::Warning,
    what: "A foreign key deletes or changes rows by itself, and no test has let it",
    why: "\
`ON DELETE CASCADE` is code that deletes. Whether it deletes the right rows, and only those, \
no test has seen.",
    example: "\
Deleting a customer deletes the customer's orders; no test deletes a customer.",
    what_to_do: "\
Delete a row that is referred to, and look at what became of the others.",
    limits: "\
Without deep mode it is known only that no row of the table referred to was deleted by any test.
With `--deep`, calls of the action itself are counted, also where it found no row, and where \
what it did was rolled back.
For ON UPDATE only deep mode can tell.
Two foreign keys of the same columns with the same action are told apart by nothing: both count.",
    accept: "\
Where rows are never deleted by the application, and the action is for administrators.",
    scenario: Scenario {
        schema: include_str!("../../scenarios/foreign-key-action-never-taken/schema.sql"),
        suite: include_str!("../../scenarios/foreign-key-action-never-taken/suite.sql"),
        finds: "foreign-key-action-never-taken:shop:public.orders.orders_customer on delete",
        ..Scenario::PLAIN
    },
    find,
};

fn find(finished: &Finished<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let evidence = &finished.coverage.evidence;
    for database in &finished.databases {
        let actions = evidence.databases.iter().find(|one| one.database == database.name);
        let actions = actions.map(|one| one.actions.as_slice()).unwrap_or_default();
        if evidence.looked.actions {
            for action in actions.iter().filter(|action| action.asked.times == 0) {
                if let Some(subject) = database.subject(&action.promise) {
                    let on = match action.on {
                        ActionOn::Delete => "DELETE",
                        ActionOn::Update => "UPDATE",
                    };
                    found.push(finding(database, subject, on, &action.action));
                }
            }
            continue;
        }
        let deleted = deleted(finished, database);
        for subject in &database.subjects {
            let PromiseKind::ForeignKey(key) = &subject.promise.kind else { continue };
            let Some(action) = word(key.on_delete) else { continue };
            if !deleted.contains(&key.references) {
                found.push(finding(database, subject, "DELETE", action));
            }
        }
    }
    found
}

fn finding(database: &Database<'_>, subject: &Subject<'_>, on: &str, action: &str) -> Finding {
    let name = subject.name();
    let words = Words {
        title: format!("no test let `{name}` do its ON {on} {action}"),
        label: format!("ON {on} {action} was never carried out"),
        notes: Vec::new(),
        aim: None,
    };
    let worded = subject.finding(&CHECK, database, words);
    let address = format!("{} on {}", subject.promise.id, on.to_ascii_lowercase());
    let addressed = CHECK.finding(Some(database.name), &address);
    Finding {
        id: addressed.id,
        accept: addressed.accept,
        subject: addressed.subject,
        tests: Vec::new(),
        ..worded
    }
}

/// The tables of which some test deleted a row, committed or not, and the wholes that they are
/// partitions of.
fn deleted(finished: &Finished<'_>, database: &Database<'_>) -> BTreeSet<TableName> {
    let returned = finished.leases.iter().filter_map(|lease| lease.returned);
    let mut deleted: BTreeSet<TableName> = returned
        .filter(|returned| returned.database == database.name)
        .flat_map(|returned| &returned.written)
        .filter(|table| table.deleted > 0)
        .map(|table| TableName::new(&table.schema, &table.table))
        .collect();
    let tables = database.catalog.tables.iter();
    let roots: Vec<TableName> =
        tables.filter(|t| deleted.contains(&t.name)).map(|t| t.root.clone()).collect();
    deleted.extend(roots);
    deleted
}

fn word(action: ForeignKeyAction) -> Option<&'static str> {
    match action {
        ForeignKeyAction::NoAction | ForeignKeyAction::Restrict => None,
        ForeignKeyAction::Cascade => Some("CASCADE"),
        ForeignKeyAction::SetNull => Some("SET NULL"),
        ForeignKeyAction::SetDefault => Some("SET DEFAULT"),
    }
}
