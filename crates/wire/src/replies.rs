//! Knows which statement an answer of the server belongs to.
//!
//! In go the messages of both directions, in the order in which they were sent; out comes, for an
//! error, the statement that caused it, and for the end of a command, the transaction's state.
//! Main type: [`Replies`].
//!
//! The client may send many messages before it reads an answer, so what is owed is queued: a
//! Query is paid by ReadyForQuery; Parse, Bind, Close and Describe by their own answers; Execute
//! by CommandComplete, EmptyQueryResponse or PortalSuspended; a Sync by ReadyForQuery. After an
//! error in the extended protocol the server drops everything up to the next Sync, and so does
//! the queue. While the server takes COPY data it drops every Sync, and so does the queue.
//! (Sources: "Message Flow" in the PostgreSQL documentation, `PostgresMain` in postgres.c.)
//!
//! **Invariant**: names are only taken for prepared when the server said so, an error it cannot
//! place belongs to no statement, and what it holds stays below fixed bounds; a pipeline longer
//! than that is not attributed, and attribution resumes when the server has caught up.

mod prepared;
mod queue;

use std::sync::Arc;

use crate::backend::ReadyForQuery;
use crate::frontend::{Bind, Close, Describe, Execute, Parse, Query, Target};
use crate::{Interest, Message, tag};
use prepared::Prepared;
use queue::{Expected, Queue};

/// Bytes of a statement's text that are kept; its shape is shorter.
const TEXT_KEPT: u32 = 4096;
/// Bytes that hold every name of a prepared statement and of a portal that PostgreSQL's own
/// clients send, twice.
const NAMES_KEPT: u32 = 256;

pub use queue::QueueState;

/// A transaction's state as ReadyForQuery tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransactionStatus {
    /// No transaction is open.
    #[default]
    Idle,
    /// A transaction is open.
    Open,
    /// A transaction is open and failed: it can only be rolled back.
    Failed,
}

/// What a message of the server meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to tell.
    Quiet,
    /// An error. The text is the one sent (cut to 4 KiB), the index says which of its statements
    /// it was; without a text the error belongs to no statement.
    Error {
        /// The text that held the statement.
        text: Option<Arc<[u8]>>,
        /// Statements of the text that were completed before.
        completed: usize,
    },
    /// A statement came to its end without an error (or, by an Execute with a limit, to a pause).
    /// Text and index are as for an error.
    Ended {
        /// The text that held the statement.
        text: Option<Arc<[u8]>>,
        /// Statements of the text that were completed before.
        completed: usize,
    },
    /// The server waits for the next command.
    Ready(TransactionStatus),
}

/// What is owed to the client of one session.
#[derive(Debug, Default)]
pub struct Replies {
    queue: Queue,
    prepared: Prepared,
    status: TransactionStatus,
    /// Statements of the Query at the front that have completed.
    completed: usize,
    /// What the last Execute ran: a deferred constraint speaks up at the Sync behind it.
    last_executed: Option<Arc<[u8]>>,
    statements: u64,
}

impl Replies {
    /// What must be looked for in the client's direction.
    pub const fn client_interest() -> Interest {
        use tag::frontend as f;
        Interest::none()
            .with(f::QUERY, TEXT_KEPT)
            .with(f::PARSE, TEXT_KEPT)
            .with(f::BIND, NAMES_KEPT)
            .with(f::EXECUTE, NAMES_KEPT)
            .with(f::DESCRIBE, NAMES_KEPT)
            .with(f::CLOSE, NAMES_KEPT)
            .with(f::FUNCTION_CALL, 0)
            .with(f::SYNC, 0)
            .with(f::COPY_DONE, 0)
            .with(f::COPY_FAIL, 0)
    }

    /// What must be looked for in the server's direction (the body of an error is the caller's
    /// to read).
    pub const fn server_interest() -> Interest {
        use tag::backend as b;
        Interest::none()
            .with(b::READY_FOR_QUERY, 1)
            .with(b::COMMAND_COMPLETE, 0)
            .with(b::EMPTY_QUERY_RESPONSE, 0)
            .with(b::PORTAL_SUSPENDED, 0)
            .with(b::PARSE_COMPLETE, 0)
            .with(b::BIND_COMPLETE, 0)
            .with(b::CLOSE_COMPLETE, 0)
            .with(b::ROW_DESCRIPTION, 0)
            .with(b::NO_DATA, 0)
            .with(b::COPY_IN_RESPONSE, 0)
            .with(b::COPY_BOTH_RESPONSE, 0)
            .with(b::ERROR_RESPONSE, 0)
    }

    /// The state of the transaction when the server was last ready.
    pub fn status(&self) -> TransactionStatus {
        self.status
    }

    /// Statements sent so far: one per Query and per Execute.
    pub fn statements(&self) -> u64 {
        self.statements
    }

    /// Whether the server owes nothing, something, or more than could be kept.
    pub fn state(&self) -> QueueState {
        self.queue.state()
    }

    /// Whether the server will be ready when it has answered what was sent, and needs nothing more
    /// of the client: no Sync, no COPY data. Not where nothing is owed, nor where more was sent
    /// ahead than is kept.
    pub fn will_be_ready(&self) -> bool {
        self.queue.will_be_ready()
    }

    /// Takes note of a message that the client sent.
    #[inline]
    pub fn sent(&mut self, message: Message<'_>) {
        use tag::frontend as f;
        let expected = match message.tag {
            f::QUERY => {
                self.statements += 1;
                Expected::query(Query::text(message.body))
            }
            f::PARSE => {
                let parse = Parse::head(message.body);
                Expected::parse(self.prepared.id(parse.name), parse.text)
            }
            f::BIND => {
                let bind = Bind::head(message.body);
                let (portal, statement) =
                    (self.prepared.id(bind.portal), self.prepared.id(bind.statement));
                Expected::Bind { portal, statement }
            }
            f::EXECUTE => {
                self.statements += 1;
                Expected::Execute { portal: self.prepared.id(Execute::portal(message.body)) }
            }
            f::DESCRIBE => self.describe(message.body),
            f::CLOSE => self.close(message.body),
            f::FUNCTION_CALL => Expected::FunctionCall,
            f::SYNC => Expected::Sync,
            f::COPY_DONE | f::COPY_FAIL => Expected::CopyEnd,
            _ => return,
        };
        self.queue.push(expected);
    }

    fn describe(&self, body: &[u8]) -> Expected {
        match Describe::head(body) {
            Describe { target: Target::Statement, name } => {
                Expected::DescribeStatement { statement: self.prepared.id(name) }
            }
            Describe { target: Target::Portal, name } => {
                Expected::DescribePortal { portal: self.prepared.id(name) }
            }
        }
    }

    fn close(&self, body: &[u8]) -> Expected {
        match Close::head(body) {
            Close { target: Target::Statement, name } => {
                Expected::CloseStatement { statement: self.prepared.id(name) }
            }
            Close { target: Target::Portal, name } => {
                Expected::ClosePortal { portal: self.prepared.id(name) }
            }
        }
    }

    /// Takes note of a message that the server sent and says what it meant.
    #[inline]
    pub fn received(&mut self, message: Message<'_>) -> Outcome {
        use tag::backend as b;
        match message.tag {
            b::COMMAND_COMPLETE | b::EMPTY_QUERY_RESPONSE | b::PORTAL_SUSPENDED => {
                return self.command_ended();
            }
            b::PARSE_COMPLETE => self.parsed(),
            b::BIND_COMPLETE => self.bound(),
            b::CLOSE_COMPLETE => self.closed(),
            b::ROW_DESCRIPTION | b::NO_DATA => {
                self.queue.pay(|front| {
                    matches!(
                        front,
                        Expected::DescribeStatement { .. } | Expected::DescribePortal { .. }
                    )
                });
            }
            b::COPY_IN_RESPONSE | b::COPY_BOTH_RESPONSE => self.queue.copy_began(),
            b::ERROR_RESPONSE => return self.failed(),
            b::READY_FOR_QUERY => return self.ready(message.body),
            _ => {}
        }
        Outcome::Quiet
    }

    fn command_ended(&mut self) -> Outcome {
        self.queue.copy_ended();
        match self.queue.front() {
            Some(Expected::Query { text }) => {
                let (text, completed) = (Some(Arc::clone(text)), self.completed);
                self.completed += 1;
                Outcome::Ended { text, completed }
            }
            Some(Expected::Execute { portal }) => {
                self.last_executed = self.prepared.of_portal(*portal);
                self.queue.pop();
                Outcome::Ended { text: self.last_executed.clone(), completed: 0 }
            }
            _ => Outcome::Quiet,
        }
    }

    fn parsed(&mut self) {
        let paid = self.queue.pay(|front| matches!(front, Expected::Parse { .. }));
        if let Some(Expected::Parse { statement, text }) = paid {
            self.prepared.parsed(statement, text);
        }
    }

    fn bound(&mut self) {
        let paid = self.queue.pay(|front| matches!(front, Expected::Bind { .. }));
        if let Some(Expected::Bind { portal, statement }) = paid {
            self.prepared.bound(portal, statement);
        }
    }

    fn closed(&mut self) {
        let is_close = |front: &Expected| {
            matches!(front, Expected::CloseStatement { .. } | Expected::ClosePortal { .. })
        };
        match self.queue.pay(is_close) {
            Some(Expected::CloseStatement { statement }) => self.prepared.forget(statement),
            Some(Expected::ClosePortal { portal }) => self.prepared.forget_portal(portal),
            _ => {}
        }
    }

    fn failed(&mut self) -> Outcome {
        self.queue.copy_ended();
        let text = match self.queue.front() {
            Some(Expected::Query { text }) => {
                let (text, completed) = (Some(Arc::clone(text)), self.completed);
                return Outcome::Error { text, completed };
            }
            Some(Expected::Parse { text, .. }) => Some(Arc::clone(text)),
            Some(
                Expected::Bind { statement, .. }
                | Expected::DescribeStatement { statement }
                | Expected::CloseStatement { statement },
            ) => self.prepared.of_statement(*statement),
            Some(
                Expected::Execute { portal }
                | Expected::DescribePortal { portal }
                | Expected::ClosePortal { portal },
            ) => self.prepared.of_portal(*portal),
            Some(Expected::Sync) => self.last_executed.clone(),
            Some(Expected::FunctionCall | Expected::CopyEnd) | None => None,
        };
        self.queue.failed();
        Outcome::Error { text, completed: 0 }
    }

    fn ready(&mut self, body: &[u8]) -> Outcome {
        self.queue.copy_ended();
        self.queue.ready();
        self.completed = 0;
        self.last_executed = None;
        if let Ok(ReadyForQuery { status }) = ReadyForQuery::parse(body) {
            self.status = status;
        }
        if self.status == TransactionStatus::Idle {
            self.prepared.transaction_ended();
        }
        Outcome::Ready(self.status)
    }
}

#[cfg(test)]
mod tests;
