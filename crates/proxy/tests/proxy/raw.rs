//! A client that sends any bytes and reads what comes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use proofmark_wire::backend::ErrorFields;
use proofmark_wire::startup::{ProtocolVersion, StartupMessage};

use crate::support::PATIENCE;

pub(crate) struct Raw(pub(crate) TcpStream);

/// A message: tag and body.
pub(crate) type Message = (u8, Vec<u8>);

impl Raw {
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(stream)
    }

    /// Sends a startup message of this version for this database.
    pub(crate) fn start(port: u16, minor: u16, database: &str) -> Self {
        let mut raw = Self::connect(port);
        let parameters = [("user", "postgres"), ("database", database)];
        let mut bytes = Vec::new();
        StartupMessage::new(ProtocolVersion { major: 3, minor }, &parameters).write(&mut bytes);
        raw.send(&bytes);
        raw
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the proxy reads");
    }

    pub(crate) fn query(&mut self, sql: &str) {
        let mut bytes = Vec::new();
        proofmark_wire::frontend::Query { text: sql.as_bytes() }.write(&mut bytes);
        self.send(&bytes);
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.0.read_exact(&mut byte).expect("one byte");
        byte[0]
    }

    /// The next message, or nothing when the other side has closed.
    pub(crate) fn message(&mut self) -> Option<Message> {
        let mut header = [0; 5];
        match self.0.read_exact(&mut header) {
            Ok(()) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                ) =>
            {
                return None;
            }
            Err(error) => panic!("neither a message nor an end: {error}"),
        }
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
        let mut body = vec![0; length as usize - 4];
        self.0.read_exact(&mut body).expect("a whole message");
        Some((header[0], body))
    }

    /// Messages up to one with this tag, which is the last.
    pub(crate) fn until(&mut self, tag: u8) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = self.message() {
            let is_last = message.0 == tag;
            messages.push(message);
            if is_last {
                return messages;
            }
        }
        panic!("no {:?} in {messages:?}", char::from(tag));
    }

    /// The error with which the other side closes: code, message, routine.
    pub(crate) fn farewell(&mut self) -> (String, String, String) {
        let (_, body) = self.until(b'E').pop().expect("at least the error");
        assert_eq!(self.message(), None, "the connection is closed behind the error");
        let fields = ErrorFields::new(&body);
        (
            fields.sqlstate().expect("a code").to_owned(),
            String::from_utf8_lossy(fields.message().expect("a message")).into_owned(),
            fields.routine().expect("a routine").to_owned(),
        )
    }

    pub(crate) fn close_writing(&self) {
        self.0.shutdown(Shutdown::Write).expect("it is open");
    }
}
