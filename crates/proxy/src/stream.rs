//! One connected socket, of either kind.
//!
//! A socket is watched for reading only. A socket that is also watched for writing wakes the
//! proxy whenever the other side has read (for a Unix socket, every time: `unix_write_space` in
//! af_unix.c), which is a wasted turn per statement; so writing is watched only while a write had
//! to wait. Main type: [`Stream`].
//!
//! **Invariant**: it adds nothing to the socket but the waiting.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Stream {
    reading: AsyncFd<Socket>,
    /// Only while a write waits.
    writing: Option<AsyncFd<Socket>>,
}

/// The socket itself.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// A stream of a socket that does not block.
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self { reading: watched(socket, Interest::READABLE)?, writing: None })
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &Socket {
        self.reading.get_ref()
    }

    /// Whether the other side has neither said anything nor closed.
    pub(crate) fn is_quiet(&self) -> bool {
        let read = self.socket().read(&mut [0]);
        matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether the other side has said something that is not read yet, or has closed; nothing is
    /// taken out.
    pub(crate) fn has_more(&self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        recv(self.socket().as_raw_fd(), &mut [0], flags) != Err(Errno::EAGAIN)
    }

    /// Waits until a write could go on, then tries it.
    fn write_waiting(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let Some(writing) = &self.writing else {
                let again = self.socket().try_clone()?;
                self.writing = Some(watched(again, Interest::WRITABLE)?);
                continue;
            };
            let mut guard = ready!(writing.poll_write_ready(context))?;
            if let Ok(written) = guard.try_io(|socket| socket.get_ref().write(bytes)) {
                self.writing = None;
                return Poll::Ready(written);
            }
        }
    }
}

impl Socket {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
            Self::Unix(socket) => Self::Unix(socket.try_clone()?),
        })
    }

    #[inline]
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => (&*socket).read(buffer),
            Self::Unix(socket) => (&*socket).read(buffer),
        }
    }

    #[inline]
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => (&*socket).write(bytes),
            Self::Unix(socket) => (&*socket).write(bytes),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Waits for what owns a descriptor.
#[expect(unsafe_code, reason = "tokio's way to watch a descriptor for one thing asks for this")]
pub(crate) fn watched<T: AsRawFd>(owner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    // SAFETY: whatever is passed here owns its descriptor and never changes it, so it stays open,
    // and the same, as long as it is registered.
    Ok(unsafe { AsyncFd::register_with_interest(owner, interest) }?)
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.reading.poll_read_ready(context))?;
            let unfilled = buffer.initialize_unfilled();
            let wanted = unfilled.len();
            match guard.get_inner().read(unfilled) {
                Ok(read) => {
                    // Fewer bytes than wanted: there are no more for now (epoll(7)), and one
                    // read that would only say so is saved. An end is remembered all the same.
                    if read > 0 && read < wanted {
                        guard.clear_ready();
                    }
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => guard.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.writing.is_none() {
            match this.socket().write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
        this.write_waiting(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.socket() {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Write),
            Socket::Unix(socket) => socket.shutdown(Shutdown::Write),
        })
    }
}
