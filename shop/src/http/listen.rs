//! Connections that do not wait for ever for somebody who does not go on.
//!
//! In: a listener. Out: its connections, each with a time within which the next request must begin,
//! and as long again for it to be sent and answered: a client that sends byte by byte, or nothing,
//! is cut off.
//!
//! **Invariant**: the time is longer than that of a request, so nobody whose request has come is
//! cut off before its answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

/// A listener whose connections lose their patience.
#[derive(Debug)]
pub(super) struct Impatient {
    listener: TcpListener,
    patience: Duration,
}

impl Impatient {
    pub(super) fn new(listener: TcpListener, patience: Duration) -> Self {
        Self { listener, patience }
    }
}

impl Listener for Impatient {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // An answer is one write: waiting for more to put beside it only delays it. A connection
        // that refuses the option works without it.
        let _ = stream.set_nodelay(true);
        let patience = self.patience;
        let cut = Box::pin(sleep(patience));
        (Connection { stream, patience, cut, begun: false }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that is cut off when nothing was answered on it for too long.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    patience: Duration,
    cut: Pin<Box<Sleep>>,
    /// Whether something was read since the last answer.
    begun: bool,
}

impl Connection {
    fn wait_anew(&mut self, begun: bool) {
        self.begun = begun;
        self.cut.as_mut().reset(Instant::now() + self.patience);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() && !self.begun {
            self.wait_anew(true);
        } else if read.is_pending() && self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.wait_anew(false);
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        if written.is_ready() {
            self.wait_anew(false);
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
