//! Where a private server listens.
//!
//! In: the socket directory, port and user of a server. Out: connection strings for people and
//! drivers.
//!
//! **Invariant:** there is no password: access is a matter of the directory's permissions.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The Unix socket of a private server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The directory that holds the socket; a driver takes it as the `host`.
    pub socket_dir: PathBuf,
    /// The number in the socket's name.
    pub port: u16,
    /// The superuser of the server.
    pub user: String,
}

impl Address {
    /// The socket itself.
    pub fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{}", self.port))
    }

    /// A connection string that libpq, tokio-postgres, sqlx, psycopg and asyncpg understand.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql:///{}?host={}&port={}&user={}",
            percent_encode(database.as_bytes()),
            percent_encode(self.socket_dir.as_os_str().as_bytes()),
            self.port,
            percent_encode(self.user.as_bytes()),
        )
    }

    /// A line to paste into a shell that opens `database` in psql.
    pub fn psql_line(&self, database: &str) -> String {
        format!(
            "psql -h {} -p {} -U {} {}",
            shell_quote(&self.socket_dir.to_string_lossy()),
            self.port,
            shell_quote(&self.user),
            shell_quote(database),
        )
    }
}

/// RFC 3986: everything but unreserved characters is encoded.
fn percent_encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    out
}

fn shell_quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/+=:,@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether a socket in `socket_dir` fits the limit of the operating system.
///
/// `sun_path` holds 108 bytes on Linux and 104 on macOS and the BSDs, with a closing NUL.
pub(crate) fn socket_fits(socket_dir: &Path) -> bool {
    const SUN_PATH_BYTES: usize = if cfg!(target_os = "linux") { 108 } else { 104 };
    socket_dir.as_os_str().len() + "/.s.PGSQL.65535.lock".len() < SUN_PATH_BYTES
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Address;

    #[test]
    fn odd_names_survive_the_url_and_the_shell() {
        let address =
            Address { socket_dir: "/run/a b's".into(), port: 5432, user: "postgres".into() };
        expect!["postgresql:///shop~x%2Fy?host=%2Frun%2Fa%20b%27s&port=5432&user=postgres"]
            .assert_eq(&address.url("shop~x/y"));
        expect![[r"psql -h '/run/a b'\''s' -p 5432 -U postgres 'shop~x'"]]
            .assert_eq(&address.psql_line("shop~x"));
    }
}
