//! The server whose databases are handed out.
//!
//! In: the address of a private server, or the URL of a test server the user points at.
//! Out: connection settings and URLs for any of its databases ([`Target`]).
//!
//! **Invariant**: whether a user's server may be used at all was decided before
//! (`proofmark_postgres::external`); this module only connects.

use std::fmt::Write as _;

use proofmark_postgres::Address;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::session::{ConnectError, Session};

/// A server and the user who may create databases on it.
#[derive(Debug, Clone)]
pub struct Target {
    config: Config,
    private: bool,
    version_num: u32,
    version: String,
}

/// The settings of a session of our own.
const OURS: &str = "-c statement_timeout=0 -c lock_timeout=0 \
    -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 \
    -c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed \
    -c synchronous_commit=on -c client_min_messages=error -c plan_cache_mode=force_generic_plan \
    -c jit=off";

/// The same for one inside a database that tests use, in which it only reads and takes back.
const INSIDE: &str = "-c track_counts=off -c session_replication_role=replica";

/// What version 15 made of the statistics collector: every look at a counter is a new one.
const LOOKING: &str = "-c stats_fetch_consistency=none";

/// Why a server cannot serve as a target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The server did not let us in.
    #[error("the test server cannot be used")]
    Connect(#[from] ConnectError),
    /// The URL is not one that PostgreSQL's drivers understand.
    #[error("the server's URL cannot be read")]
    Url(#[source] tokio_postgres::Error),
    /// A first question to the server failed.
    #[error("the test server did not answer")]
    Query(#[source] tokio_postgres::Error),
    /// The user may not create databases.
    #[error(
        "user `{user}` may not create databases on the test server; \
         help: ALTER ROLE \"{user}\" CREATEDB"
    )]
    NotAllowed {
        /// The role that was used.
        user: String,
    },
    /// A server older than the oldest supported one.
    #[error("PostgreSQL {version} is not supported; help: use version 14 to 18")]
    TooOld {
        /// What the server calls itself.
        version: String,
    },
}

impl Target {
    /// The private server at `address`; every database on it is ours.
    ///
    /// # Errors
    /// [`TargetError`] when it does not answer.
    pub async fn private(address: &Address) -> Result<Self, TargetError> {
        let mut config = Config::new();
        config.host_path(&address.socket_dir).port(address.port).user(&address.user);
        Self::open(config, true).await
    }

    /// The server of the user's own, reached by a `postgresql://` URL.
    ///
    /// # Errors
    /// [`TargetError`] when the URL is malformed, the server does not answer, is older than 14
    /// or its user may not create databases.
    pub async fn external(url: &str) -> Result<Self, TargetError> {
        let config: Config = url.parse().map_err(TargetError::Url)?;
        Self::open(config, false).await
    }

    async fn open(mut config: Config, private: bool) -> Result<Self, TargetError> {
        config.application_name("proofmark");
        let maintenance = config.get_dbname().unwrap_or("postgres").to_owned();
        config.dbname(&maintenance);
        let session = Session::open(&config).await?;
        let row = session
            .query_one(
                "select current_setting('server_version_num')::int, \
                        current_setting('server_version'), \
                        r.rolcreatedb or r.rolsuper, r.rolname::text \
                   from pg_roles r where r.rolname = current_user",
                &[],
            )
            .await
            .map_err(TargetError::Query)?;
        session.close().await;
        let version_num = u32::try_from(row.get::<_, i32>(0)).unwrap_or_default();
        let version: String = row.get(1);
        if version_num < 140_000 {
            return Err(TargetError::TooOld { version });
        }
        if !row.get::<_, bool>(2) {
            return Err(TargetError::NotAllowed { user: row.get(3) });
        }
        Ok(Self { config, private, version_num, version })
    }

    /// Whether the server is ours alone.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// `server_version_num`, for example 150018.
    pub fn version_num(&self) -> u32 {
        self.version_num
    }

    /// `server_version`, for example `15.18 (Debian 15.18-0+deb12u1)`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Connection settings for `database`.
    pub fn config(&self, database: &str) -> Config {
        let mut config = self.config.clone();
        config.dbname(database);
        config
    }

    /// Connection settings for a session of our own in `database`: nothing that the database or its
    /// user is set to may hold it up, and what it does is not counted among what tests do.
    pub(crate) fn inside(&self, database: &str) -> Config {
        let looking = if self.version_num < 150_000 { "" } else { LOOKING };
        with_options(self.config(database), &format!("{OURS} {INSIDE} {looking}"))
    }

    /// The same for the maintenance database.
    pub(crate) fn control(&self) -> Config {
        with_options(self.config.clone(), OURS)
    }

    /// Connection settings for the database that every server has for such purposes.
    pub fn maintenance(&self) -> &Config {
        &self.config
    }

    /// The role that owns the databases handed out.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or("postgres")
    }

    /// A URL of `database` on this server itself, without the proxy between.
    pub fn url(&self, database: &str) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let user = escape(self.user());
        let password = self
            .config
            .get_password()
            .map(|bytes| format!(":{}", escape(&String::from_utf8_lossy(bytes))))
            .unwrap_or_default();
        let database = escape(database);
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => {
                format!("postgresql://{user}{password}@{host}:{port}/{database}")
            }
            Some(Host::Unix(path)) => {
                let path = escape(&path.to_string_lossy());
                format!("postgresql:///{database}?host={path}&port={port}&user={user}")
            }
            None => format!("postgresql:///{database}?port={port}&user={user}"),
        }
    }
}

/// `config` with `options` after its own.
fn with_options(mut config: Config, options: &str) -> Config {
    let options = format!("{} {options}", config.get_options().unwrap_or_default());
    config.options(options.trim());
    config
}

/// Percent-encodes everything but RFC 3986's unreserved characters and `/`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_carries_awkward_names_safely() {
        let mut config = Config::new();
        config.host_path("/dev/shm/x y").port(5433).user("o'brien");
        let target = Target { config, private: true, version_num: 180_000, version: String::new() };
        assert_eq!(
            target.url("shop 1"),
            "postgresql:///shop%201?host=%2Fdev%2Fshm%2Fx%20y&port=5433&user=o%27brien"
        );
    }
}
