//! Reads what a client sends before its session: requests for encryption, then what it wants.
//!
//! In goes a fresh connection, out comes a cancel request or a startup message.
//!
//! **Invariant**: encryption is always declined, each kind at most once, and nothing that was sent
//! behind such a request is ever read as if it had come over an encrypted connection.

use std::io;

use proofmark_wire::startup::{
    CancelRequest, Opening, OpeningError, Read, StartupMessage, read_opening,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stream::Stream;

/// What a client wants.
#[derive(Debug)]
pub(crate) enum Wanted {
    Cancel(CancelRequest),
    /// A session, and what was sent behind the startup message already.
    Session(StartupMessage, Vec<u8>),
}

/// Why a connection never got as far as wanting something.
#[derive(Debug)]
pub(crate) enum NegotiateError {
    Malformed(OpeningError),
    DirectTls,
    BytesBehindNegotiation,
    /// The client closed, or its connection broke.
    Left,
}

impl From<io::Error> for NegotiateError {
    fn from(_: io::Error) -> Self {
        Self::Left
    }
}

/// Reads until it is clear what the client wants. The deadline is the caller's.
pub(crate) async fn negotiate(client: &mut Stream) -> Result<Wanted, NegotiateError> {
    let mut bytes = Vec::with_capacity(512);
    let (mut ssl_asked, mut gss_asked) = (false, false);
    loop {
        let (opening, length) = opening(client, &mut bytes).await?;
        let asked_before = match opening {
            Opening::Ssl => std::mem::replace(&mut ssl_asked, true),
            Opening::Gss => std::mem::replace(&mut gss_asked, true),
            Opening::DirectTls => return Err(NegotiateError::DirectTls),
            Opening::Cancel(request) => return Ok(Wanted::Cancel(request)),
            Opening::Startup(startup) => {
                return Ok(Wanted::Session(startup, bytes.split_off(length)));
            }
        };
        if asked_before || bytes.len() > length {
            return Err(NegotiateError::BytesBehindNegotiation);
        }
        bytes.clear();
        client.write_all(b"N").await?;
    }
}

async fn opening(
    client: &mut Stream,
    bytes: &mut Vec<u8>,
) -> Result<(Opening, usize), NegotiateError> {
    loop {
        if !bytes.is_empty() {
            match read_opening(bytes).map_err(NegotiateError::Malformed)? {
                Read::Whole(opening, length) => return Ok((opening, length)),
                Read::Needs(length) => bytes.reserve(length - bytes.len()),
            }
        }
        if client.read_buf(bytes).await? == 0 {
            return Err(NegotiateError::Left);
        }
    }
}
