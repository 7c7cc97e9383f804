//! How long a large trace takes: `cargo run --release -p proofmark-coverage --example bench_cover`,
//! with the number of tests and of constraints as arguments.
//!
//! In: numbers. Out: seconds and memory, on standard output.
//!
//! **Invariant**: the trace is made here, the same every time; nothing is read or written.

use std::time::Instant;

use anyhow::Result;
use proofmark_catalog::{
    Catalog, Deferrable, Promise, PromiseId, PromiseKind, ReportedAs, TableName,
};
use proofmark_coverage::cover;
use proofmark_trace::{
    Entry, Event, Header, Identity, Lane, LeaseId, LeaseReturned, Record, Refusal, Run, RunId,
    SessionId, TableWritten, TestName, Trace,
};

/// CHECKs of one table.
const PER_TABLE: usize = 20;

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1);
    let mut number = |default: usize| numbers.next().map_or(Ok(default), |text| text.parse());
    let (tests, constraints) = (number(100_000)?, number(10_000)?);
    let began = Instant::now();
    let trace = trace(tests, constraints);
    println!("made    {:>8.2?}  {:>5} MiB", began.elapsed(), memory_mib()?);
    let began = Instant::now();
    let coverage = cover(&trace);
    println!("covered {:>8.2?}  {:>5} MiB at most", began.elapsed(), memory_mib()?);
    println!("{:?}", coverage.observed);
    Ok(())
}

/// The most memory that this process has held.
fn memory_mib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    let kib: u64 = line.split_whitespace().next().unwrap_or("0").parse()?;
    Ok(kib / 1024)
}

fn trace(tests: usize, constraints: usize) -> Trace {
    let tables = constraints.div_ceil(PER_TABLE);
    let catalog = Catalog { promises: promises(constraints), ..empty() };
    let mut run = Run::new(Header::now(RunId::new("bench")));
    let mut add = |record| {
        let seq = run.entries.len() as u64 + 1;
        run.push(Entry { seq, at_us: seq, record });
    };
    add(Record::Catalog { database: "shop".to_owned(), catalog: Box::new(catalog) });
    for number in 0..tests {
        lease(number, tables, &mut add);
    }
    Trace { runs: vec![run] }
}

fn lease(number: usize, tables: usize, add: &mut impl FnMut(Record)) {
    let (lease, session) = (LeaseId(number as u64), SessionId(number as u64));
    let test = TestName::new(format!("suite::module_{}::test_{number}", number % 300));
    add(Record::Proxy(Event::LeaseGiven {
        lease,
        database: "shop".to_owned(),
        test: test.clone(),
        identity: Identity::Process,
        real_database: format!("pm_shop_{number}"),
        wait_us: 900,
    }));
    let (table, check) = (number % tables, number % PER_TABLE);
    add(Record::Proxy(Event::Refused {
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
    }));
    add(Record::Proxy(Event::SessionClosed {
        session,
        lease,
        statements: 12,
        errors: 1,
        left_in_transaction: false,
        abrupt: false,
    }));
    let written = |offset: usize| TableWritten {
        schema: "public".to_owned(),
        table: format!("table_{}", (number * 7 + offset) % tables),
        inserted: 3,
        updated: 1,
        deleted: 0,
        live: 3,
    };
    add(Record::LeaseReturned(LeaseReturned {
        lease,
        database: "shop".to_owned(),
        test,
        failed: false,
        kept: None,
        written: (0..4).map(written).collect(),
        masked: Vec::new(),
        checked: 0,
        broken: Vec::new(),
        left: Vec::new(),
        how: proofmark_trace::How::default(),
        verified: false,
        differs: Vec::new(),
    }));
}

fn promises(constraints: usize) -> Vec<Promise> {
    let promise = |number: usize| {
        let (table, place) = (number / PER_TABLE, number % PER_TABLE);
        let (table, name) = (format!("table_{table}"), format!("table_{table}_{place}"));
        let table = TableName::new("public", table);
        Promise {
            id: PromiseId::new(format!("{table}.{name}")),
            kind: PromiseKind::Check,
            domain: None,
            columns: vec!["a".to_owned()],
            definition: "CHECK ((a > 0))".to_owned(),
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
            expression: Some("(a > 0)".to_owned()),
            evaluated_by_writes_to: vec![table.clone()],
            table: Some(table),
            name: Some(name),
        }
    };
    (0..constraints).map(promise).collect()
}

fn empty() -> Catalog {
    Catalog {
        server_version_num: 180_000,
        tables: Vec::new(),
        promises: Vec::new(),
        enums: Vec::new(),
        domains: Vec::new(),
        state_columns: Vec::new(),
        indexes: Vec::new(),
    }
}
