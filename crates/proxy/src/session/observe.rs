//! Looks at the bytes of a session and tells what they mean.
//!
//! In go the bytes of both directions, out come events. Main type: [`Watch`].
//!
//! **Invariant**: what it cannot read it leaves alone, and no value of a row enters an event.

use std::rc::Rc;

use proofmark_wire::backend::{BackendKeyData, ErrorFields, ParameterStatus, Severity};
use proofmark_wire::{
    Interest, Message, Outcome, Replies, Scanner, Strings, TransactionStatus, nth_statement,
    statement_shape, tag,
};

use crate::leases::Lease;
use crate::shared::Shared;
use crate::{Event, FailingRow, Refusal, SessionId, Upstream};

/// Bytes of an error that are looked at; message and detail come before the fields that matter.
const ERROR_KEPT: u32 = 64 * 1024;
/// A process id and the longest secret.
const KEY_KEPT: u32 = 4 + 256;
/// Bytes that hold the setting that matters and its value.
const STATUS_KEPT: u32 = 64;
/// Bytes of a refused row that are kept; the server cuts every value to 64.
const ROW_KEPT: usize = 8 * 1024;

static CLIENT: Interest = Replies::client_interest().with(tag::frontend::TERMINATE, 0);
static SERVER: Interest = Replies::server_interest()
    .with(tag::backend::ERROR_RESPONSE, ERROR_KEPT)
    .with(tag::backend::BACKEND_KEY_DATA, KEY_KEPT)
    .with(tag::backend::PARAMETER_STATUS, STATUS_KEPT);

/// Whose bytes are looked at.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) shared: Rc<Shared>,
    pub(crate) session: SessionId,
    /// Nothing is told about a session that belongs to no lease.
    pub(crate) lease: Option<Rc<Lease>>,
    pub(crate) upstream: Upstream,
}

/// Looks at both directions of one session.
#[derive(Debug)]
pub(crate) struct Watch {
    client: Scanner,
    server: Scanner,
    view: View,
}

#[derive(Debug)]
struct View {
    observed: Observed,
    replies: Replies,
    strings: Strings,
    errors: u64,
    said_goodbye: bool,
    was_told: bool,
    key: Option<Box<[u8]>>,
}

impl Watch {
    /// Begins to look at a session, behind its startup message.
    pub(crate) fn new(observed: Observed) -> Self {
        let view = View {
            observed,
            replies: Replies::default(),
            strings: Strings::Standard,
            errors: 0,
            said_goodbye: false,
            was_told: false,
            key: None,
        };
        Self { client: Scanner::new(&CLIENT), server: Scanner::new(&SERVER), view }
    }

    /// Looks at bytes that the client sent.
    #[inline]
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        let Self { client, view, .. } = self;
        client.feed(bytes, |message| view.sent(message));
    }

    /// Looks at bytes that the server sent.
    #[inline]
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        let Self { server, view, .. } = self;
        server.feed(bytes, |message| view.received(message));
    }

    /// Whether the client has sent whole messages only.
    pub(super) fn client_is_between_messages(&self) -> bool {
        self.client.is_between_messages()
    }

    /// Whether the server has sent whole messages only.
    pub(super) fn server_is_between_messages(&self) -> bool {
        self.server.is_between_messages()
    }

    /// Whether the client has said that it leaves.
    pub(super) fn said_goodbye(&self) -> bool {
        self.view.said_goodbye
    }

    /// Whether the server has said why it closes.
    pub(super) fn was_told(&self) -> bool {
        self.view.was_told
    }

    /// The key with which what the session runs can be cancelled, and where.
    pub(super) fn cancel_key(&self) -> Option<(&[u8], &Upstream)> {
        Some((self.view.key.as_deref()?, &self.view.observed.upstream))
    }

    /// Tells an event of this session, if it works on a lease.
    pub(super) fn emit(&self, event: impl FnOnce(&Observed, &Rc<Lease>) -> Event) {
        let observed = &self.view.observed;
        if let Some(lease) = &observed.lease {
            observed.shared.emit(event(observed, lease));
        }
    }

    /// The session is over.
    pub(super) fn close(self, abrupt: bool) {
        let View { replies, errors, key, observed, .. } = &self.view;
        if let Some(key) = key {
            observed.shared.cancel_keys.remove(key);
        }
        let left_in_transaction = replies.status() != TransactionStatus::Idle;
        self.emit(|observed, lease| {
            if left_in_transaction {
                lease.count_left_in_transaction();
            }
            Event::SessionClosed {
                session: observed.session,
                lease: lease.id,
                statements: replies.statements(),
                errors: *errors,
                left_in_transaction,
                abrupt,
            }
        });
    }
}

impl View {
    #[inline]
    fn sent(&mut self, message: Message<'_>) {
        if message.tag == tag::frontend::TERMINATE {
            self.said_goodbye = true;
        }
        self.replies.sent(message);
    }

    #[inline]
    fn received(&mut self, message: Message<'_>) {
        if let Outcome::Error { text, completed } = self.replies.received(message) {
            self.refused(text.as_deref(), completed, ErrorFields::new(message.body));
            return;
        }
        match message.tag {
            tag::backend::BACKEND_KEY_DATA => self.key(message.body),
            tag::backend::PARAMETER_STATUS => self.status(message.body),
            _ => {}
        }
    }

    fn key(&mut self, body: &[u8]) {
        if self.key.is_none() && BackendKeyData::parse(body).is_ok() {
            self.observed.shared.cancel_keys.insert(body, &self.observed.upstream);
            self.key = Some(body.into());
        }
    }

    fn status(&mut self, body: &[u8]) {
        if let Ok(status) = ParameterStatus::parse(body)
            && status.name == b"standard_conforming_strings"
        {
            let is_standard = status.value == b"on";
            self.strings = if is_standard { Strings::Standard } else { Strings::Escaping };
        }
    }

    #[cold]
    fn refused(&mut self, text: Option<&[u8]>, completed: usize, fields: ErrorFields<'_>) {
        let severity = match fields.severity() {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Panic => "PANIC",
            Severity::Notice => return,
        };
        self.was_told |= severity != "ERROR";
        self.errors += 1;
        let Some(lease) = &self.observed.lease else { return };
        if let Some(row) = failing_row(fields) {
            lease.keep_failing_row(row);
        }
        let text = text.unwrap_or_default();
        let one = nth_statement(text, completed, self.strings);
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.observed.shared.emit(Event::Refused {
            session: self.observed.session,
            lease: lease.id,
            statement: statement_shape(one, self.strings),
            refusal: Refusal {
                severity: severity.to_owned(),
                sqlstate: fields.sqlstate().unwrap_or("?????").to_owned(),
                schema: owned(fields.schema()),
                table: owned(fields.table()),
                column: owned(fields.column()),
                datatype: owned(fields.datatype()),
                constraint: owned(fields.constraint()),
                routine: owned(fields.routine()),
            },
        });
    }
}

/// The row in the detail of a refused CHECK or NOT NULL. Its parentheses are found rather than the
/// words around it, which the server translates.
fn failing_row(fields: ErrorFields<'_>) -> Option<FailingRow> {
    let sqlstate = fields.sqlstate().filter(|sqlstate| matches!(*sqlstate, "23514" | "23502"))?;
    let detail = fields.detail()?;
    let start = detail.iter().position(|byte| *byte == b'(')?;
    let end = detail.iter().rposition(|byte| *byte == b')')?;
    let row = detail.get(start..=end)?;
    // Where the role may not read every column the server names those it shows, `(a) = (1)`; that
    // is no row.
    if row.windows(5).any(|window| window == b") = (") {
        return None;
    }
    Some(FailingRow {
        sqlstate: sqlstate.to_owned(),
        schema: fields.schema()?.to_owned(),
        table: fields.table()?.to_owned(),
        constraint: fields.constraint().map(str::to_owned),
        column: fields.column().map(str::to_owned),
        row_text: String::from_utf8_lossy(&row[..row.len().min(ROW_KEPT)]).into_owned(),
    })
}
