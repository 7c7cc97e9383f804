//! Asks a server whether it takes connections.
//!
//! In: the path of a Unix socket. Out: a [`Knock`]. The start-up packet and its answers are those
//! of the PostgreSQL protocol, version 3.0.
//!
//! **Invariant:** knows only as much of the protocol as this question needs.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Knock {
    /// It let us in.
    Ready,
    /// Nobody listens, or the server is still starting.
    NotYet,
    /// It refused for another reason: the SQLSTATE.
    Refused(String),
}

/// One attempt to connect.
pub(crate) fn knock(socket: &Path, user: &str) -> Knock {
    answer(socket, user).unwrap_or(Knock::NotYet)
}

fn answer(socket: &Path, user: &str) -> std::io::Result<Knock> {
    let mut stream = UnixStream::connect(socket)?;
    let patience = Some(Duration::from_secs(5));
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    stream.write_all(&startup_packet(user))?;
    let mut head = [0_u8; 5];
    stream.read_exact(&mut head)?;
    if head[0] == b'R' {
        // Terminate: otherwise the server logs a broken connection.
        stream.write_all(&[b'X', 0, 0, 0, 4])?;
        return Ok(Knock::Ready);
    }
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let mut body = vec![0_u8; (length.clamp(4, 65_540) - 4) as usize];
    stream.read_exact(&mut body)?;
    let code = sqlstate(&body).unwrap_or_default();
    // cannot_connect_now: starting up, shutting down or in recovery.
    Ok(if code == "57P03" { Knock::NotYet } else { Knock::Refused(code) })
}

fn startup_packet(user: &str) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", user, "database", "postgres"] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).expect("four short words");
    let mut packet = length.to_be_bytes().to_vec();
    packet.extend(body);
    packet
}

/// The field `C` of an ErrorResponse: fields are a letter and text closed by a NUL.
fn sqlstate(body: &[u8]) -> Option<String> {
    let mut fields = body.split(|&byte| byte == 0);
    fields.find_map(|field| match field {
        [b'C', code @ ..] => Some(String::from_utf8_lossy(code).into_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Knock, knock, sqlstate};

    #[test]
    fn the_sqlstate_is_read_from_an_error() {
        let body = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        assert_eq!(sqlstate(body).as_deref(), Some("57P03"));
        assert_eq!(sqlstate(b"SFATAL\0\0"), None);
    }

    #[test]
    fn where_nobody_listens_nobody_is_ready() {
        assert_eq!(knock("/nonexistent/.s.PGSQL.1".as_ref(), "postgres"), Knock::NotYet);
    }
}
