//! The first byte of every message after the startup, for both directions.
//!
//! Source: "Message Formats" in the PostgreSQL documentation (protocol.h since PostgreSQL 17).
//!
//! **Invariant**: names only; what a body holds is known by the message's own file.

/// Messages that a client sends.
pub mod frontend {
    /// Bind parameters to a prepared statement, giving a portal.
    pub const BIND: u8 = b'B';
    /// Forget a prepared statement or portal.
    pub const CLOSE: u8 = b'C';
    /// Describe a prepared statement or portal.
    pub const DESCRIBE: u8 = b'D';
    /// Run a portal.
    pub const EXECUTE: u8 = b'E';
    /// Send what has been answered so far.
    pub const FLUSH: u8 = b'H';
    /// Call a function by its object id (an old interface).
    pub const FUNCTION_CALL: u8 = b'F';
    /// Prepare a statement.
    pub const PARSE: u8 = b'P';
    /// Password, SASL or GSS answer: the body depends on what the server asked.
    pub const PASSWORD: u8 = b'p';
    /// Run a text of one or more statements.
    pub const QUERY: u8 = b'Q';
    /// End of an extended-protocol pipeline.
    pub const SYNC: u8 = b'S';
    /// The client leaves.
    pub const TERMINATE: u8 = b'X';
    /// A piece of COPY data (both directions).
    pub const COPY_DATA: u8 = b'd';
    /// End of the COPY data (both directions).
    pub const COPY_DONE: u8 = b'c';
    /// The client gives up its COPY.
    pub const COPY_FAIL: u8 = b'f';
}

/// Messages that a server sends.
pub mod backend {
    /// Every step of the authentication.
    pub const AUTHENTICATION: u8 = b'R';
    /// The key with which this session can be cancelled.
    pub const BACKEND_KEY_DATA: u8 = b'K';
    /// Bind succeeded.
    pub const BIND_COMPLETE: u8 = b'2';
    /// Close succeeded.
    pub const CLOSE_COMPLETE: u8 = b'3';
    /// A statement ended.
    pub const COMMAND_COMPLETE: u8 = b'C';
    /// COPY in both directions begins (replication).
    pub const COPY_BOTH_RESPONSE: u8 = b'W';
    /// A piece of COPY data.
    pub const COPY_DATA: u8 = b'd';
    /// End of the COPY data.
    pub const COPY_DONE: u8 = b'c';
    /// The server wants COPY data.
    pub const COPY_IN_RESPONSE: u8 = b'G';
    /// The server sends COPY data.
    pub const COPY_OUT_RESPONSE: u8 = b'H';
    /// One row.
    pub const DATA_ROW: u8 = b'D';
    /// The statement was empty.
    pub const EMPTY_QUERY_RESPONSE: u8 = b'I';
    /// An error.
    pub const ERROR_RESPONSE: u8 = b'E';
    /// Result of a function call.
    pub const FUNCTION_CALL_RESPONSE: u8 = b'V';
    /// The server speaks an older minor version or does not know an option.
    pub const NEGOTIATE_PROTOCOL_VERSION: u8 = b'v';
    /// The statement returns no rows.
    pub const NO_DATA: u8 = b'n';
    /// A notice.
    pub const NOTICE_RESPONSE: u8 = b'N';
    /// A NOTIFY arrived.
    pub const NOTIFICATION_RESPONSE: u8 = b'A';
    /// Types of a statement's parameters.
    pub const PARAMETER_DESCRIPTION: u8 = b't';
    /// A setting that drivers want to know.
    pub const PARAMETER_STATUS: u8 = b'S';
    /// Parse succeeded.
    pub const PARSE_COMPLETE: u8 = b'1';
    /// Execute stopped at its row limit.
    pub const PORTAL_SUSPENDED: u8 = b's';
    /// The server waits for the next command.
    pub const READY_FOR_QUERY: u8 = b'Z';
    /// Columns of the rows that follow.
    pub const ROW_DESCRIPTION: u8 = b'T';
}
