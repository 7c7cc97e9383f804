//! A trace of a suite that nobody wrote.
//!
//! In: how many tests and constraints. Out: a file as `proofmark run` leaves it, evidence included.
//!
//! **Invariant**: the same numbers give the same file, but for its clock.

use std::path::Path;

use anyhow::Result;
use proofmark_catalog::{
    Catalog, Column, Deferrable, Promise, PromiseId, PromiseKind, ReportedAs, Table, TableKind,
    TableName,
};
use proofmark_trace::{
    CommandFinished, CommandLine, Ended, Event, Header, How, Identity, IndexRead, Lane,
    LeaseEvidence, LeaseId, LeaseReturned, Migration, Record, Refusal, RowsLeft, Run, RunFinished,
    RunId, RunStarted, Scans, ServerUsed, SessionId, StatementCalls, StatementText, TableRead,
    TableWritten, TemplateHash, TemplateUsed, TestName, Writer,
};

/// CHECKs of one table, each over a column of its own.
const PER_TABLE: usize = 20;
/// Tables that one migration makes.
const PER_MIGRATION: usize = 10;
/// Shapes of statements in the whole suite, and in one test.
const SHAPES: usize = 2_000;
const SHAPES_OF_A_TEST: usize = 12;

/// Writes the trace to `path`; where the suite was run with `evidence` switched off, it has none.
pub(crate) fn write(tests: usize, constraints: usize, evidence: bool, path: &Path) -> Result<()> {
    let tables = constraints.div_ceil(PER_TABLE);
    let mut writer = Writer::create(path, &Run::new(Header::now(RunId::new("bench"))).header)?;
    writer.append(Record::RunStarted(RunStarted {
        command: CommandLine::redacted(["cargo", "test"]),
        databases: vec![TemplateUsed {
            name: "shop".to_owned(),
            template: TemplateHash("7b26bd80b30678aa400ea238".to_owned()),
            reused: true,
            ready_ms: 0,
            migrations: migrations(tables),
            invariants: 0,
            invariants_except: Vec::new(),
            isolation: None,
        }],
        server: ServerUsed::new("18.0", "made by a benchmark"),
    }))?;
    let catalog = Catalog {
        server_version_num: 180_000,
        tables: (0..tables).map(table).collect(),
        promises: (0..constraints).map(promise).collect(),
        enums: Vec::new(),
        domains: Vec::new(),
        state_columns: Vec::new(),
        indexes: Vec::new(),
    };
    writer.append(Record::Catalog { database: "shop".to_owned(), catalog: Box::new(catalog) })?;
    for number in 0..SHAPES {
        let shape =
            format!("select c_1, c_2 from table_{} where c_3 = $1 -- {number}", number % tables);
        let statement = u32::try_from(number)?;
        writer.append(Record::Statement(StatementText { statement, shape }))?;
    }
    for number in 0..tests {
        for record in lease(number, tables)? {
            if evidence || !matches!(record, Record::Evidence(_)) {
                writer.append(record)?;
            }
        }
    }
    let (exit_code, signal) = (Some(0), None);
    let finished = CommandFinished { exit_code, signal, elapsed_ms: 60_000 };
    writer.append(Record::CommandFinished(finished))?;
    writer.append(Record::RunFinished(RunFinished { elapsed_ms: 61_000 }))?;
    Ok(())
}

/// A test that writes to four tables and breaks one constraint.
fn lease(number: usize, tables: usize) -> Result<[Record; 6]> {
    let (lease, session) = (LeaseId(number as u64), SessionId(number as u64));
    let test = TestName::new(format!("suite::module_{}::test_{number}", number % 300));
    // Every tenth constraint stays untried.
    let (table, check) = (number % tables, number / tables % (PER_TABLE - 2));
    let written: Vec<String> =
        (0..4).map(|offset| format!("table_{}", (number * 7 + offset) % tables)).collect();
    Ok([
        Record::Proxy(Event::LeaseGiven {
            lease,
            database: "shop".to_owned(),
            test: test.clone(),
            identity: Identity::Process,
            real_database: format!("pm_shop_{number}"),
            wait_us: 900,
        }),
        Record::Proxy(Event::Refused {
            session,
            lease,
            lane: Lane::Proxy,
            statement: "insert into t (a) values ($1)".to_owned(),
            refusal: Refusal {
                severity: "ERROR".to_owned(),
                sqlstate: "23514".to_owned(),
                schema: Some("public".to_owned()),
                table: Some(format!("table_{table}")),
                column: None,
                datatype: None,
                constraint: Some(format!("table_{table}_{check}")),
                routine: Some("ExecConstraints".to_owned()),
            },
        }),
        Record::Proxy(Event::SessionClosed {
            session,
            lease,
            statements: 12,
            errors: 1,
            left_in_transaction: false,
            abrupt: false,
        }),
        Record::Proxy(Event::LeaseEnded {
            lease,
            how: Ended::ProcessEnded,
            failed: false,
            lane: Lane::Proxy,
        }),
        Record::LeaseReturned(LeaseReturned {
            lease,
            database: "shop".to_owned(),
            test,
            failed: false,
            kept: None,
            written: written.iter().map(|table| rows_written(table)).collect(),
            masked: Vec::new(),
            checked: 0,
            broken: Vec::new(),
            left: Vec::new(),
            how: How::default(),
            verified: false,
            differs: Vec::new(),
        }),
        Record::Evidence(Box::new(evidence(lease, number, &written)?)),
    ])
}

fn rows_written(table: &str) -> TableWritten {
    TableWritten {
        schema: "public".to_owned(),
        table: table.to_owned(),
        inserted: 3,
        updated: 1,
        deleted: 0,
        live: 3,
    }
}

fn evidence(lease: LeaseId, number: usize, written: &[String]) -> Result<LeaseEvidence> {
    let schema = || "public".to_owned();
    let statements = (0..SHAPES_OF_A_TEST).map(|offset| {
        let statement = u32::try_from((number * 13 + offset) % SHAPES)?;
        Ok(StatementCalls { statement, calls: 2, rows: 2, us: 700, ..StatementCalls::default() })
    });
    let rows = |table: &String| RowsLeft {
        schema: schema(),
        table: table.clone(),
        columns: (0..PER_TABLE - 2).map(|column| format!("c_{column}")).collect(),
        ..RowsLeft::default()
    };
    Ok(LeaseEvidence {
        lease,
        statements: Some(statements.collect::<Result<_>>()?),
        scans: Some(Scans {
            tables: (written.iter().take(1))
                .map(|table| TableRead {
                    schema: schema(),
                    table: table.clone(),
                    times: 1,
                    rows: 3,
                })
                .collect(),
            indexes: (written.iter())
                .map(|table| IndexRead {
                    schema: schema(),
                    table: table.clone(),
                    index: format!("{table}_pkey"),
                    times: 2,
                })
                .collect(),
        }),
        rows: Some(written.iter().map(rows).collect()),
        ..LeaseEvidence::default()
    })
}

fn migrations(tables: usize) -> Vec<Migration> {
    let numbers: Vec<usize> = (0..tables).collect();
    let files = numbers.chunks(PER_MIGRATION).enumerate();
    files
        .map(|(file, tables)| Migration {
            path: format!("migrations/{file:04}_tables.sql"),
            text: tables.iter().map(|table| declaration(*table)).collect(),
        })
        .collect()
}

fn declaration(table: usize) -> String {
    let lines: Vec<String> = (0..PER_TABLE)
        .map(|n| {
            format!("    c_{n} bigint default 0 constraint table_{table}_{n} check (c_{n} > 0)")
        })
        .collect();
    format!("create table table_{table} (\n{}\n);\n\n", lines.join(",\n"))
}

fn table(number: usize) -> Table {
    let name = TableName::new("public", format!("table_{number}"));
    let column = |number: usize| Column {
        name: format!("c_{number}"),
        type_name: "bigint".to_owned(),
        not_null: false,
        generated: None,
        identity: None,
        default: Some("0".to_owned()),
    };
    Table {
        root: name.clone(),
        name,
        kind: TableKind::Ordinary,
        columns: (0..PER_TABLE).map(column).collect(),
        partitions: Vec::new(),
        inherits: Vec::new(),
    }
}

fn promise(number: usize) -> Promise {
    let (table, place) = (number / PER_TABLE, number % PER_TABLE);
    let (table, name) = (format!("table_{table}"), format!("table_{table}_{place}"));
    let table = TableName::new("public", table);
    let expression = format!("(c_{place} > 0)");
    Promise {
        id: PromiseId::new(format!("{table}.{name}")),
        kind: PromiseKind::Check,
        domain: None,
        columns: vec![format!("c_{place}")],
        definition: format!("CHECK ({expression})"),
        deferrable: Deferrable::No,
        enforced: true,
        validated: true,
        reported_as: vec![ReportedAs {
            schema: "public".to_owned(),
            table: Some(table.name.clone()),
            name: Some(name.clone()),
            column: None,
            datatype: None,
        }],
        expression: Some(expression),
        evaluated_by_writes_to: vec![table.clone()],
        table: Some(table),
        name: Some(name),
    }
}
