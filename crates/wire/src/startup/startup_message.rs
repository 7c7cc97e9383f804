//! StartupMessage: protocol version and the session's parameters.
//!
//! In goes a packet body, out come the parameters in order; they can be changed and written again.
//! Main type: [`StartupMessage`].
//!
//! **Invariant**: parameters it does not know (`_pq_.` options, settings) are kept as they are, and
//! the version is never negotiated here: that is the server's part.

use crate::frame::{length_prefixed, string};
use crate::{Cursor, Malformed};

/// A protocol version as the startup message carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProtocolVersion {
    /// 3 for everything since PostgreSQL 7.4.
    pub major: u16,
    /// 0, or 2 since PostgreSQL 18.
    pub minor: u16,
}

impl ProtocolVersion {
    pub(super) fn from_code(code: u32) -> Self {
        let [a, b, c, d] = code.to_be_bytes();
        Self { major: u16::from_be_bytes([a, b]), minor: u16::from_be_bytes([c, d]) }
    }

    fn code(self) -> u32 {
        u32::from(self.major) << 16 | u32::from(self.minor)
    }
}

/// The packet that begins a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupMessage {
    /// The version the client asks for.
    pub version: ProtocolVersion,
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
}

impl StartupMessage {
    /// A message with these parameters.
    pub fn new(version: ProtocolVersion, parameters: &[(&str, &str)]) -> Self {
        let owned =
            |(name, value): &(&str, &str)| (name.as_bytes().into(), value.as_bytes().into());
        Self { version, parameters: parameters.iter().map(owned).collect() }
    }

    pub(super) fn parse(version: ProtocolVersion, body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let mut parameters = Vec::new();
        loop {
            let name = cursor.string("name of a startup parameter")?;
            if name.is_empty() {
                break;
            }
            let value = cursor.string("value of a startup parameter")?;
            parameters.push((name.to_vec(), value.to_vec()));
        }
        if !cursor.rest().is_empty() {
            return Err(Malformed { what: "bytes behind the last startup parameter" });
        }
        Ok(Self { version, parameters })
    }

    /// The last value sent for `name`, as the server would take it.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        let matches = |(key, _): &&(Vec<u8>, Vec<u8>)| key == name.as_bytes();
        self.parameters.iter().rev().find(matches).map(|(_, value)| value.as_slice())
    }

    /// The role to log in as.
    pub fn user(&self) -> Option<&[u8]> {
        self.parameter("user").filter(|user| !user.is_empty())
    }

    /// The database asked for; without one it is the user's name, as the server has it.
    pub fn database(&self) -> Option<&[u8]> {
        self.parameter("database").filter(|name| !name.is_empty()).or_else(|| self.user())
    }

    /// Names of the protocol options that were asked for (`_pq_.`).
    pub fn protocol_options(&self) -> Vec<&[u8]> {
        let names = self.parameters.iter().map(|(name, _)| name.as_slice());
        names.filter(|name| name.starts_with(b"_pq_.")).collect()
    }

    /// Sets a parameter, once, whether or not it was there.
    pub fn set(&mut self, name: &str, value: &[u8]) {
        self.remove(name);
        self.parameters.push((name.into(), value.into()));
    }

    /// Removes a parameter.
    pub fn remove(&mut self, name: &str) {
        self.parameters.retain(|(key, _)| key != name.as_bytes());
    }

    /// Appends the packet, length included.
    pub fn write(&self, out: &mut Vec<u8>) {
        length_prefixed(out, |body| {
            body.extend_from_slice(&self.version.code().to_be_bytes());
            for (name, value) in &self.parameters {
                string(body, name);
                string(body, value);
            }
            body.push(0);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Opening, Read, read_opening};
    use super::*;

    fn message(parameters: &[(&str, &str)]) -> StartupMessage {
        StartupMessage::new(ProtocolVersion { major: 3, minor: 2 }, parameters)
    }

    #[test]
    fn a_message_is_read_back_as_it_was_written() {
        let written = message(&[("user", "ann"), ("database", "shop"), ("_pq_.x", "1")]);
        let mut bytes = Vec::new();
        written.write(&mut bytes);
        let length = bytes.len();
        assert_eq!(read_opening(&bytes), Ok(Read::Whole(Opening::Startup(written), length)));
    }

    #[test]
    fn the_database_defaults_to_the_user() {
        assert_eq!(message(&[("user", "ann")]).database(), Some(&b"ann"[..]));
        assert_eq!(message(&[("user", "ann"), ("database", "")]).database(), Some(&b"ann"[..]));
    }

    #[test]
    fn setting_a_parameter_leaves_one_value() {
        let mut startup = message(&[("database", "a"), ("user", "u"), ("database", "b")]);
        assert_eq!(startup.database(), Some(&b"b"[..]));
        startup.set("database", b"c");
        assert_eq!(startup, message(&[("user", "u"), ("database", "c")]));
    }

    #[test]
    fn a_packet_without_its_last_nul_is_malformed() {
        let bytes = [0, 0, 0, 13, 0, 3, 0, 0, b'u', 0, b'a', 0, b'x'];
        assert!(matches!(read_opening(&bytes), Err(super::super::OpeningError::Malformed(_))));
    }
}
