//! Authentication requests, as far as Proofmark answers or sends them.
//!
//! **Invariant**: a method it does not know is kept by its number, so that an error can name it.

use crate::frame::frame;
use crate::{Cursor, Malformed, tag};

/// A step of the authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication<'a> {
    /// Logged in.
    Ok,
    /// The password, in clear text.
    CleartextPassword,
    /// The password, hashed with this salt.
    Md5Password {
        /// The salt.
        salt: [u8; 4],
    },
    /// A choice of SASL mechanisms.
    Sasl {
        /// Their names.
        mechanisms: Vec<&'a [u8]>,
    },
    /// The next message of a SASL exchange.
    SaslContinue(&'a [u8]),
    /// The last message of a SASL exchange.
    SaslFinal(&'a [u8]),
    /// A method that Proofmark does not speak (Kerberos, GSSAPI, SSPI).
    Other(i32),
}

impl<'a> Authentication<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// When the body is shorter than its method needs.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        Ok(match cursor.i32("method of authentication")? {
            0 => Self::Ok,
            3 => Self::CleartextPassword,
            5 => Self::Md5Password { salt: cursor.u32("salt")?.to_be_bytes() },
            10 => Self::Sasl { mechanisms: mechanisms(&mut cursor)? },
            11 => Self::SaslContinue(cursor.rest()),
            12 => Self::SaslFinal(cursor.rest()),
            other => Self::Other(other),
        })
    }

    /// Appends AuthenticationOk, the only one that Proofmark sends to a client.
    pub fn write_ok(out: &mut Vec<u8>) {
        frame(out, tag::backend::AUTHENTICATION, |body| body.extend_from_slice(&[0; 4]));
    }
}

fn mechanisms<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<&'a [u8]>, Malformed> {
    let mut mechanisms = Vec::new();
    loop {
        match cursor.string("name of a SASL mechanism")? {
            b"" => return Ok(mechanisms),
            name => mechanisms.push(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_told_apart() {
        let parse = |body: &'static [u8]| Authentication::parse(body);
        assert_eq!(parse(b"\0\0\0\0"), Ok(Authentication::Ok));
        assert_eq!(parse(b"\0\0\0\x03"), Ok(Authentication::CleartextPassword));
        assert_eq!(parse(b"\0\0\0\x05abcd"), Ok(Authentication::Md5Password { salt: *b"abcd" }));
        assert_eq!(
            parse(b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
            Ok(Authentication::Sasl { mechanisms: vec![b"SCRAM-SHA-256"] })
        );
        assert_eq!(parse(b"\0\0\0\x0bxyz"), Ok(Authentication::SaslContinue(b"xyz")));
        assert_eq!(parse(b"\0\0\0\x07"), Ok(Authentication::Other(7)));
        assert!(parse(b"\0\0\0\x05ab").is_err());
        assert!(parse(b"\0\0\0\x0aSCRAM").is_err());
    }
}
