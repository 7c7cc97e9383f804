//! NotificationResponse: a NOTIFY arrived.
//!
//! **Invariant**: it can come at any time and answers nothing.

use crate::{Cursor, Malformed};

/// A NotificationResponse message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationResponse<'a> {
    /// Process id of the backend that notified.
    pub process: i32,
    /// The channel.
    pub channel: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> NotificationResponse<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body ends early.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        Ok(Self {
            process: cursor.i32("process id")?,
            channel: cursor.string("channel of a notification")?,
            payload: cursor.string("payload of a notification")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channel_and_payload_are_read() {
        let message = NotificationResponse { process: 7, channel: b"jobs", payload: b"" };
        assert_eq!(NotificationResponse::parse(b"\0\0\0\x07jobs\0\0"), Ok(message));
        assert!(NotificationResponse::parse(b"\0\0\0\x07jobs\0").is_err());
    }
}
