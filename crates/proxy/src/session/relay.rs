//! Passes bytes between two sockets.
//!
//! In go two connected sockets, out comes how it ended. Main type: [`Relay`].
//!
//! Bytes are written on before they are looked at, so that looking costs no latency. One buffer
//! serves all sessions: a session has memory of its own only while the other side does not take
//! what was read, and meanwhile nothing more is read (the system's buffers then hold the sender
//! back).
//!
//! **Invariant**: it never waits for one direction while the other could go on.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::leases::{CloseReason, CloseSignal, Urgency};
use crate::session::Watch;
use crate::session::observe::{GOODBYE, Prospect};
use crate::stream::Stream;

/// How the passing of bytes ended.
#[derive(Debug)]
pub(super) enum Finish {
    /// The server has closed, and the client has got everything.
    ServerClosed,
    /// The client does not take what the server sends.
    ClientGone,
    /// The client has left, and the backend is idle: it has not been told.
    ClientLeft,
    /// The session was told to close.
    Asked(CloseReason),
}

impl Finish {
    /// Whether the backend may be idle and without a client.
    pub(super) fn leaves_backend(&self) -> bool {
        matches!(self, Self::ClientLeft | Self::Asked(_))
    }
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Direction {
    /// Read, but not taken by the other side yet.
    held_back: Vec<u8>,
    written: usize,
    /// The sender has closed.
    ended: bool,
    /// The receiver has been told so.
    closed: bool,
    /// The receiver takes nothing any more.
    broken: bool,
}

impl Direction {
    /// A direction in which these bytes go first.
    fn starting_with(bytes: Vec<u8>) -> Self {
        Self { held_back: bytes, ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.held_back.is_empty()
    }

    /// Writes what was held back; ready when nothing is.
    fn flush(&mut self, to: &mut Stream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.held_back.len() {
            let rest = &self.held_back[self.written..];
            let written = ready!(Pin::new(&mut *to).poll_write(context, rest))?;
            self.written += written;
        }
        self.held_back = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Tells the receiver, once, that nothing more comes.
    fn close(&mut self, to: &mut Stream, context: &mut Context<'_>) {
        if !self.closed {
            self.closed = true;
            // A socket is shut down at once; one that is gone need not be told.
            let _ = Pin::new(to).poll_shutdown(context);
        }
    }

    /// Moves bytes until one of the sockets has had enough. Ready when the sender has closed and
    /// the receiver has everything.
    #[inline]
    fn pass(
        &mut self,
        from: &mut Stream,
        to: &mut Stream,
        context: &mut Context<'_>,
        scratch: &mut [u8],
        eye: &mut impl Eye,
    ) -> Poll<()> {
        loop {
            if !self.is_empty() && !self.broken && ready!(self.flush(to, context)).is_err() {
                self.broken = true;
            }
            if self.ended {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(scratch);
            let read = ready!(Pin::new(&mut *from).poll_read(context, &mut buffer));
            let bytes = buffer.filled();
            if read.is_err() || bytes.is_empty() {
                self.ended = true;
                continue;
            }
            let passed_on = eye.before(bytes);
            let is_seen = passed_on.is_some();
            let bytes = &bytes[..passed_on.unwrap_or(bytes.len())];
            if !self.broken && !bytes.is_empty() {
                match Pin::new(&mut *to).poll_write(context, bytes) {
                    Poll::Ready(Ok(written)) if written == bytes.len() => {}
                    Poll::Ready(Ok(written)) => self.held_back.extend_from_slice(&bytes[written..]),
                    Poll::Pending => self.held_back.extend_from_slice(bytes),
                    Poll::Ready(Err(_)) => self.broken = true,
                }
            }
            if !is_seen {
                eye.behind(bytes);
            }
        }
    }
}

/// Looks at the bytes of one direction.
trait Eye {
    /// Looks at bytes that must be looked at before they are passed on; how many of them to pass
    /// on. `None` where it can wait.
    #[inline]
    fn before(&mut self, bytes: &[u8]) -> Option<usize> {
        let _ = bytes;
        None
    }

    /// Looks at bytes that have been passed on.
    fn behind(&mut self, bytes: &[u8]);
}

/// Looks at what the client sends, and keeps its goodbye from a backend that is to stay.
struct OfClient<'a> {
    watch: &'a mut Watch,
    keeps_goodbye: &'a mut bool,
}

impl Eye for OfClient<'_> {
    #[inline]
    fn before(&mut self, bytes: &[u8]) -> Option<usize> {
        let keeps = self.watch.keeps_goodbye(bytes)?;
        *self.keeps_goodbye |= keeps;
        Some(if keeps { bytes.len() - GOODBYE.len() } else { bytes.len() })
    }

    #[inline]
    fn behind(&mut self, bytes: &[u8]) {
        self.watch.sent(bytes);
    }
}

/// Looks at what the server sends.
struct OfServer<'a>(&'a mut Watch);

impl Eye for OfServer<'_> {
    #[inline]
    fn behind(&mut self, bytes: &[u8]) {
        self.0.received(bytes);
    }
}

/// Two sockets between which bytes pass, until the server closes or somebody says stop.
#[derive(Debug)]
pub(super) struct Relay<'a> {
    client: &'a mut Stream,
    server: &'a mut Stream,
    to_server: Direction,
    to_client: Direction,
    /// The client's goodbye has not been passed on.
    keeps_goodbye: bool,
    /// The client has left, and the backend is to stay when it is done.
    is_leaving: bool,
    watch: &'a mut Watch,
    signal: &'a CloseSignal,
    scratch: &'a RefCell<Box<[u8]>>,
}

impl<'a> Relay<'a> {
    /// A relay in which these bytes go first.
    pub(super) fn new(
        (client, to_client): (&'a mut Stream, Vec<u8>),
        (server, to_server): (&'a mut Stream, Vec<u8>),
        watch: &'a mut Watch,
        signal: &'a CloseSignal,
        scratch: &'a RefCell<Box<[u8]>>,
    ) -> Self {
        let to_server = Direction::starting_with(to_server);
        let to_client = Direction::starting_with(to_client);
        let (keeps_goodbye, is_leaving) = (false, false);
        Self {
            client,
            server,
            to_server,
            to_client,
            keeps_goodbye,
            is_leaving,
            watch,
            signal,
            scratch,
        }
    }

    /// Whether the server has not been told of the client's goodbye, if there was one.
    pub(super) fn keeps_goodbye(&self) -> bool {
        self.keeps_goodbye
    }

    /// The client is leaving. Says when the backend is idle; where it will not be, the server is
    /// told after all.
    fn leave(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let client_is_done =
            self.to_client.is_empty() || self.to_client.broken || self.watch.said_goodbye();
        match self.watch.prospect() {
            Prospect::Idle if client_is_done => return Poll::Ready(()),
            Prospect::Idle | Prospect::Working => return Poll::Pending,
            Prospect::None => self.is_leaving = false,
        }
        if std::mem::take(&mut self.keeps_goodbye) {
            self.to_server.held_back.extend_from_slice(&GOODBYE);
        }
        // A server that does not take it is found out by the next turn.
        let flushed = self.to_server.flush(self.server, context);
        if self.to_server.ended && flushed.is_ready() {
            self.to_server.close(self.server, context);
        }
        Poll::Pending
    }

    /// Whether the client is not about to leave, and nothing that it sent is unread or unanswered.
    fn is_silent(&self) -> bool {
        let is_leaving = self.is_leaving || self.to_server.ended;
        !is_leaving && self.watch.prospect() != Prospect::Working && !self.client.has_more()
    }

    /// Whether nothing is held back on the way to the client.
    pub(super) fn client_is_up_to_date(&self) -> bool {
        self.to_client.is_empty()
    }

    /// Whether the client has closed its end.
    pub(super) fn client_has_closed(&self) -> bool {
        self.to_server.ended
    }

    /// Whether nothing is held back on the way to the server.
    pub(super) fn server_is_up_to_date(&self) -> bool {
        self.to_server.is_empty()
    }
}

impl Future for Relay<'_> {
    type Output = Finish;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Finish> {
        let this = self.get_mut();
        match this.signal.poll(context) {
            Some((reason, Urgency::Now)) => return Poll::Ready(Finish::Asked(reason)),
            Some((reason, Urgency::WhenSilent)) if this.is_silent() => {
                return Poll::Ready(Finish::Asked(reason));
            }
            _ => {}
        }
        let mut scratch = this.scratch.borrow_mut();
        let Self { client, server, to_server, to_client, watch, keeps_goodbye, .. } = this;
        let mut eye = OfClient { watch, keeps_goodbye };
        let sent = to_server.pass(client, server, context, &mut scratch, &mut eye);
        this.is_leaving |= *keeps_goodbye;
        if sent.is_ready() {
            watch.leave();
        }
        if sent.is_ready() && !this.is_leaving {
            if watch.prospect() == Prospect::Idle {
                this.is_leaving = true;
            } else {
                to_server.close(server, context);
            }
        }
        let passed = to_client.pass(server, client, context, &mut scratch, &mut OfServer(watch));
        drop(scratch);
        if passed.is_ready() {
            return Poll::Ready(Finish::ServerClosed);
        }
        if this.is_leaving {
            return this.leave(context).map(|()| Finish::ClientLeft);
        }
        if this.to_client.broken { Poll::Ready(Finish::ClientGone) } else { Poll::Pending }
    }
}
