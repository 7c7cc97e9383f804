//! Whole messages of a server that answers the proxy itself.
//!
//! In go bytes of a socket, out come messages, one after the other. Main type: [`Incoming`].
//!
//! **Invariant**: a message longer than [`LENGTH_MAX`] is refused; what is asked here is answered
//! in short ones.

use std::io;

use tokio::io::AsyncReadExt;

use crate::stream::Stream;

/// A login is a handful of short messages, and so is everything else that is asked.
const LENGTH_MAX: usize = 64 * 1024;

/// Reads messages.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(super) server: &'a mut Stream,
    /// What has arrived behind the last message.
    pub(super) bytes: Vec<u8>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(server: &'a mut Stream) -> Self {
        Self { server, bytes: Vec::new() }
    }

    /// The next message, whole.
    pub(crate) async fn message(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(header) = self.bytes.first_chunk::<5>() {
                let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                if !(4..LENGTH_MAX).contains(&length) {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if self.bytes.len() > length {
                    let rest = self.bytes.split_off(length + 1);
                    return Ok(std::mem::replace(&mut self.bytes, rest));
                }
            }
            if self.server.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Whether nothing has arrived behind the last message.
    pub(crate) fn is_read(&self) -> bool {
        self.bytes.is_empty()
    }
}
