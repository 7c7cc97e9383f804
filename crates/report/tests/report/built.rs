//! A report made from a trace, not by hand.

use expect_test::expect;
use proofmark_catalog::{
    Catalog, Column, Deferrable, Promise, PromiseId, PromiseKind, ReportedAs, Table, TableKind,
    TableName,
};
use proofmark_coverage::cover;
use proofmark_report::terminal::{Options, render};
use proofmark_report::{Outcome, Report, State};
use proofmark_trace::{
    CommandFinished, CommandLine, Difference, Event, FORMAT, Header, How, Identity, InUse,
    Isolation, Lane, LeaseId, LeaseReturned, Masked, Migration, Record, Refusal, RunFinished,
    RunId, RunStarted, ServerUsed, SessionId, TableWritten, TemplateHash, TemplateUsed, TestName,
    Trace, TurnedAway, VERSION, Writer,
};

const MIGRATION: &str = "\
create table refund (
    id bigint primary key,
    amount bigint not null,
    captured bigint not null,
    constraint refund_amount_positive check (amount > 0),
    constraint refund_within_capture check (amount <= captured)
);
create table dispute (
    amount bigint constraint dispute_amount_positive check (amount > 0)
);
";

fn column(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        type_name: "bigint".to_owned(),
        not_null: name != "captured",
        generated: None,
        identity: None,
        default: None,
    }
}

fn table(name: &str, columns: &[&str]) -> Table {
    let name = TableName::new("public", name);
    Table {
        columns: columns.iter().map(|name| column(name)).collect(),
        kind: TableKind::Ordinary,
        partitions: Vec::new(),
        inherits: Vec::new(),
        root: name.clone(),
        name,
    }
}

fn check(table: &str, name: &str, columns: &[&str], expression: &str) -> Promise {
    Promise {
        id: PromiseId::new(format!("public.{table}.{name}")),
        kind: PromiseKind::Check,
        table: Some(TableName::new("public", table)),
        domain: None,
        name: Some(name.to_owned()),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        definition: format!("CHECK ({expression})"),
        deferrable: Deferrable::No,
        enforced: true,
        validated: true,
        reported_as: vec![ReportedAs {
            schema: "public".to_owned(),
            table: Some(table.to_owned()),
            name: Some(name.to_owned()),
            column: None,
            datatype: None,
        }],
        expression: Some(expression.to_owned()),
        evaluated_by_writes_to: vec![TableName::new("public", table)],
    }
}

fn not_null(table: &str, name: &str) -> Promise {
    Promise {
        id: PromiseId::new(format!("public.{table}.{name}:not-null")),
        kind: PromiseKind::NotNull { implied_by_primary_key: false },
        name: None,
        expression: None,
        definition: String::new(),
        ..check(table, name, &[name], "")
    }
}

fn catalog() -> Catalog {
    Catalog {
        server_version_num: 150_014,
        tables: vec![table("dispute", &["amount"]), table("refund", &["id", "amount", "captured"])],
        promises: vec![
            check("dispute", "dispute_amount_positive", &["amount"], "(amount > 0)"),
            check("refund", "refund_amount_positive", &["amount"], "(amount > 0)"),
            check(
                "refund",
                "refund_within_capture",
                &["amount", "captured"],
                "(amount <= captured)",
            ),
            not_null("refund", "amount"),
            not_null("refund", "captured"),
        ],
        enums: Vec::new(),
        domains: Vec::new(),
        state_columns: Vec::new(),
        indexes: Vec::new(),
    }
}

fn start() -> Vec<Record> {
    let migrations =
        vec![Migration { path: "migrations/1.sql".to_owned(), text: MIGRATION.to_owned() }];
    vec![
        Record::RunStarted(RunStarted {
            command: CommandLine::redacted(["pytest", "-n", "2"]),
            databases: vec![TemplateUsed {
                name: "shop".to_owned(),
                template: TemplateHash("9c1e77aa01b2".to_owned()),
                reused: false,
                ready_ms: 640,
                migrations,
                invariants: 0,
                invariants_except: Vec::new(),
                isolation: None,
            }],
            server: ServerUsed::new("15.14", "PATH"),
        }),
        Record::Catalog { database: "shop".to_owned(), catalog: Box::new(catalog()) },
    ]
}

fn end(exit_code: i32) -> [Record; 2] {
    [
        Record::CommandFinished(CommandFinished {
            exit_code: Some(exit_code),
            signal: None,
            elapsed_ms: 2_000,
        }),
        Record::RunFinished(RunFinished { elapsed_ms: 2_500 }),
    ]
}

/// A lease in which a row was stored and rows were refused by these promises.
fn lease(number: u64, test: &str, refused_by: &[&str]) -> Vec<Record> {
    let (lease, session) = (LeaseId(number), SessionId(number));
    let mut records = vec![Record::Proxy(Event::LeaseGiven {
        lease,
        database: "shop".to_owned(),
        test: TestName::new(test),
        identity: Identity::Environment { key: "PYTEST_XDIST_WORKER".to_owned() },
        real_database: format!("shop_{number}"),
        wait_us: 9_000 + number * 1_000,
    })];
    for name in refused_by {
        let statement = "insert into refund values (?, ?, ?)".to_owned();
        let refusal = Refusal {
            severity: "ERROR".to_owned(),
            sqlstate: "23514".to_owned(),
            schema: Some("public".to_owned()),
            table: Some("refund".to_owned()),
            column: None,
            datatype: None,
            constraint: Some((*name).to_owned()),
            routine: None,
        };
        records.push(Record::Proxy(Event::Refused {
            session,
            lease,
            lane: Lane::Proxy,
            statement,
            refusal,
        }));
    }
    records.push(Record::Proxy(Event::SessionClosed {
        session,
        lease,
        statements: 4,
        errors: refused_by.len() as u64,
        left_in_transaction: false,
        abrupt: false,
    }));
    records.push(Record::LeaseReturned(LeaseReturned {
        lease,
        database: "shop".to_owned(),
        test: TestName::new(test),
        failed: false,
        kept: None,
        written: vec![TableWritten {
            schema: "public".to_owned(),
            table: "refund".to_owned(),
            inserted: 3,
            updated: 0,
            deleted: 0,
            live: 3,
        }],
        masked: Vec::new(),
        checked: 0,
        broken: Vec::new(),
        left: Vec::new(),
        how: How::default(),
        verified: false,
        differs: Vec::new(),
    }));
    records
}

fn trace(records: impl IntoIterator<Item = Record>) -> Vec<u8> {
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        proofmark: "0.1.0".to_owned(),
        run: RunId::new("7f3a91c2"),
        started_at_unix_ms: 1_795_000_000_000,
        machine: None,
    };
    let mut writer = Writer::start(Vec::new(), &header).expect("memory takes it");
    for record in records {
        writer.append(record).expect("memory takes it");
    }
    writer.into_inner()
}

fn report(bytes: &[u8]) -> Report {
    let trace = Trace::from_lines(bytes).expect("it was just written");
    Report::from_trace(&trace, &cover(&trace))
}

/// One test masks a promise, one refuses another.
fn two_tests() -> Vec<Record> {
    let mut masking = lease(1, "gw0", &["refund_amount_positive"]);
    if let Some(Record::LeaseReturned(returned)) = masking.last_mut() {
        returned.masked = vec![Masked {
            promise: PromiseId::new("public.refund.refund_within_capture"),
            by: PromiseId::new("public.refund.refund_amount_positive"),
        }];
        returned.kept = Some("shop_1".to_owned());
    }
    [start(), masking, lease(2, "gw1", &["a_table_of_the_test"]), end(1).to_vec()].concat()
}

#[test]
fn a_trace_becomes_a_page() {
    let page = render(&report(&trace(two_tests())), &Options::default());
    expect![[r#"
        ────────────
              FAILED [   2.0s] `pytest -n 2` ended with exit code 1
                Kept the database of gw0: proofmark psql shop_1

        warning[masked]: whenever `refund_within_capture` was broken, another promise refused
         --> migrations/1.sql:6:5
          |
        6 |     constraint refund_within_capture check (amount <= captured)
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ never refused by this name
          |
          = note: `refund_amount_positive` refused instead, in gw0
          = note: rows came from gw0 and gw1
        help: a statement it should refuse; complete the values first
            insert into public.refund (id, amount, captured)
            values (1, /* breaks: amount <= captured */ 2, 1);

        warning[never-tried]: `dispute_amount_positive` was never tried
         --> migrations/1.sql:9:19
          |
        9 |     amount bigint constraint dispute_amount_positive check (amount > 0)
          |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = note: no test stored a row in its table
        help: a statement it should refuse; complete the values first
            insert into public.dispute (amount)
            values (/* breaks: amount > 0 */ 0);

                 GAP 2 columns were never refused a NULL
                     public.refund: amount, captured

                Note 1 table-never-written

                Note 1 refusal counts for no promise
                        1  23514  names a constraint that the migrations do not declare (`a_table_of_the_test`)
        ────────────
          PostgreSQL 15.14 (PATH)
            Template shop@9c1e77aa (built in 640 ms)
              Leased 2 databases, one per worker (median 10 ms, slowest 11 ms)
                     tests of one worker shared a database
               CHECK 1 refused, 2 accepted of 3, 1 never tried
            NOT NULL 0 refused, 2 accepted of 2
             Summary [   2.0s] 1 of 3 promises refused at least once, 2 gaps; 0 of 2 NOT NULL; the suite failed
                Next proofmark report --all lists every promise
    "#]].assert_eq(&page);
}

#[test]
fn every_promise_of_the_catalog_is_listed_once() {
    let report = report(&trace(two_tests()));
    let mut listed: Vec<_> =
        report.listing.iter().flat_map(|owner| owner.promises.iter().map(|p| &p.id)).collect();
    listed.sort();
    let mut promised: Vec<_> = catalog().promises.iter().map(|p| p.id.to_string()).collect();
    promised.sort();
    assert_eq!(listed, promised.iter().collect::<Vec<_>>());
}

#[test]
fn what_is_not_enforced_is_listed_and_is_no_gap() {
    let mut records = two_tests();
    if let Record::Catalog { catalog, .. } = &mut records[1] {
        catalog.promises[0].enforced = false;
    }
    let report = report(&trace(records));
    let states: Vec<_> = report.listing[0].promises.iter().map(|promise| promise.state).collect();
    assert_eq!(states, [State::NotEnforced]);
    assert!(report.findings.iter().all(|gap| gap.name != "dispute_amount_positive"));
}

#[test]
fn a_run_without_statements_observed_nothing() {
    let report = report(&trace([start(), end(0).to_vec()].concat()));
    assert_eq!(report.outcome, Outcome::NothingObserved);
}

#[test]
fn a_suite_that_failed_has_failed_even_if_nothing_was_observed() {
    let report = report(&trace([start(), end(3).to_vec()].concat()));
    assert_eq!(report.outcome, Outcome::SuiteFailed);
    assert_eq!(report.run.exit_code, Some(3));
}

#[test]
fn what_became_of_the_databases_is_counted_and_a_difference_fails_the_run() {
    let mut records = two_tests();
    records.truncate(records.len() - 2);
    records.extend(end(0));
    if let Record::RunStarted(started) = &mut records[0] {
        let why = Some("the server is older than 15".to_owned());
        started.databases[0].isolation = Some(InUse { isolation: Isolation::Clone, why });
    }
    let mut returned = records.iter_mut().filter_map(|record| match record {
        Record::LeaseReturned(returned) => Some(returned),
        _ => None,
    });
    let (first, second) = (returned.next().unwrap(), returned.next().unwrap());
    first.how = How::Replaced { why: "it changed pg_proc".to_owned() };
    second.how = How::Undone { tables: 1, sequences: 0 };
    second.verified = true;
    let (what, detail) = ("table public.refund".to_owned(), "1 row instead of 0".to_owned());
    second.differs = vec![Difference { what, detail }];
    let report = report(&trace(records));
    assert_eq!(report.outcome, Outcome::NotIsolated);
    let isolation = &report.isolation;
    assert_eq!((isolation.replaced, isolation.undone, isolation.verified), (1, 1, 1));
    assert_eq!(isolation.in_use[0].isolation, "clone");
    assert_eq!(isolation.replaced_because[0].first, "gw0");
    assert_eq!(isolation.differed[0].test, "gw1");
    assert_eq!(isolation.differed[0].what, "table public.refund");
}

#[test]
fn connections_that_were_turned_away_are_counted_by_reason() {
    let away = || {
        Record::Proxy(Event::TurnedAway {
            reason: TurnedAway::UnknownDatabase { database: "test".to_owned() },
        })
    };
    let report = report(&trace([start(), vec![away(), away()], end(0).to_vec()].concat()));
    let [away] = report.leases.turned_away.as_slice() else {
        panic!("one reason, not {:?}", report.leases.turned_away)
    };
    assert_eq!(away.times, 2);
    assert_eq!(away.reason, "it asked for the database `test`, which proofmark.toml does not name");
}

#[test]
fn a_trace_that_was_cut_off_says_so() {
    let bytes = trace(two_tests());
    let report = report(&bytes[..bytes.len() - 120]);
    assert_eq!(report.outcome, Outcome::CutOff);
    let page = render(&report, &Options::default());
    assert!(page.contains("`pytest -n 2` was cut off"), "{page}");
    let note = "run 7f3a91c2 was cut off in line 12 of its trace: what happened after is not known";
    assert_eq!(report.notes, [note]);
}
