//! CancelRequest: stop what another session runs.
//!
//! **Invariant**: the secret's length is not assumed; since protocol 3.2 it varies from 4 to 256
//! bytes ("CancelRequest" in the PostgreSQL documentation).

use crate::{Cursor, Malformed};

const SECRET_LENGTH_MAX: usize = 256;

/// A CancelRequest, kept as the bytes that arrived, so that it can be passed on as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct CancelRequest {
    packet: Box<[u8]>,
}

impl std::fmt::Debug for CancelRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CancelRequest").finish_non_exhaustive()
    }
}

impl CancelRequest {
    /// The request that cancels the session whose `BackendKeyData` had this body.
    pub fn for_key(key: &[u8]) -> Self {
        let mut packet = Vec::with_capacity(key.len() + 8);
        crate::frame::length_prefixed(&mut packet, |body| {
            body.extend_from_slice(&super::opening::CANCEL_CODE.to_be_bytes());
            body.extend_from_slice(key);
        });
        Self { packet: packet.into() }
    }

    /// Reads a whole packet, length and code included.
    pub(super) fn parse(packet: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(packet.get(8..).unwrap_or_default());
        cursor.u32("process id of a cancel request")?;
        if !(4..=SECRET_LENGTH_MAX).contains(&cursor.rest().len()) {
            return Err(Malformed { what: "secret of a cancel request" });
        }
        Ok(Self { packet: packet.into() })
    }

    /// The bytes to send to the server.
    pub fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Process id and secret: equal to the body of the session's `BackendKeyData`.
    pub fn key(&self) -> &[u8] {
        &self.packet[8..]
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Opening, Read, read_opening};
    use super::*;

    #[test]
    fn short_and_long_secrets_are_kept_whole() {
        for secret in [4, 32, 256] {
            let key = vec![7; 4 + secret];
            let request = CancelRequest::for_key(&key);
            let read = read_opening(request.packet());
            assert_eq!(read, Ok(Read::Whole(Opening::Cancel(request.clone()), 12 + secret)));
            assert_eq!(request.key(), key);
        }
    }

    #[test]
    fn a_secret_of_three_bytes_is_malformed() {
        let packet = CancelRequest::for_key(&[0; 7]);
        assert!(read_opening(packet.packet()).is_err());
    }
}
