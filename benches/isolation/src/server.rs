//! The server that everything in one run is measured on.
//!
//! In: how many databases are ready. Out: [`Stage`]: a private server with the templates of
//! `proofmark.toml`, which ends with it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use proofmark::bench::{Bench, Options};
use proofmark::config::Config;
use proofmark_pool::{Isolation, Pool, PoolOptions};

use crate::bodies::Schema;

/// A private server and a pool of each schema.
pub(crate) struct Stage {
    bench: Bench,
    pools: Vec<(Schema, Arc<Pool>)>,
    ready: usize,
}

impl Stage {
    pub(crate) async fn open(ready: usize) -> anyhow::Result<Self> {
        let config = Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("proofmark.toml"))?;
        let options = Options { shared: false, ready: 0, ..Options::shared() };
        let bench = Bench::open(&config, options).await?;
        let mut stage = Self { bench, pools: Vec::new(), ready };
        for schema in [Schema::Thirty, Schema::Shop] {
            let pool = stage.another(schema, "bench", Isolation::Reset).await?;
            stage.pools.push((schema, pool));
        }
        stage.tell();
        Ok(stage)
    }

    /// One more pool of `schema`.
    pub(crate) async fn another(
        &self,
        schema: Schema,
        run: &str,
        isolation: Isolation,
    ) -> anyhow::Result<Arc<Pool>> {
        let of = self.bench.pool(schema.name()).context("proofmark.toml names both")?;
        let run = run.to_owned();
        let options = PoolOptions { ready: self.ready, run, isolation, ..PoolOptions::default() };
        let pool = Pool::open(of.target().clone(), of.template().clone(), options).await?;
        Ok(Arc::new(pool))
    }

    #[expect(clippy::print_stdout, reason = "a program that prints measurements")]
    fn tell(&self) {
        let isolation = self.pool(Schema::Thirty).isolation();
        let why = isolation.why.map(|why| format!(" ({why})")).unwrap_or_default();
        let version = self.bench.target().version();
        println!("PostgreSQL {version}, isolation by {}{why}", isolation.isolation);
    }

    pub(crate) fn pool(&self, schema: Schema) -> &Arc<Pool> {
        let found = self.pools.iter().find(|(of, _)| *of == schema);
        &found.expect("both are opened with the stage").1
    }

    pub(crate) fn pools(&self) -> Vec<(Schema, Arc<Pool>)> {
        self.pools.clone()
    }

    /// The directory of the server's socket, and its port.
    pub(crate) fn socket(&self) -> anyhow::Result<(std::path::PathBuf, u16)> {
        let address = self.bench.server().context("the server is private")?.address();
        Ok((address.socket_dir.clone(), address.port))
    }

    /// Where the server has its data.
    pub(crate) fn data(&self) -> anyhow::Result<std::path::PathBuf> {
        Ok(self.bench.server().context("the server is private")?.run_dir().join("data"))
    }

    pub(crate) fn bench(&self) -> &Bench {
        &self.bench
    }

    /// A URL of a database on the server itself.
    pub(crate) fn url(&self, database: &str) -> String {
        self.bench.target().url(database)
    }

    /// Seconds of processor time that the server and all its processes have used so far.
    pub(crate) fn processor_s(&self) -> anyhow::Result<f64> {
        let server = self.bench.server().context("the server is private")?;
        processor_s(u32::try_from(server.pid())?)
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        for (_, pool) in self.pools {
            Arc::into_inner(pool).context("a pool is still in use")?.close().await?;
        }
        Ok(self.bench.close().await?)
    }
}

/// Processor time of `postmaster`, of its children that have ended, and of those that live.
fn processor_s(postmaster: u32) -> anyhow::Result<f64> {
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
