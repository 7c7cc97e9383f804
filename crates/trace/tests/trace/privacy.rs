//! What a run must not leave in its trace.

use std::collections::BTreeSet;

use expect_test::expect;
use proofmark_catalog::{Catalog, PromiseId};
use proofmark_trace::{
    ActionSeen, CheckLeft, ClauseSeen, CommandLine, Deep, Difference, Ended, Event, How, InUse,
    IndexRead, Isolation, Lane, LeaseEvidence, LeaseId, Masked, MovesLeft, Record, Refusal,
    RefusedMove, RowsLeft, Scans, ServerUsed, SessionId, StatementCalls, StatementText, StatesLeft,
    TableRead, ToolsFinished, TurnedAway, Writer,
};
use serde_json::Value;

use crate::runs::{finished, given, header, returned, started};

const SECRET: &str = "hunter2";

#[test]
fn a_password_does_not_reach_the_file() {
    let url = format!("postgres://me:{SECRET}@localhost/shop");
    let mut record = started("shop", "aa");
    if let Record::RunStarted(started) = &mut record {
        started.command = CommandLine::redacted(["app", &format!("--url={url}")]);
        started.server = ServerUsed::new("15.14", &url);
    }
    let text = written([record]);
    assert_eq!(text.matches("me:***@localhost").count(), 2, "both are in the trace: {text}");
    assert!(!text.contains(SECRET), "the password is in the trace: {text}");
}

/// The fields of every kind of record. Whoever adds one sees this test fail and decides, before
/// its list is renewed, whether the new field can hold a row's value, an error's text or a
/// password: then it must not be there.
#[test]
fn the_only_texts_in_a_trace_are_names_shapes_and_migrations() {
    let mut texts = BTreeSet::new();
    for line in written(every_record()).lines() {
        let line: Value = serde_json::from_str(line).expect("a trace is JSON Lines");
        collect_texts(&mut texts, "", &line);
    }
    let texts: Vec<String> = texts.into_iter().collect();
    expect![[r#"
        .format
        .proofmark
        .record.catalog.database
        .record.evidence.deep.actions[].promise
        .record.evidence.deep.clauses[].promise
        .record.evidence.deep.left_out[]
        .record.evidence.refused_moves[].from
        .record.evidence.refused_moves[].promise
        .record.evidence.refused_moves[].to
        .record.evidence.rows[].checks[].promise
        .record.evidence.rows[].columns[]
        .record.evidence.rows[].moves[].moves[][]
        .record.evidence.rows[].moves[].promise
        .record.evidence.rows[].schema
        .record.evidence.rows[].states[].column
        .record.evidence.rows[].states[].states[]
        .record.evidence.rows[].table
        .record.evidence.scans.indexes[].index
        .record.evidence.scans.indexes[].schema
        .record.evidence.scans.indexes[].table
        .record.evidence.scans.tables[].schema
        .record.evidence.scans.tables[].table
        .record.lease_returned.database
        .record.lease_returned.differs[].detail
        .record.lease_returned.differs[].what
        .record.lease_returned.how.kind
        .record.lease_returned.how.why
        .record.lease_returned.kept
        .record.lease_returned.left[]
        .record.lease_returned.masked[].by
        .record.lease_returned.masked[].promise
        .record.lease_returned.test
        .record.lease_returned.written[].schema
        .record.lease_returned.written[].table
        .record.proxy.application_name
        .record.proxy.database
        .record.proxy.error
        .record.proxy.event
        .record.proxy.how
        .record.proxy.identity.by
        .record.proxy.lane
        .record.proxy.real_database
        .record.proxy.reason.database
        .record.proxy.reason.why
        .record.proxy.refusal.column
        .record.proxy.refusal.constraint
        .record.proxy.refusal.datatype
        .record.proxy.refusal.routine
        .record.proxy.refusal.schema
        .record.proxy.refusal.severity
        .record.proxy.refusal.sqlstate
        .record.proxy.refusal.table
        .record.proxy.statement
        .record.proxy.test
        .record.proxy.user
        .record.run_started.command[]
        .record.run_started.databases[].isolation.isolation
        .record.run_started.databases[].isolation.why
        .record.run_started.databases[].migrations[].path
        .record.run_started.databases[].migrations[].text
        .record.run_started.databases[].name
        .record.run_started.databases[].template
        .record.run_started.server.origin
        .record.run_started.server.version
        .record.setback.database
        .record.setback.what
        .record.statement.shape
        .record.tools_finished.dropped[]
        .record.tools_finished.stayed[]
        .record.tools_finished.used_first[]
        .run
    "#]]
    .assert_eq(&(texts.join("\n") + "\n"));
}

fn written(records: impl IntoIterator<Item = Record>) -> String {
    let mut writer = Writer::start(Vec::new(), &header("r1")).expect("memory takes it");
    for record in records {
        writer.append(record).expect("memory takes it");
    }
    String::from_utf8(writer.into_inner()).expect("JSON is UTF-8")
}

/// Adds the paths of all texts in `value`.
fn collect_texts(texts: &mut BTreeSet<String>, path: &str, value: &Value) {
    match value {
        Value::String(_) => {
            texts.insert(path.to_owned());
        }
        Value::Array(items) => {
            for item in items {
                collect_texts(texts, &format!("{path}[]"), item);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                collect_texts(texts, &format!("{path}.{name}"), field);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn every_record() -> Vec<Record> {
    let catalog = Catalog {
        server_version_num: 150_014,
        tables: Vec::new(),
        promises: Vec::new(),
        enums: Vec::new(),
        domains: Vec::new(),
        state_columns: Vec::new(),
        indexes: Vec::new(),
    };
    let mut lease = returned(1, "a_test");
    if let Record::LeaseReturned(lease) = &mut lease {
        let id = PromiseId::new("public.orders.total_positive");
        lease.kept = Some("shop_1".to_owned());
        lease.masked = vec![Masked { promise: id.clone(), by: id }];
        lease.left = vec!["created the database `x`".to_owned()];
        lease.how = How::Replaced { why: "pg_proc was written to".to_owned() };
        let (what, detail) = ("table public.orders".to_owned(), "1 row instead of 0".to_owned());
        lease.differs = vec![Difference { what, detail }];
    }
    let mut first = started("shop", "aa");
    if let Record::RunStarted(started) = &mut first {
        let why = Some("the role is no superuser".to_owned());
        started.databases[0].isolation = Some(InUse { isolation: Isolation::Clone, why });
    }
    let mut records = vec![
        first,
        Record::Catalog { database: "shop".to_owned(), catalog: Box::new(catalog) },
        given(1, "a_test"),
    ];
    records.extend(events().into_iter().map(Record::Proxy));
    records.push(lease);
    let shape = "select ?".to_owned();
    records.push(Record::Statement(StatementText { statement: 0, shape }));
    records.push(Record::Evidence(Box::new(evidence())));
    let (database, what) = ("shop".to_owned(), "shop_1: undoing failed".to_owned());
    records.push(Record::Setback { database, what });
    let names = || vec!["test_shop".to_owned()];
    let (dropped, stayed, used_first) = (names(), names(), names());
    let tools = ToolsFinished { dropped, stayed, used: 1, used_first };
    records.push(Record::ToolsFinished(tools));
    records.extend(finished());
    records
}

fn evidence() -> LeaseEvidence {
    let promise = PromiseId::new("public.orders.total_positive");
    let (schema, table) = ("public".to_owned(), "orders".to_owned());
    let column = "public.orders.state".to_owned();
    let (from, to) = ("open".to_owned(), "paid".to_owned());
    let moves = vec![(from.clone(), to.clone())];
    let scans = Scans {
        tables: vec![TableRead { schema: schema.clone(), table: table.clone(), times: 1, rows: 2 }],
        indexes: vec![IndexRead {
            schema: schema.clone(),
            table: table.clone(),
            index: "orders_key".to_owned(),
            times: 1,
        }],
    };
    let rows = RowsLeft {
        schema,
        table,
        columns: ["total"].iter().collect(),
        states: vec![StatesLeft { column: column.clone(), states: vec![from.clone()] }],
        moves: vec![MovesLeft { promise: promise.clone(), moves: moves.clone() }],
        checks: vec![CheckLeft { promise: promise.clone(), as_true: 1, as_null: 1 }],
    };
    let clause = ClauseSeen {
        promise: promise.clone(),
        clause: 0,
        as_true: true,
        as_false: true,
        as_null: false,
        at_bound: false,
    };
    let left_out = promise.clone();
    let action = ActionSeen { promise: promise.clone(), on_delete: true, calls: 1, rows: 1 };
    LeaseEvidence {
        lease: LeaseId(1),
        statements: Some(vec![StatementCalls { statement: 0, calls: 1, ..Default::default() }]),
        scans: Some(scans),
        rows: Some(vec![rows]),
        refused_moves: vec![RefusedMove { promise, from: from.clone(), to, times: 1 }],
        deep: Some(Deep {
            clauses: vec![clause],
            left_out: vec![left_out],
            actions: Some(vec![action]),
        }),
        ..LeaseEvidence::default()
    }
}

fn events() -> Vec<Event> {
    let (session, lease) = (SessionId(1), LeaseId(1));
    let text = || Some("x".to_owned());
    let refusal = Refusal {
        severity: "ERROR".to_owned(),
        sqlstate: "23514".to_owned(),
        schema: text(),
        table: text(),
        column: text(),
        datatype: text(),
        constraint: text(),
        routine: text(),
    };
    vec![
        Event::SessionOpened {
            session,
            lease,
            user: "me".to_owned(),
            application_name: text(),
            pid: Some(1),
            warm: true,
        },
        Event::Refused {
            session,
            lease,
            lane: Lane::Direct,
            statement: "select ?".to_owned(),
            refusal,
        },
        Event::SessionClosed {
            session,
            lease,
            statements: 1,
            errors: 1,
            left_in_transaction: true,
            abrupt: false,
        },
        Event::ServerLost { session, lease },
        Event::LeaseEnded { lease, how: Ended::Idle, failed: false, lane: Lane::Proxy },
        Event::GiveBackFailed { lease, error: "disk full".to_owned() },
        Event::TurnedAway { reason: TurnedAway::UnknownDatabase { database: "x".to_owned() } },
    ]
}
