//! BackendKeyData: the key with which a session can be cancelled.
//!
//! **Invariant**: the secret's length is not assumed: 4 bytes in protocol 3.0, up to 256 in 3.2.

use crate::frame::frame;
use crate::{Cursor, Malformed, tag};

/// A BackendKeyData message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BackendKeyData<'a> {
    /// Process id of the backend.
    pub process: i32,
    /// The secret that a cancel request must carry.
    pub secret: &'a [u8],
}

impl std::fmt::Debug for BackendKeyData<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let process = self.process;
        formatter.debug_struct("BackendKeyData").field("process", &process).finish_non_exhaustive()
    }
}

impl<'a> BackendKeyData<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the secret is shorter or longer than any server sends.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let process = cursor.i32("process id")?;
        let secret = cursor.rest();
        if !(4..=256).contains(&secret.len()) {
            return Err(Malformed { what: "secret of a cancel key" });
        }
        Ok(Self { process, secret })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::BACKEND_KEY_DATA, |body| {
            body.extend_from_slice(&self.process.to_be_bytes());
            body.extend_from_slice(self.secret);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_protocol_3_2_is_read_whole() {
        for length in [4, 32, 256] {
            let mut body = vec![0, 0, 1, 0];
            body.resize(4 + length, 9);
            let key = BackendKeyData::parse(&body).expect("a length that servers send");
            assert_eq!((key.process, key.secret.len()), (256, length));
        }
        assert!(BackendKeyData::parse(&[0; 7]).is_err());
        assert!(BackendKeyData::parse(&[0; 261]).is_err());
    }
}
