//! Many tests in one run: what grows.
//!
//! In: how many tests. Out: the memory of this process and the size of the cluster at a few moments
//! of the run, and whether the tests became slower.

use std::path::Path;

use crate::bodies::{FLOW, Schema};
use crate::ours::kept;
use crate::samples::{Report, quantile};
use crate::server::Stage;

/// Moments at which is looked.
const PARTS: usize = 5;

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) async fn run(tests: usize, report: &Report) -> anyhow::Result<()> {
    let stage = Stage::open(2).await?;
    let pool = stage.pool(Schema::Thirty);
    kept(pool, FLOW, 100, 2).await?;
    println!("tests | resident set, MB | cluster, MB | of it WAL, MB | median, ms");
    show(&stage, 0, f64::NAN)?;
    for part in 1..=PARTS {
        let samples = kept(pool, FLOW, tests / PARTS, 2).await?;
        show(&stage, part * (tests / PARTS), quantile(&samples.tests, 50))?;
        report.add("9 tables, 2 slots", "thirty", samples);
    }
    println!("databases: {}", names(&stage).await?.join(", "));
    stage.close().await
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
fn show(stage: &Stage, tests: usize, median: f64) -> anyhow::Result<()> {
    let data = stage.data()?;
    let (all, wal) = (bytes(&data)?, bytes(&data.join("pg_wal"))?);
    let resident = resident_kb()?;
    println!(
        "{tests} | {} | {} | {} | {median:.2}",
        resident / 1024,
        all / 1024 / 1024,
        wal / 1024 / 1024
    );
    Ok(())
}

/// `VmRSS` of this process (proc(5)).
fn resident_kb() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The sizes of all files below `directory`; those that go while we look count as nothing.
fn bytes(directory: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() {
            bytes(&entry.path()).unwrap_or_default()
        } else {
            metadata.len()
        };
    }
    Ok(sum)
}

async fn names(stage: &Stage) -> anyhow::Result<Vec<String>> {
    let session = proofmark_pool::Session::open(stage.bench().target().maintenance()).await?;
    let sizes = "select datname::text || ' ' || pg_size_pretty(pg_database_size(oid)) \
                 from pg_database where datallowconn order by 1";
    let rows = session.query(sizes, &[]).await?;
    session.close().await;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
