//! One server per major version, shared by all tests of this binary; a database per test.
//!
//! In: the machine. Out: connections. Main function: [`on_every_major`].
//!
//! **Invariant**: at least one major version is always tested; one that cannot be had is named.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};
use tokio_postgres::{Client, Config, NoTls};

const MAJORS: std::ops::RangeInclusive<u16> = 14..=18;

/// A running server.
pub(crate) struct Running {
    pub(crate) major: u16,
    server: Server,
}

/// The servers, started by the first test that asks. The keeper of each ends it when the last
/// process that uses it ends.
fn servers() -> &'static [Running] {
    static SERVERS: OnceLock<Vec<Running>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let mut servers: Vec<Running> = MAJORS.filter_map(|major| start(Some(major))).collect();
        if servers.is_empty() {
            servers.extend(start(None));
        }
        assert!(!servers.is_empty(), "no PostgreSQL of any major version can be had");
        servers
    })
}

/// A missing major is only fetched if `PROOFMARK_TEST_FETCH` is set or nothing else was found.
fn start(major: Option<u16>) -> Option<Running> {
    let fetch = major.is_none() || std::env::var_os("PROOFMARK_TEST_FETCH").is_some();
    let search = Search { major, fetch, ..Search::default() };
    let found = match (find(&search), major) {
        (Ok(found), _) => found,
        (Err(_), Some(major)) => {
            say_skipped(&format!(
                "PostgreSQL {major}: not on this machine; PROOFMARK_TEST_FETCH=1 fetches it"
            ));
            return None;
        }
        (Err(error), None) => {
            say_skipped(&format!("everything: {error}; help: {}", error.help()));
            return None;
        }
    };
    let installation = found.installation;
    let image = base_image(&installation, &Cache::user()).expect("initdb works");
    // Shared, for runners that give each test a process.
    let options = ServerOptions::default();
    let server =
        Server::join_or_start("catalog-tests", &installation, &image, &options).expect("it starts");
    Some(Running { major: installation.version().major, server })
}

/// Written directly, because the harness swallows what passing tests print.
pub(crate) fn say_skipped(why: &str) {
    writeln!(std::io::stderr(), "SKIPPED {why}").expect("standard error is open");
}

impl Running {
    async fn connect(&self, database: &str) -> Result<Client> {
        let address = self.server.address();
        let (client, connection) = Config::new()
            .host_path(&address.socket_dir)
            .port(address.port)
            .user(&address.user)
            .dbname(database)
            .connect(NoTls)
            .await
            .context("connect")?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A connection to a new database with the given schema.
    pub(crate) async fn database(&self, schema: &str) -> Result<Client> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("catalog_{}_{number}", std::process::id());
        let admin = self.connect("postgres").await?;
        // Roles belong to the whole server, and tests that run at once all need this one.
        admin
            .batch_execute(
                "DO $$ BEGIN CREATE ROLE plain;
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
            )
            .await?;
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
        let client = self.connect(&name).await?;
        client.batch_execute(schema).await.context("the schema of the test")?;
        Ok(client)
    }

    /// The fixture as far as this major version knows it.
    pub(crate) fn fixture(&self) -> String {
        let parts = [
            (14, include_str!("fixture/base.sql")),
            (15, include_str!("fixture/since_15.sql")),
            (17, include_str!("fixture/since_17.sql")),
            (18, include_str!("fixture/since_18.sql")),
        ];
        parts.iter().filter(|(since, _)| *since <= self.major).map(|(_, sql)| *sql).collect()
    }
}

/// Runs a test on each server, one after the other, and says which one failed.
pub(crate) async fn on_every_major<T>(test: T) -> Result<()>
where
    T: AsyncFn(&Running) -> Result<()>,
{
    for running in servers() {
        test(running).await.with_context(|| format!("on PostgreSQL {}", running.major))?;
    }
    Ok(())
}

/// What a test shows on each server from this major version on, which must be the same on all;
/// `None` if there is no such server.
pub(crate) async fn same_on_every_major<T>(since: u16, show: T) -> Result<Option<String>>
where
    T: AsyncFn(&Running) -> Result<String>,
{
    let mut first: Option<(u16, String)> = None;
    for running in servers().iter().filter(|running| running.major >= since) {
        let major = running.major;
        let shown = show(running).await.with_context(|| format!("on PostgreSQL {major}"))?;
        let (first_major, expected) = first.get_or_insert_with(|| (major, shown.clone()));
        assert_eq!(*expected, shown, "PostgreSQL {first_major} and {major} differ");
    }
    if first.is_none() {
        say_skipped(&format!("no PostgreSQL {since} or later can be had"));
    }
    Ok(first.map(|(_, shown)| shown))
}
