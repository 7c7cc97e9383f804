//! A connection of `tokio_postgres` whose refusals are seen in passing.
//!
//! In: the settings of a connection. Out: the same client as always, and in [`Seen`] what the
//! server refused on it, with the statement.
//!
//! **Invariant**: every byte passes unchanged and is looked at afterwards; nothing is buffered, and
//! no hop is added.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use proofmark_wire::backend::{ErrorFields, Severity};
use proofmark_wire::{
    Interest, Message, Outcome, Replies, Scanner, Strings, nth_statement, statement_shape, tag,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

use super::{Refusal, Seen};

/// Where a server listens unless it is told otherwise.
const PORT: u16 = 5432;
/// Bytes of an error that are looked at; message and detail come before the fields that matter.
const ERROR_KEPT: u32 = 64 * 1024;

static CLIENT: Interest = Replies::client_interest();
static SERVER: Interest = Replies::server_interest().with(tag::backend::ERROR_RESPONSE, ERROR_KEPT);

/// Opens a connection that is looked at.
///
/// # Errors
/// Those of [`Config::connect`].
pub(crate) async fn connect(
    config: &Config,
    seen: &Arc<Seen>,
) -> Result<Client, tokio_postgres::Error> {
    let Ok(socket) = reach(config).await else {
        // Its own way of connecting says in its own words why there is none.
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(async move { drop(connection.await) });
        return Ok(client);
    };
    let (client, connection) = config.connect_raw(Watched::new(socket, seen), NoTls).await?;
    // A broken connection fails the statement that waits on it, which is where it is seen.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// The only host of a lease's settings.
async fn reach(config: &Config) -> io::Result<Box<dyn Socket>> {
    let port = config.get_ports().first().copied().unwrap_or(PORT);
    match config.get_hosts() {
        [Host::Unix(directory)] => {
            let socket = UnixStream::connect(directory.join(format!(".s.PGSQL.{port}"))).await?;
            Ok(Box::new(socket))
        }
        [Host::Tcp(host)] => {
            let socket = TcpStream::connect((host.as_str(), port)).await?;
            socket.set_nodelay(true)?;
            Ok(Box::new(socket))
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// A socket, and who looks at it.
struct Watched {
    socket: Box<dyn Socket>,
    startup: Startup,
    client: Scanner,
    server: Scanner,
    view: View,
}

struct View {
    replies: Replies,
    seen: Arc<Seen>,
}

impl Watched {
    fn new(socket: Box<dyn Socket>, seen: &Arc<Seen>) -> Self {
        Self {
            socket,
            startup: Startup::default(),
            client: Scanner::new(&CLIENT),
            server: Scanner::new(&SERVER),
            view: View { replies: Replies::default(), seen: Arc::clone(seen) },
        }
    }
}

/// The first message, which has a length and no tag.
#[derive(Debug, Default)]
struct Startup {
    head: Vec<u8>,
    passed: usize,
}

impl Startup {
    /// What is behind it in the bytes that follow those that were given before.
    fn behind<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let missing = 4 - self.head.len();
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        let length = match self.head.as_slice() {
            [a, b, c, d] => {
                usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX)
            }
            _ => usize::MAX,
        };
        let left = length.saturating_sub(self.passed).min(bytes.len());
        self.passed += left;
        &bytes[left..]
    }
}

impl View {
    fn received(&mut self, message: Message<'_>) {
        let Outcome::Error { text, completed } = self.replies.received(message) else { return };
        let fields = ErrorFields::new(message.body);
        let severity = match fields.severity() {
            Severity::Notice => return,
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Panic => "PANIC",
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let shape = |text: Arc<[u8]>| {
            statement_shape(nth_statement(&text, completed, Strings::Standard), Strings::Standard)
        };
        self.seen.passed_by(Refusal {
            severity: severity.to_owned(),
            sqlstate: fields.sqlstate().unwrap_or_default().to_owned(),
            schema: owned(fields.schema()),
            table: owned(fields.table()),
            column: owned(fields.column()),
            datatype: owned(fields.datatype()),
            constraint: owned(fields.constraint()),
            routine: owned(fields.routine()),
            detail: fields.detail().map(lossy),
            statement: text.map(shape),
            message: fields.message().map(lossy).unwrap_or_default(),
        });
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { socket, server, view, .. } = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(socket).poll_read(context, buffer))?;
        server.feed(&buffer.filled()[before..], |message| view.received(message));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { socket, startup, client, view, .. } = self.get_mut();
        let written = ready!(Pin::new(socket).poll_write(context, bytes))?;
        client.feed(startup.behind(&bytes[..written]), |message| view.replies.sent(message));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_startup_message_is_passed_over_in_any_pieces() {
        let bytes = b"\0\0\0\x09hello and more";
        for size in 1..bytes.len() {
            let mut startup = Startup::default();
            let behind: Vec<u8> =
                bytes.chunks(size).flat_map(|piece| startup.behind(piece).to_vec()).collect();
            assert_eq!(behind, b" and more", "in pieces of {size}");
        }
    }
}
