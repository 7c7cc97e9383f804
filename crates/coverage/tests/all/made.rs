//! Small catalogs and traces made by hand.
//!
//! The catalog has one table `t` with a CHECK, a key, a deferred foreign key and two NOT NULLs
//! (one of them implied by the key), a partition `t_1` whose key is called differently, and a
//! domain that a column of `u` holds.

use proofmark_catalog::{
    Catalog, Deferrable, ForeignKey, ForeignKeyAction, MatchType, Promise, PromiseId, PromiseKind,
    ReportedAs, TableName,
};
use proofmark_trace::{
    Entry, Event, Header, Identity, Lane, LeaseId, LeaseReturned, Masked, Record, Refusal, Run,
    RunId, SessionId, TableWritten, TestName, Trace,
};

fn table(name: &str) -> TableName {
    TableName::new("public", name)
}

fn reported(table: Option<&str>, name: Option<&str>) -> ReportedAs {
    ReportedAs {
        schema: "public".to_owned(),
        table: table.map(str::to_owned),
        name: name.map(str::to_owned),
        column: None,
        datatype: None,
    }
}

fn promise(id: &str, kind: PromiseKind) -> Promise {
    let name = id.rsplit('.').next().unwrap_or(id);
    Promise {
        id: PromiseId::new(id),
        kind,
        table: Some(table("t")),
        domain: None,
        name: Some(name.to_owned()),
        columns: Vec::new(),
        definition: String::new(),
        deferrable: Deferrable::No,
        enforced: true,
        validated: true,
        reported_as: vec![reported(Some("t"), Some(name)), reported(Some("t_1"), Some(name))],
        expression: None,
        evaluated_by_writes_to: vec![table("t"), table("t_1")],
    }
}

fn not_null(column: &str, implied_by_primary_key: bool) -> Promise {
    let reported_as = ["t", "t_1"]
        .map(|table| ReportedAs { column: Some(column.to_owned()), ..reported(Some(table), None) });
    Promise {
        columns: vec![column.to_owned()],
        name: None,
        reported_as: reported_as.to_vec(),
        ..promise(
            &format!("public.t.{column}:not-null"),
            PromiseKind::NotNull { implied_by_primary_key },
        )
    }
}

/// The catalog of the module's introduction.
pub(crate) fn catalog() -> Catalog {
    let key = Promise {
        reported_as: vec![
            reported(Some("t"), Some("t_key")),
            reported(Some("t_1"), Some("t_1_pkey")),
        ],
        ..promise("public.t.t_key", PromiseKind::PrimaryKey { without_overlaps: false })
    };
    let reference = ForeignKey {
        references: table("u"),
        referenced_columns: vec!["id".to_owned()],
        on_delete: ForeignKeyAction::NoAction,
        on_update: ForeignKeyAction::NoAction,
        match_type: MatchType::Simple,
        set_columns: Vec::new(),
        period: false,
    };
    let late = Promise {
        deferrable: Deferrable::InitiallyDeferred,
        ..promise("public.t.t_late", PromiseKind::ForeignKey(reference))
    };
    let relaxed = Promise { enforced: false, ..promise("public.t.t_relaxed", PromiseKind::Check) };
    let domain = Promise {
        table: None,
        domain: Some(table("positive")),
        reported_as: vec![ReportedAs {
            datatype: Some("positive".to_owned()),
            ..reported(None, Some("is_positive"))
        }],
        evaluated_by_writes_to: vec![table("u")],
        ..promise("public.positive.is_positive", PromiseKind::DomainCheck)
    };
    let labels = Promise {
        table: None,
        domain: Some(table("mood")),
        name: None,
        reported_as: Vec::new(),
        evaluated_by_writes_to: vec![table("u")],
        ..promise("public.mood:enum", PromiseKind::Enum)
    };
    Catalog {
        server_version_num: 180_004,
        tables: Vec::new(),
        promises: vec![
            labels,
            domain,
            not_null("id", true),
            not_null("name", false),
            promise("public.t.t_a", PromiseKind::Check),
            promise("public.t.t_b", PromiseKind::Check),
            key,
            late,
            relaxed,
        ],
        enums: Vec::new(),
        domains: Vec::new(),
        state_columns: Vec::new(),
        indexes: Vec::new(),
    }
}

/// A lease of one test, with what it tried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lease {
    errors: Vec<Refusal>,
    written: Vec<TableWritten>,
    masked: Vec<Masked>,
}

impl Lease {
    /// An error of a table: SQLSTATE, table, constraint.
    pub(crate) fn refused(mut self, sqlstate: &str, table: &str, constraint: &str) -> Self {
        let constraint = (!constraint.is_empty()).then(|| constraint.to_owned());
        self.errors.push(Refusal { constraint, ..refusal(sqlstate, table) });
        self
    }

    /// A NULL.
    pub(crate) fn refused_null(mut self, table: &str, column: &str) -> Self {
        self.errors.push(Refusal { column: Some(column.to_owned()), ..refusal("23502", table) });
        self
    }

    /// An error that names a routine of the server and nothing else.
    pub(crate) fn failed(mut self, sqlstate: &str, routine: &str) -> Self {
        let routine = Some(routine.to_owned());
        self.errors.push(Refusal { schema: None, table: None, routine, ..refusal(sqlstate, "") });
        self
    }

    /// Rows: inserted, updated, live.
    pub(crate) fn wrote(mut self, table: &str, inserted: i64, updated: i64, live: i64) -> Self {
        let (schema, table) = ("public".to_owned(), table.to_owned());
        self.written.push(TableWritten { schema, table, inserted, updated, deleted: 0, live });
        self
    }

    pub(crate) fn masked(mut self, promise: &str, by: &str) -> Self {
        let masked = Masked { promise: PromiseId::new(promise), by: PromiseId::new(by) };
        self.masked.push(masked);
        self
    }
}

fn refusal(sqlstate: &str, table: &str) -> Refusal {
    Refusal {
        severity: "ERROR".to_owned(),
        sqlstate: sqlstate.to_owned(),
        schema: Some("public".to_owned()),
        table: Some(table.to_owned()),
        column: None,
        datatype: None,
        constraint: None,
        routine: None,
    }
}

/// A run with one lease per test.
pub(crate) fn run(id: &str, catalog: Option<Catalog>, tests: &[(&str, Lease)]) -> Run {
    let mut records = Vec::new();
    records.extend(catalog.map(|catalog| Record::Catalog {
        database: "shop".to_owned(),
        catalog: Box::new(catalog),
    }));
    for (number, (test, lease)) in (1..).zip(tests) {
        records.extend(records_of(LeaseId(number), test, lease));
    }
    let mut run = Run::new(Header::now(RunId::new(id)));
    for (seq, record) in (1..).zip(records) {
        run.push(Entry { seq, at_us: seq, record });
    }
    run
}

fn records_of(lease: LeaseId, test: &str, tried: &Lease) -> Vec<Record> {
    let session = SessionId(lease.0);
    let mut records = vec![Record::Proxy(Event::LeaseGiven {
        lease,
        database: "shop".to_owned(),
        test: TestName::new(test),
        identity: Identity::Process,
        real_database: format!("shop_{}", lease.0),
        wait_us: 1,
    })];
    records.extend(tried.errors.iter().map(|refusal| {
        let statement = "INSERT INTO t VALUES (?)".to_owned();
        let refusal = refusal.clone();
        Record::Proxy(Event::Refused { session, lease, lane: Lane::Proxy, statement, refusal })
    }));
    records.push(Record::LeaseReturned(LeaseReturned {
        lease,
        database: "shop".to_owned(),
        test: TestName::new(test),
        failed: false,
        kept: None,
        written: tried.written.clone(),
        masked: tried.masked.clone(),
        checked: 0,
        broken: Vec::new(),
        left: Vec::new(),
        how: proofmark_trace::How::default(),
        verified: false,
        differs: Vec::new(),
    }));
    records
}

/// A trace of one run with the catalog.
pub(crate) fn trace(tests: &[(&str, Lease)]) -> Trace {
    Trace { runs: vec![run("one", Some(catalog()), tests)] }
}
