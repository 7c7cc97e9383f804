//! Small runs made by hand.

use proofmark_trace::{
    CommandFinished, CommandLine, Event, FORMAT, Header, Identity, LeaseId, LeaseReturned,
    Migration, Record, RunFinished, RunId, RunStarted, ServerUsed, TableWritten, TemplateHash,
    TemplateUsed, TestName, VERSION, Writer,
};

pub(crate) fn header(run: &str) -> Header {
    Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        proofmark: "0.1.0".to_owned(),
        run: RunId::new(run),
        started_at_unix_ms: 1_795_000_000_000,
        machine: None,
    }
}

pub(crate) fn started(database: &str, template: &str) -> Record {
    Record::RunStarted(RunStarted {
        command: CommandLine::redacted(["cargo", "nextest", "run"]),
        databases: vec![TemplateUsed {
            name: database.to_owned(),
            template: TemplateHash(template.to_owned()),
            reused: true,
            ready_ms: 3,
            migrations: vec![Migration {
                path: "migrations/0001_order.sql".to_owned(),
                text: "create table orders (id int primary key);\n".to_owned(),
            }],
            invariants: 0,
            invariants_except: Vec::new(),
            isolation: None,
        }],
        server: ServerUsed::new("15.14", "/usr/lib/postgresql/15/bin"),
    })
}

pub(crate) fn given(lease: u64, test: &str) -> Record {
    Record::Proxy(Event::LeaseGiven {
        lease: LeaseId(lease),
        database: "shop".to_owned(),
        test: TestName::new(test),
        identity: Identity::DatabaseName,
        real_database: format!("shop_{lease}"),
        wait_us: 8_200,
    })
}

pub(crate) fn returned(lease: u64, test: &str) -> Record {
    Record::LeaseReturned(LeaseReturned {
        lease: LeaseId(lease),
        database: "shop".to_owned(),
        test: TestName::new(test),
        failed: false,
        kept: None,
        written: vec![TableWritten {
            schema: "public".to_owned(),
            table: "orders".to_owned(),
            inserted: 3,
            updated: 0,
            deleted: 0,
            live: 2,
        }],
        masked: Vec::new(),
        checked: 0,
        broken: Vec::new(),
        left: Vec::new(),
        how: proofmark_trace::How::default(),
        verified: false,
        differs: Vec::new(),
    })
}

pub(crate) fn finished() -> [Record; 2] {
    [
        Record::CommandFinished(CommandFinished {
            exit_code: Some(0),
            signal: None,
            elapsed_ms: 41_200,
        }),
        Record::RunFinished(RunFinished { elapsed_ms: 41_900 }),
    ]
}

/// A run in which one test had one lease, as bytes of a trace file.
pub(crate) fn written(run: &str, template: &str) -> Vec<u8> {
    let mut writer = Writer::start(Vec::new(), &header(run)).expect("memory takes it");
    let one_test = [started("shop", template), given(1, "a_test"), returned(1, "a_test")];
    for record in one_test.into_iter().chain(finished()) {
        writer.append(record).expect("memory takes it");
    }
    writer.into_inner()
}
