//! Stand-ins for types of crates that do not have them yet.
//!
//! **Invariant:** this file goes away as the real types arrive.
#![allow(missing_docs, reason = "stand-ins")]

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableWritten {
    pub schema: String,
    pub table: String,
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
    pub live: i64,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseId(pub u64);
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub u64);
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TestName(pub String);
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    DatabaseName,
    Options,
    Environment { key: String },
    Process,
    Console,
}
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub severity: String,
    pub sqlstate: String,
    pub schema: Option<String>,
    pub table: Option<String>,
    pub column: Option<String>,
    pub datatype: Option<String>,
    pub constraint: Option<String>,
    pub routine: Option<String>,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Returned,
    ProcessEnded,
    Idle,
    Shutdown,
}
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    LeaseGiven {
        lease: LeaseId,
        database: String,
        test: TestName,
        identity: Identity,
        real_database: String,
        wait_us: u64,
    },
    SessionOpened {
        session: SessionId,
        lease: LeaseId,
        user: String,
        application_name: Option<String>,
        pid: Option<u32>,
    },
    Refused {
        session: SessionId,
        lease: LeaseId,
        statement: String,
        refusal: Refusal,
        #[serde(skip)]
        failing_row: Option<String>,
    },
    SessionClosed {
        session: SessionId,
        lease: LeaseId,
        statements: u64,
        errors: u64,
        left_in_transaction: bool,
        abrupt: bool,
    },
    LeaseEnded {
        lease: LeaseId,
        how: Ended,
        failed: bool,
    },
    TurnedAway {
        reason: String,
    },
}
