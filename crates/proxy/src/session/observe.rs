//! Looks at the bytes of a session and tells what they mean.
//!
//! In go the bytes of both directions, out come events. Main type: [`Watch`].
//!
//! **Invariant**: what it cannot read it leaves alone, and no value of a row enters an event.

use std::rc::Rc;

use proofmark_wire::backend::{
    BackendKeyData, CommandComplete, ErrorFields, ParameterStatus, Severity,
};
use proofmark_wire::frontend::{Parse, Query};
use proofmark_wire::{
    Interest, Message, Outcome, QueueState, Replies, Scanner, Strings, TransactionStatus,
    nth_statement, statement_shape, tag,
};

use super::failing::Failing;
use super::statements::{self, Clock};
use crate::leases::{Lease, Leaving};
use crate::shared::Shared;
use crate::warm::{Doubt, Greeting, Opening, Settings, doubt};
use crate::{Event, Lane, Refusal, SessionId, Upstream};

/// Bytes of an error that are looked at; message and detail come before the fields that matter.
const ERROR_KEPT: u32 = 64 * 1024;
/// A process id and the longest secret.
const KEY_KEPT: u32 = 4 + 256;
/// Bytes that hold a command tag (`COMPLETION_TAG_BUFSIZE` in PostgreSQL's cmdtag.h).
const COMMAND_KEPT: u32 = 64;
/// Bytes that hold a setting and its value.
const STATUS_KEPT: u32 = 1024;
/// TERMINATE, whole.
pub(super) const GOODBYE: [u8; 5] = [tag::frontend::TERMINATE, 0, 0, 0, 4];

static CLIENT: Interest = Replies::client_interest().with(tag::frontend::TERMINATE, 0);
static SERVER: Interest = Replies::server_interest()
    .with(tag::backend::ERROR_RESPONSE, ERROR_KEPT)
    .with(tag::backend::COMMAND_COMPLETE, COMMAND_KEPT)
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
    /// What the server said when its backend was opened, if that was for another client.
    pub(crate) greeting: Option<Rc<Greeting>>,
    /// Whether the backend could serve another client.
    pub(crate) is_reusable: bool,
}

/// Whether a session's backend could serve another client now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prospect {
    /// It is idle: nothing is owed on either side.
    Idle,
    /// It will be idle when it has answered what was sent.
    Working,
    /// It could not, or not before the client has sent more.
    None,
}

/// What a session leaves to the next one of its backend.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) greeting: Rc<Greeting>,
    /// Settings that the server told of behind its greeting.
    pub(super) settings: Settings,
    pub(super) is_in_transaction: bool,
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
    leaving: Option<Leaving>,
    was_told: bool,
    opening: Opening,
    /// Settings that the server told of behind its greeting.
    settings: Settings,
    /// The server was ready, and the client has sent nothing since.
    is_ready: bool,
    /// The server was ready once.
    is_greeted: bool,
    is_reusable: bool,
    /// The cancel key that the client was told.
    key: Option<Box<[u8]>>,
    /// How long statements take, if that is asked for.
    clock: Option<Clock>,
}

impl Watch {
    /// Begins to look at a session, behind its startup message.
    pub(crate) fn new(mut observed: Observed) -> Self {
        let opening = match observed.greeting.take() {
            Some(greeting) => Opening::Known(greeting),
            None if observed.is_reusable => Opening::Coming(Vec::new()),
            None => Opening::Unusable,
        };
        let is_timed = observed.shared.options.statements && observed.lease.is_some();
        let view = View {
            clock: is_timed.then(Clock::default),
            is_reusable: observed.is_reusable,
            observed,
            replies: Replies::default(),
            strings: Strings::Standard,
            errors: 0,
            said_goodbye: false,
            leaving: None,
            was_told: false,
            opening,
            settings: Settings::new(),
            is_ready: false,
            is_greeted: false,
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

    /// Looks at bytes that the client sent, before they are passed on, if they end like a goodbye.
    /// Whether it is one that is not to be passed on, because the backend will serve another
    /// client.
    #[inline]
    pub(super) fn keeps_goodbye(&mut self, bytes: &[u8]) -> Option<bool> {
        let before = bytes.strip_suffix(&GOODBYE)?;
        self.sent(before);
        let is_goodbye = self.client.is_between_messages() && !self.view.said_goodbye;
        self.sent(&GOODBYE);
        Some(is_goodbye && self.prospect() != Prospect::None)
    }

    /// Whether the backend could serve another client.
    pub(super) fn prospect(&self) -> Prospect {
        let Self { client, server, view } = self;
        let is_whole = client.is_between_messages();
        if !(view.is_reusable && is_whole && view.opening.known().is_some()) {
            return Prospect::None;
        }
        match view.replies.state() {
            QueueState::Empty if view.is_ready && server.is_between_messages() => Prospect::Idle,
            _ if view.replies.will_be_ready() => Prospect::Working,
            // Between the last byte of an answer and the first of the next.
            QueueState::Empty if view.is_ready && !server.is_lost() => Prospect::Working,
            _ => Prospect::None,
        }
    }

    /// What the session leaves to the next, if its backend is idle and could serve another client.
    pub(super) fn left(&mut self) -> Option<Left> {
        let keeps = |lease: &Rc<Lease>| lease.keeps_backends.get();
        if self.prospect() != Prospect::Idle
            || !self.view.observed.lease.as_ref().is_some_and(keeps)
        {
            return None;
        }
        Some(Left {
            greeting: Rc::clone(self.view.opening.known()?),
            settings: std::mem::take(&mut self.view.settings),
            is_in_transaction: self.view.replies.status() != TransactionStatus::Idle,
        })
    }

    /// Looks at bytes that the server sent.
    #[inline]
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        let Self { server, view, .. } = self;
        view.opening.received(bytes);
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

    /// The client has left.
    pub(super) fn leave(&mut self) {
        self.view.leave();
    }

    /// The lease was given back while the client was still there.
    pub(super) fn was_left_open(&self) {
        if let Some(lease) = &self.view.observed.lease {
            lease.count_left_open();
        }
    }

    /// Whether the server has said why it closes.
    pub(super) fn was_told(&self) -> bool {
        self.view.was_told
    }

    /// The key with which what the session runs can be cancelled, and where.
    pub(super) fn cancel_key(&self) -> Option<(&[u8], &Upstream)> {
        let told = self.view.key.as_deref();
        let known = self.view.opening.known().map(|greeting| greeting.key.as_slice());
        Some((known.or(told)?, &self.view.observed.upstream))
    }

    /// No cancel request reaches the session from now on. Whether one has.
    pub(super) fn forget_key(&mut self) -> bool {
        let View { key, observed, .. } = &mut self.view;
        key.take().is_some_and(|key| observed.shared.cancel_keys.remove(&key))
    }

    /// Tells an event of this session, if it works on a lease.
    pub(super) fn emit(&self, event: impl FnOnce(&Observed, &Rc<Lease>) -> Event) {
        let observed = &self.view.observed;
        if let Some(lease) = &observed.lease {
            observed.shared.emit(event(observed, lease));
        }
    }

    /// The session is over.
    pub(super) fn close(mut self, abrupt: bool) {
        self.forget_key();
        let View { replies, errors, .. } = &self.view;
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
        match message.tag {
            tag::frontend::TERMINATE => {
                self.said_goodbye = true;
                self.leave();
                return;
            }
            tag::frontend::QUERY => self.doubt(Query::text(message.body), false, &message),
            tag::frontend::PARSE => self.doubt(Parse::head(message.body).text, true, &message),
            _ => {}
        }
        if let (Some(clock), tag::frontend::QUERY | tag::frontend::EXECUTE) =
            (&mut self.clock, message.tag)
        {
            clock.sent();
        }
        self.is_ready = false;
        self.replies.sent(message);
    }

    fn leave(&mut self) {
        if self.leaving.is_none() {
            self.leaving = self.observed.lease.as_ref().map(Lease::leave);
        }
    }

    #[inline]
    fn doubt(&mut self, text: &[u8], is_one: bool, message: &Message<'_>) {
        let Some(doubt) = doubt(text, is_one, message.is_cut()) else { return };
        self.is_reusable = false;
        let Observed { shared, lease, .. } = &self.observed;
        match (doubt, lease) {
            (Doubt::Backend, _) => {}
            (Doubt::Database, Some(lease)) => lease.keep_no_backend(&shared.warm),
            (Doubt::Server, Some(lease)) => lease.change_logins(&shared.warm),
            (Doubt::Database | Doubt::Server, None) => shared.warm.logins_changed(),
        }
    }

    #[inline]
    fn received(&mut self, message: Message<'_>) {
        match self.replies.received(message) {
            Outcome::Error { text, completed } => {
                self.ended(text.as_deref(), completed, None);
                self.refused(text.as_deref(), completed, ErrorFields::new(message.body));
                return;
            }
            Outcome::Ended { text, completed } => {
                let command = (message.tag == tag::backend::COMMAND_COMPLETE)
                    .then(|| CommandComplete::parse(message.body).ok())
                    .flatten();
                if let Some(command) = command {
                    self.ended(text.as_deref(), completed, Some(command));
                }
            }
            Outcome::Ready(_) => {
                self.is_greeted = true;
                if let Some(clock) = &mut self.clock {
                    clock.ready();
                }
                self.is_ready = self.replies.state() == QueueState::Empty;
            }
            Outcome::Quiet => {}
        }
        match message.tag {
            tag::backend::BACKEND_KEY_DATA => self.key(message.body),
            tag::backend::PARAMETER_STATUS => self.status(&message),
            _ => {}
        }
    }

    /// A statement has ended; `command` is none if it failed.
    fn ended(
        &mut self,
        text: Option<&[u8]>,
        completed: usize,
        command: Option<CommandComplete<'_>>,
    ) {
        let (Some(clock), Some(lease)) = (&mut self.clock, &self.observed.lease) else { return };
        let Some(text) = text else { return };
        let (tag, rows) =
            (command.map(|command| command.command), command.and_then(|command| command.rows()));
        let strings = self.strings;
        lease
            .statements
            .borrow_mut()
            .ended(clock, statements::Ended { text, completed, strings, tag, rows });
    }

    fn key(&mut self, body: &[u8]) {
        if self.key.is_none() && BackendKeyData::parse(body).is_ok() {
            // A backend that was opened for another client knows its own key only.
            let known = self.opening.known().map_or(body, |greeting| greeting.key.as_slice());
            self.observed.shared.cancel_keys.insert(body, known, &self.observed.upstream);
            self.key = Some(body.into());
        }
    }

    fn status(&mut self, message: &Message<'_>) {
        let Ok(status) = ParameterStatus::parse(message.body) else {
            // Too long to be compared with what it was.
            self.is_reusable = false;
            return;
        };
        if status.name == b"standard_conforming_strings" {
            let is_standard = status.value == b"on";
            self.strings = if is_standard { Strings::Standard } else { Strings::Escaping };
        }
        if self.is_reusable && self.is_greeted {
            self.settings.insert(status.name.to_vec(), status.value.to_vec());
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
        Failing {
            sqlstate: fields.sqlstate(),
            detail: fields.detail(),
            schema: fields.schema(),
            table: fields.table(),
            column: fields.column(),
            constraint: fields.constraint(),
        }
        .keep(lease);
        let text = text.unwrap_or_default();
        let one = nth_statement(text, completed, self.strings);
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.observed.shared.emit(Event::Refused {
            session: self.observed.session,
            lease: lease.id,
            lane: Lane::Proxy,
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
