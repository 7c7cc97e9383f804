//! NegotiateProtocolVersion: the server speaks an older minor version, or not every option.
//!
//! **Invariant**: the console answers with it; between a client and a server it passes unread.

use crate::frame::{frame, string};
use crate::{Cursor, Malformed, tag};

/// A NegotiateProtocolVersion message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiateProtocolVersion<'a> {
    /// The newest version that is spoken, as it stands in a startup message.
    pub newest: u32,
    /// Options that are not known.
    pub unknown_options: Vec<&'a [u8]>,
}

impl<'a> NegotiateProtocolVersion<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its count says.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let newest = cursor.u32("newest protocol version")?;
        let options = cursor.u32("number of options")?;
        let unknown_options =
            (0..options).map(|_| cursor.string("name of an option")).collect::<Result<_, _>>()?;
        Ok(Self { newest, unknown_options })
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        frame(out, tag::backend::NEGOTIATE_PROTOCOL_VERSION, |body| {
            body.extend_from_slice(&self.newest.to_be_bytes());
            let options = u32::try_from(self.unknown_options.len()).unwrap_or(u32::MAX);
            body.extend_from_slice(&options.to_be_bytes());
            for option in &self.unknown_options {
                string(body, option);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absurd_number_of_options_is_malformed() {
        let message =
            NegotiateProtocolVersion { newest: 0x0003_0000, unknown_options: vec![b"_pq_.x"] };
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        assert_eq!(NegotiateProtocolVersion::parse(&bytes[5..]), Ok(message));
        assert!(NegotiateProtocolVersion::parse(&[0, 3, 0, 0, 255, 255, 255, 255]).is_err());
    }
}
