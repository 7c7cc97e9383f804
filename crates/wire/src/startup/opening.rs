//! Tells the five ways apart in which a connection can begin.
//!
//! In go the bytes that have arrived so far; out comes [`Opening`], or how many bytes are needed.
//!
//! **Invariant**: it decides by length and code alone and leaves policy to the caller.

use thiserror::Error;

use super::{CancelRequest, ProtocolVersion, StartupMessage};
use crate::{Cursor, Malformed};

/// Longest startup packet that PostgreSQL accepts (`MAX_STARTUP_PACKET_LENGTH` in pqcomm.h).
pub const OPENING_LENGTH_MAX: usize = 10_000;

pub(super) const CANCEL_CODE: u32 = 80_877_102;
const SSL_CODE: u32 = 80_877_103;
const GSS_CODE: u32 = 80_877_104;
/// First byte of a TLS handshake record; no packet of an allowed length starts with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// How a connection begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// The client asks whether TLS is spoken.
    Ssl,
    /// The client asks whether GSSAPI encryption is spoken.
    Gss,
    /// A TLS handshake without asking first (`sslnegotiation=direct`, since PostgreSQL 17).
    DirectTls,
    /// Cancel what another connection runs.
    Cancel(CancelRequest),
    /// A session.
    Startup(StartupMessage),
}

/// What [`read_opening`] made of the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// This many bytes are needed in all before more can be said.
    Needs(usize),
    /// An opening, and how many bytes it took.
    Whole(Opening, usize),
}

/// Why the first bytes of a connection are no opening.
#[derive(Debug, Error, PartialEq, Eq, Clone, Copy)]
pub enum OpeningError {
    /// The length field is smaller than the packet's own header.
    #[error("the startup packet says it is {length} bytes long, but it has at least 8")]
    TooShort {
        /// The length that was sent.
        length: u32,
    },
    /// The length field is larger than any server accepts.
    #[error(
        "the startup packet says it is {length} bytes long, but {OPENING_LENGTH_MAX} is the \
             most"
    )]
    TooLong {
        /// The length that was sent.
        length: u32,
    },
    /// A request code or protocol version that no server knows.
    #[error("protocol version {major}.{minor} is not known; 3.0 and 3.2 are")]
    UnknownVersion {
        /// Upper 16 bits of the code.
        major: u16,
        /// Lower 16 bits of the code.
        minor: u16,
    },
    /// The body does not hold what its code promises.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Reads the first packet of a connection from the bytes that have arrived so far.
///
/// # Errors
/// [`OpeningError`] as soon as the bytes cannot become an opening; for a wrong length this is
/// before the rest of the packet has arrived.
pub fn read_opening(bytes: &[u8]) -> Result<Read, OpeningError> {
    if bytes.first() == Some(&TLS_HANDSHAKE) {
        return Ok(Read::Whole(Opening::DirectTls, 0));
    }
    let Some(header) = bytes.first_chunk::<4>() else { return Ok(Read::Needs(8)) };
    let length = u32::from_be_bytes(*header);
    if length < 8 {
        return Err(OpeningError::TooShort { length });
    }
    let whole = usize::try_from(length).unwrap_or(usize::MAX);
    if whole > OPENING_LENGTH_MAX {
        return Err(OpeningError::TooLong { length });
    }
    if bytes.len() < whole {
        return Ok(Read::Needs(whole));
    }
    let packet = &bytes[..whole];
    let mut cursor = Cursor::new(&packet[4..]);
    let code = cursor.u32("request code")?;
    let opening = match code {
        SSL_CODE => Opening::Ssl,
        GSS_CODE => Opening::Gss,
        CANCEL_CODE => Opening::Cancel(CancelRequest::parse(packet)?),
        _ => Opening::Startup(startup(code, cursor.rest())?),
    };
    Ok(Read::Whole(opening, whole))
}

fn startup(code: u32, parameters: &[u8]) -> Result<StartupMessage, OpeningError> {
    let version = ProtocolVersion::from_code(code);
    if version.major != 3 {
        let ProtocolVersion { major, minor } = version;
        return Err(OpeningError::UnknownVersion { major, minor });
    }
    Ok(StartupMessage::parse(version, parameters)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssl_and_gss_requests_are_told_apart() {
        let ssl = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        let gss = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
        assert_eq!(read_opening(&ssl), Ok(Read::Whole(Opening::Ssl, 8)));
        assert_eq!(read_opening(&gss), Ok(Read::Whole(Opening::Gss, 8)));
    }

    #[test]
    fn a_tls_handshake_is_known_by_its_first_byte() {
        assert_eq!(read_opening(&[0x16]), Ok(Read::Whole(Opening::DirectTls, 0)));
    }

    #[test]
    fn a_wrong_length_is_refused_before_the_rest_arrives() {
        assert_eq!(read_opening(&[0, 0, 0, 7]), Err(OpeningError::TooShort { length: 7 }));
        assert_eq!(
            read_opening(&10_001_u32.to_be_bytes()),
            Err(OpeningError::TooLong { length: 10_001 })
        );
        let http = u32::from_be_bytes(*b"GET ");
        assert_eq!(read_opening(b"GET / HTTP"), Err(OpeningError::TooLong { length: http }));
    }

    #[test]
    fn protocol_two_is_refused_by_its_number() {
        let bytes = [0, 0, 0, 9, 0, 2, 0, 0, 0];
        assert_eq!(read_opening(&bytes), Err(OpeningError::UnknownVersion { major: 2, minor: 0 }));
    }

    #[test]
    fn an_incomplete_packet_says_how_much_it_needs() {
        assert_eq!(read_opening(&[]), Ok(Read::Needs(8)));
        assert_eq!(read_opening(&[0, 0, 0, 20, 0, 3]), Ok(Read::Needs(20)));
    }
}
