//! What a coverage says besides promises.

use proofmark_catalog::{
    Column, History, Index, PromiseId, StateColumn, StateSource, Table, TableKind, TableName,
    Transitions,
};
use proofmark_coverage::{Coverage, MovesSeen, cover};
use proofmark_trace::{
    Entry, IndexRead, LeaseEvidence, LeaseId, MovesLeft, Record, RefusedMove, RowsLeft, Scans,
    StatementCalls, StatementText, StatesLeft, TableRead, Trace,
};

use crate::made::{Lease, catalog, run};

fn table(name: &str, kind: TableKind, root: &str) -> Table {
    let column = |name: &str| Column {
        name: name.to_owned(),
        type_name: "text".to_owned(),
        not_null: false,
        generated: None,
        identity: None,
        default: None,
    };
    Table {
        name: TableName::new("public", name),
        kind,
        columns: vec![column("state"), column("note")],
        partitions: Vec::new(),
        inherits: Vec::new(),
        root: TableName::new("public", root),
    }
}

fn index(table: &str, name: &str, part_of: Option<&str>) -> Index {
    Index {
        table: TableName::new("public", table),
        name: name.to_owned(),
        guards: false,
        part_of: part_of.map(|name| TableName::new("public", name)),
    }
}

/// One test that stored a state in a partition, took one move and was refused another.
fn evidence() -> LeaseEvidence {
    let (schema, table) = ("public".to_owned(), "t_1".to_owned());
    let moves = vec![("new".to_owned(), "paid".to_owned())];
    let promise = PromiseId::new("public.history.allowed");
    LeaseEvidence {
        lease: LeaseId(1),
        statements: Some(vec![
            StatementCalls { statement: 0, calls: 12, us: 90, in_a_row: 11, ..Default::default() },
            // The line with its shape is missing.
            StatementCalls { statement: 7, calls: 3, ..Default::default() },
        ]),
        statements_left_out: 4,
        open_transactions: 1,
        scans: Some(Scans {
            tables: vec![TableRead {
                schema: schema.clone(),
                table: table.clone(),
                times: 2,
                rows: 50,
            }],
            indexes: vec![IndexRead {
                schema: schema.clone(),
                table: table.clone(),
                index: "t_1_by_note".to_owned(),
                times: 3,
            }],
        }),
        rows: Some(vec![RowsLeft {
            schema,
            table,
            columns: ["state"].iter().collect(),
            states: vec![StatesLeft {
                column: "public.t.state".to_owned(),
                states: vec!["paid".to_owned(), "odd".to_owned()],
            }],
            moves: vec![MovesLeft { promise: promise.clone(), moves }],
            checks: Vec::new(),
        }]),
        refused_moves: vec![RefusedMove {
            promise,
            from: "paid".to_owned(),
            to: "new".to_owned(),
            times: 2,
        }],
        ..LeaseEvidence::default()
    }
}

fn covered(evidence: Option<LeaseEvidence>) -> Coverage {
    let mut catalog = catalog();
    catalog.tables =
        vec![table("t", TableKind::Partitioned, "t"), table("t_1", TableKind::Partition, "t")];
    catalog.indexes =
        vec![index("t", "t_by_note", None), index("t_1", "t_1_by_note", Some("t_by_note"))];
    catalog.state_columns = vec![StateColumn {
        table: TableName::new("public", "t"),
        column: "state".to_owned(),
        states: vec!["new".to_owned(), "paid".to_owned()],
        from: StateSource::Table(TableName::new("public", "t_state")),
        transitions: Some(Transitions {
            table: TableName::new("public", "t_move"),
            moves: vec![("new".to_owned(), "paid".to_owned())],
            histories: vec![History {
                table: TableName::new("public", "history"),
                from: "a".to_owned(),
                to: "b".to_owned(),
                promise: PromiseId::new("public.history.allowed"),
            }],
        }),
    }];
    let tests = [("pays", Lease::default().wrote("t_1", 2, 0, 2))];
    let mut run = run("one", Some(catalog), &tests);
    let statement = StatementText { statement: 0, shape: "select note from t".to_owned() };
    let mut records = vec![Record::Statement(statement)];
    records.extend(evidence.map(|evidence| Record::Evidence(Box::new(evidence))));
    for record in records {
        let seq = run.entries.len() as u64 + 1;
        run.push(Entry { seq, at_us: seq, record });
    }
    cover(&Trace { runs: vec![run] })
}

#[test]
fn states_and_moves_stand_beside_those_that_are_declared() {
    let coverage = covered(Some(evidence()));
    let column = &coverage.database("shop").expect("it is in the trace").transitions[0];
    assert_eq!(column.address, "public.t.state");
    assert_eq!((column.states_seen, column.moves_seen), (true, MovesSeen::History));
    let states: Vec<_> = column
        .states
        .iter()
        .map(|one| (one.state.as_str(), one.declared, one.stored.times))
        .collect();
    assert_eq!(states, [("new", true, 0), ("paid", true, 1), ("odd", false, 1)]);
    let moves: Vec<_> = column
        .moves
        .iter()
        .map(|one| (one.from.as_str(), one.declared, one.taken.times, one.refused.times))
        .collect();
    assert_eq!(moves, [("new", true, 1, 0), ("paid", false, 0, 2)]);
}

#[test]
fn what_partitions_saw_is_the_roots() {
    let coverage = covered(Some(evidence()));
    let database = &coverage.evidence.databases[0];
    let [table] = database.tables.as_slice() else { panic!("a partition is no table of its own") };
    assert_eq!((table.written.times, table.sequential.times, table.sequential_rows), (2, 2, 50));
    let columns: Vec<_> = table.columns.iter().map(|one| one.written.times).collect();
    assert_eq!(columns, [1, 0]);
    let [index] = database.indexes.as_slice() else { panic!("it is a part of the root's") };
    assert_eq!((index.index.as_str(), index.used.times), ("t_by_note", 1));
}

#[test]
fn statements_without_a_shape_are_counted_and_loops_are_told() {
    let evidence = covered(Some(evidence())).evidence;
    assert_eq!(evidence.statements.len(), 1);
    assert_eq!(evidence.statements_left_out, 4 + 3);
    assert_eq!(evidence.repeated[0].in_a_row, 11);
    assert_eq!(evidence.left_open[0].transactions, 1);
}

#[test]
fn what_was_not_looked_for_is_not_said_to_be_missing() {
    let coverage = covered(None);
    let column = &coverage.database("shop").expect("it is in the trace").transitions[0];
    assert_eq!((column.states_seen, column.moves_seen), (false, MovesSeen::No));
    let looked = coverage.evidence.looked;
    assert!(!looked.statements && !looked.indexes && !looked.rows && !looked.deep);
}
