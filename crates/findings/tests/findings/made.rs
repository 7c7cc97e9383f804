//! Traces made by hand, as JSON lines, so that they read like what a run writes.
//!
//! **Invariant**: every line is what the trace's own reader takes.

use proofmark_trace::Trace;
use serde_json::{Value, json};

/// Records of one run, in order.
pub(crate) struct Made {
    lines: Vec<String>,
    at_us: u64,
}

impl Made {
    /// A run on the database `shop` with these tables and promises.
    pub(crate) fn with(catalog: &Value, migrations: &Value) -> Self {
        let header = json!({
            "format": "proofmark-trace", "version": 1, "proofmark": "0.1.0", "run": "7f3a",
            "started_at_unix_ms": 1
        });
        let mut made = Self { lines: vec![header.to_string()], at_us: 0 };
        made.add(&json!({"run_started": {
            "command": ["sh", "suite.sh"],
            "databases": [{
                "name": "shop", "template": "9c1e", "reused": true, "ready_ms": 1,
                "migrations": migrations
            }],
            "server": {"version": "18.1", "origin": "PATH"}
        }}));
        made.add(&json!({"catalog": {"database": "shop", "catalog": catalog}}));
        made
    }

    /// The same with an empty schema.
    pub(crate) fn new() -> Self {
        Self::with(&catalog(&[], &[]), &json!([]))
    }

    pub(crate) fn add(&mut self, record: &Value) {
        let seq = self.lines.len();
        self.at_us += 1_000;
        self.lines.push(json!({"seq": seq, "at_us": self.at_us, "record": record}).to_string());
    }

    /// A lease of one test from beginning to end; `more` is put over what comes back.
    pub(crate) fn lease(&mut self, number: u64, test: &str, statements: u64, more: &Value) {
        let given = json!({"proxy": {
            "event": "lease_given", "lease": number, "database": "shop", "test": test,
            "identity": {"by": "console"}, "real_database": format!("shop_{number}"), "wait_us": 1
        }});
        self.add(&given);
        self.add(&json!({"proxy": {
            "event": "session_closed", "session": number, "lease": number,
            "statements": statements, "errors": 0, "left_in_transaction": false, "abrupt": false
        }}));
        let mut returned = json!({
            "lease": number, "database": "shop", "test": test, "failed": false, "written": []
        });
        for (key, value) in more.as_object().expect("an object") {
            returned[key] = value.clone();
        }
        self.add(&json!({"proxy": {
            "event": "lease_ended", "lease": number, "how": "returned",
            "failed": returned["failed"]
        }}));
        self.add(&json!({"lease_returned": returned}));
    }

    /// The whole trace.
    pub(crate) fn end(mut self) -> Trace {
        self.add(&json!({"command_finished": {
            "exit_code": 0, "signal": null, "elapsed_ms": 2500
        }}));
        self.add(&json!({"run_finished": {"elapsed_ms": 3000}}));
        Trace::from_lines(self.lines.join("\n").as_bytes()).expect("the lines are a trace")
    }
}

/// A schema.
pub(crate) fn catalog(tables: &[Value], promises: &[Value]) -> Value {
    json!({
        "server_version_num": 180_001, "tables": tables, "promises": promises,
        "enums": [], "domains": [], "state_columns": []
    })
}

/// A table with one column.
pub(crate) fn table(name: &str) -> Value {
    let name = json!({"schema": "public", "name": name});
    json!({
        "name": name, "kind": "ordinary", "partitions": [], "inherits": [], "root": name,
        "columns": [{
            "name": "a", "type_name": "integer", "not_null": false, "generated": null,
            "identity": null, "default": null
        }]
    })
}

/// A CHECK of that column.
pub(crate) fn check(table: &str, name: &str) -> Value {
    let owner = json!({"schema": "public", "name": table});
    json!({
        "id": format!("public.{table}.{name}"), "kind": "check", "table": owner, "domain": null,
        "name": name, "columns": ["a"], "definition": "CHECK (a > 0)", "deferrable": "no",
        "enforced": true, "validated": true, "expression": "(a > 0)",
        "reported_as": [{
            "schema": "public", "table": table, "name": name, "column": null, "datatype": null
        }],
        "evaluated_by_writes_to": [owner]
    })
}

/// Rows written to a table.
pub(crate) fn written(table: &str, rows: i64) -> Value {
    json!({
        "schema": "public", "table": table, "inserted": rows, "updated": 0, "deleted": 0,
        "live": rows
    })
}
