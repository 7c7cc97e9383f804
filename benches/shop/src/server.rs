//! A private server that is as careful as one in production, with the shop's schema.
//!
//! In: nothing. Out: [`Shop`], whose server ends with it.

use std::path::Path;

use anyhow::Context as _;
use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool, raw_sql};

/// What makes a commit one: the settings that the private server of a test leaves out.
const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("wal_level", "replica"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "2GB"),
    ("autovacuum", "on"),
];

/// A server with the shop's schema and nothing else.
#[derive(Debug)]
pub(crate) struct Shop {
    server: Server,
    database: String,
}

impl Shop {
    /// Starts it, with its data on disk: below `root`, and with these settings as well.
    pub(crate) async fn start(root: &Path, more: &[(String, String)]) -> anyhow::Result<Self> {
        let durable = DURABLE.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let settings = durable.chain(more.iter().cloned());
        let options = ServerOptions {
            settings: settings.collect(),
            run_root: Some(root.to_owned()),
            ..ServerOptions::default()
        };
        let server = tokio::task::spawn_blocking(move || {
            let cache = Cache::user();
            let found = find(&Search { cache: cache.clone(), ..Search::new() })?;
            let image = base_image(&found.installation, &cache)?;
            anyhow::Ok(Server::start(&found.installation, &image, &options)?)
        })
        .await??;
        let shop = Self { server, database: "shop".to_owned() };
        let pool = shop.connect("postgres", 1).await?;
        pool.execute("CREATE DATABASE shop").await?;
        let pool = shop.pool(1).await?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shop/migrations");
        let entries = std::fs::read_dir(&folder).context("the shop's migrations")?;
        let mut files: Vec<_> =
            entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        files.sort();
        for file in files {
            let sql = std::fs::read_to_string(&file)?;
            raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(&pool)
                .await
                .with_context(|| format!("the migration {}", file.display()))?;
        }
        pool.close().await;
        Ok(shop)
    }

    /// So many connections to the shop's database, all of them open.
    pub(crate) async fn pool(&self, connections: u32) -> anyhow::Result<PgPool> {
        self.connect(&self.database, connections).await
    }

    /// The same through another socket, which is that of a relay.
    pub(crate) async fn pool_at(&self, directory: &Path) -> anyhow::Result<PgPool> {
        let options = self.options(&self.database).socket(directory);
        Ok(PgPoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options)
            .await?)
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        let address = self.server.address();
        PgConnectOptions::new_without_pgpass()
            .socket(&address.socket_dir)
            .port(address.port)
            .username(&address.user)
            .database(database)
    }

    async fn connect(&self, database: &str, connections: u32) -> anyhow::Result<PgPool> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .test_before_acquire(false)
            .connect_with(self.options(database))
            .await?;
        Ok(pool)
    }

    /// Where the shop's database is.
    pub(crate) fn url(&self) -> String {
        self.server.address().url(&self.database)
    }

    /// The socket that clients connect to.
    pub(crate) fn socket(&self) -> std::path::PathBuf {
        self.server.address().socket()
    }

    /// Seconds of processor time that the server and all its processes have used so far.
    pub(crate) fn processor_s(&self) -> anyhow::Result<f64> {
        let file = self.server.run_dir().join("data/postmaster.pid");
        let text = std::fs::read_to_string(&file).context("the server's pid file")?;
        let postmaster: u32 = text.lines().next().unwrap_or_default().trim().parse()?;
        let mut ticks = 0;
        for entry in std::fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // A process may end while the others are read.
            let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
            let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            let fields: Vec<u64> =
                after_name.split(' ').map(|field| field.parse().unwrap_or(0)).collect();
            // proc(5): 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime; the first two are gone.
            let [_, parent, ..] = fields.as_slice() else { continue };
            if pid == postmaster {
                ticks += fields[11..15].iter().sum::<u64>();
            } else if *parent == u64::from(postmaster) {
                ticks += fields[11..13].iter().sum::<u64>();
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a measurement")]
        Ok(ticks as f64 / 100.0)
    }

    /// Stops it and removes its data.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        tokio::task::spawn_blocking(move || self.server.stop()).await??;
        Ok(())
    }
}

/// Every invariant of the shop, asked once: the rows that break one.
pub(crate) async fn broken_invariants(pool: &PgPool) -> anyhow::Result<Vec<String>> {
    let file = include_str!("../../../shop/invariants.sql");
    let mut broken = Vec::new();
    for part in file.split("-- invariant: ").skip(1) {
        let (name, sql) = part.split_once('\n').context("a name on a line of its own")?;
        let query = sql.trim().trim_end_matches(';').to_owned();
        let rows: Vec<(String, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(pool).await?;
        broken.extend(rows.into_iter().map(|(what, why)| format!("{name}: {what}: {why}")));
    }
    Ok(broken)
}
