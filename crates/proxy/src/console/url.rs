//! Connection URLs of a lease.
//!
//! In go a lease and a lane, out comes a URL that every driver reads the same way.
//!
//! **Invariant**: the path holds no character that needs percent-encoding, because some drivers do
//! not decode it (node-postgres, postgres.js); a test whose name has such characters is addressed
//! by its lease's number.

use std::fmt::Write;

use crate::leases::Lease;
use crate::{Granted, Upstream};

/// Longer names are addressed by number too.
const NAME_LENGTH_MAX: usize = 200;

/// The URL through the proxy.
pub(super) fn proxied(lease: &Lease, user: &str, port: u16) -> String {
    let template = &lease.key.database;
    let test = lease.key.test.as_str();
    let is_plain = test.len() <= NAME_LENGTH_MAX
        && !test.is_empty()
        && !test.starts_with('~')
        && test.bytes().all(is_unreserved);
    let suffix = if is_plain && lease.key.process.is_none() {
        format!("~{test}")
    } else {
        format!("~~{}", lease.id.0)
    };
    format!("postgres://{}@127.0.0.1:{port}/{}{suffix}", encoded(user), encoded(template))
}

/// The URL of the database itself.
pub(super) fn direct(granted: &Granted, user: &str) -> String {
    let database = encoded(&granted.database);
    match &granted.address {
        Upstream::Socket { directory, port } => {
            let directory: String =
                directory.to_string_lossy().split('/').map(encoded).collect::<Vec<_>>().join("/");
            // The role is a parameter too: a URL with a user and no host is none to many parsers.
            format!("postgres:///{database}?host={directory}&port={port}&user={}", encoded(user))
        }
        Upstream::Tcp { host, port, user, password } => {
            let password = password.as_ref().map(|password| format!(":{}", encoded(password)));
            let login = format!("{}{}", encoded(user), password.unwrap_or_default());
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            format!("postgres://{login}@{host}:{port}/{database}")
        }
    }
}

/// Characters that stand for themselves everywhere in a URL (RFC 3986, section 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_url_names_the_socket() {
        let address = Upstream::Socket { directory: "/tmp/a b".into(), port: 5433 };
        let granted = Granted { address, database: "lease_1".to_owned() };
        assert_eq!(
            direct(&granted, "ann"),
            "postgres:///lease_1?host=/tmp/a%20b&port=5433&user=ann"
        );
    }

    #[test]
    fn a_password_is_encoded() {
        let address = Upstream::Tcp {
            host: "::1".to_owned(),
            port: 5432,
            user: "ann".to_owned(),
            password: Some("p@ss/word".to_owned()),
        };
        let granted = Granted { address, database: "lease_1".to_owned() };
        assert_eq!(direct(&granted, "other"), "postgres://ann:p%40ss%2Fword@[::1]:5432/lease_1");
    }
}
