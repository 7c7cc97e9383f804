//! What the proxy tells: one [`Event`] per thing that happened to a lease or session.
//!
//! **Invariant**: an event holds no message text, no detail and no value of a row; statements are
//! shapes. What an event says can therefore be written to a file that people pass around.

use serde::{Deserialize, Serialize};

use crate::{LeaseId, SessionId, TestName};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A test got a database of its own.
    LeaseGiven {
        /// The lease.
        lease: LeaseId,
        /// The database that was asked for: the name of a template.
        database: String,
        /// The test.
        test: TestName,
        /// How the test was recognised.
        identity: Identity,
        /// The database that was given.
        real_database: String,
        /// How long the client waited for it, in microseconds.
        wait_us: u64,
    },
    /// A client connected.
    SessionOpened {
        /// The session.
        session: SessionId,
        /// The lease it works on.
        lease: LeaseId,
        /// The role it asked for.
        user: String,
        /// The name it gave itself.
        application_name: Option<String>,
        /// The client's process, where it could be found out.
        pid: Option<u32>,
        /// Whether it got a backend that an earlier client had used, or one opened ahead.
        #[serde(default)]
        warm: bool,
    },
    /// The server said no.
    Refused {
        /// The session; on the direct lane, where the proxy sees none, a number of its own.
        session: SessionId,
        /// The lease it works on.
        lease: LeaseId,
        /// Where it was seen: on the wire, or by the client library of a test on the direct lane.
        #[serde(default)]
        lane: Lane,
        /// Shape of the statement: every literal is `?`, at most 2 KiB. Empty when the error
        /// belongs to no statement.
        statement: String,
        /// What the server said, without text.
        refusal: Refusal,
    },
    /// A client left.
    SessionClosed {
        /// The session.
        session: SessionId,
        /// The lease it worked on.
        lease: LeaseId,
        /// Statements it sent: one per Query and one per Execute message.
        statements: u64,
        /// Errors it got.
        errors: u64,
        /// Whether a transaction was open when it left.
        left_in_transaction: bool,
        /// Whether it ended without the client saying goodbye.
        abrupt: bool,
    },
    /// The server closed a session, or could not be reached, without saying why.
    ServerLost {
        /// The session.
        session: SessionId,
        /// The lease it worked on.
        lease: LeaseId,
    },
    /// A test gave its database back, or it was taken back.
    LeaseEnded {
        /// The lease.
        lease: LeaseId,
        /// Why it ended.
        how: Ended,
        /// Whether the test is known to have failed.
        failed: bool,
        /// How the test could reach its database.
        #[serde(default)]
        lane: Lane,
    },
    /// The source could not take a lease back.
    GiveBackFailed {
        /// The lease.
        lease: LeaseId,
        /// What the source said.
        error: String,
    },
    /// A connection was not let in.
    TurnedAway {
        /// Why.
        reason: TurnedAway,
    },
}

/// How a test was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Identity {
    /// It is part of the database's name: `shop~name`.
    DatabaseName,
    /// It is in the startup options: `-c proofmark.test=name`.
    Options,
    /// It is in the start environment of the client's process or of one above it.
    Environment {
        /// The variable.
        key: String,
    },
    /// It is the process below the command that the client belongs to.
    Process,
    /// It was asked for on the console.
    Console,
    /// Nothing told it.
    Unknown,
}

/// How a test reaches its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Through the proxy only: everything it sent was seen.
    #[default]
    Proxy,
    /// It was given the URL of the database itself: of what it sent there, only what its client
    /// library was refused and told is known.
    Direct,
}

/// Why a lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It was given back on the console.
    Returned,
    /// The process that held it ended.
    ProcessEnded,
    /// Nobody was connected for the grace period, and no process is known to hold it.
    Idle,
    /// The proxy was shut down.
    Shutdown,
}

/// An error of the server, without its text. Fields: "Error and Notice Message Fields" in the
/// PostgreSQL documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// `ERROR`, `FATAL` or `PANIC`.
    pub severity: String,
    /// The five-character code of the condition.
    pub sqlstate: String,
    /// Schema of the object.
    pub schema: Option<String>,
    /// Table of the object.
    pub table: Option<String>,
    /// Column of the table.
    pub column: Option<String>,
    /// Data type of the object, such as a domain.
    pub datatype: Option<String>,
    /// Constraint, or the index that stands for one.
    pub constraint: Option<String>,
    /// Routine of the server's source that reported it.
    pub routine: Option<String>,
}

/// Why a connection was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum TurnedAway {
    /// Its first packet was none: too short, too long, or not readable.
    MalformedStartup,
    /// It sent nothing, or half a packet, until the deadline.
    StartupTimeout,
    /// It left before it had said what it wants.
    LeftDuringStartup,
    /// It spoke TLS without asking first.
    DirectTls,
    /// It sent bytes behind a request for encryption.
    BytesBehindNegotiation,
    /// It belongs to another user of this machine.
    ForeignUser {
        /// That user's id, where it could be found out.
        uid: Option<u32>,
    },
    /// It asked for a database that is not handed out.
    UnknownDatabase {
        /// The database.
        database: String,
    },
    /// Too many clients are connected.
    TooManySessions,
    /// The source gave no lease.
    LeaseFailed {
        /// The database that was asked for.
        database: String,
        /// What the source said.
        error: String,
    },
    /// The lease ended while the client was connecting.
    LeaseEnded,
    /// The server behind the proxy could not be reached.
    ServerUnreachable {
        /// What the system said.
        error: String,
    },
    /// The server behind the proxy did not accept the proxy's login.
    LoginFailed {
        /// What went wrong.
        error: String,
    },
    /// The proxy is shutting down.
    ShuttingDown,
}
