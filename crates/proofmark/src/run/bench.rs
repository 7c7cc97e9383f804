//! Leases from a bench of our own: plain `cargo test` and `cargo nextest run`.
//!
//! In: a [`Config`]. Out: leases of a server that all test processes of the workspace share; the
//! last of them to end, ends it.
//!
//! **Invariant**: a database is kept only for a test that failed, and what is kept outlives the
//! server. Opened once per process and never closed: a test harness gives no moment to do it, so
//! the server's keeper watches for the process to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use proofmark_pool::{LeaseError, Session};
use proofmark_proxy::Lane;
use tokio::runtime::Handle;

use super::source::{GivenBack, Granted, SourceError};
use crate::bench::{Bench, Lease, Options, Outcome, Pool};
use crate::config::Config;
use crate::fixture::{Kept, Terms};

/// How long a database may take to be dropped from a server of the user's.
const DROPPING: Duration = Duration::from_secs(10);

/// The bench of this process.
#[derive(Debug)]
pub(super) struct OwnBench {
    bench: Arc<Bench>,
    output: PathBuf,
}

impl OwnBench {
    pub(super) async fn open(config: &Config) -> Result<Self, SourceError> {
        let bench = Bench::open(config, Options::shared()).await?;
        Ok(Self { bench: Arc::new(bench), output: config.output.clone() })
    }

    pub(super) fn databases(&self) -> Vec<String> {
        self.bench.pools().keys().cloned().collect()
    }

    fn pool(&self, name: &str) -> &Pool {
        self.bench.pool(name).expect("the name was chosen from those of the pools")
    }

    pub(super) async fn lease(&self, test: &str, name: &str) -> Result<Granted, SourceError> {
        let pool = self.pool(name);
        let lease = pool.lease().await?;
        let mut config = pool.target().config(&lease.database);
        config.application_name(test);
        let terms = Terms {
            test: test.to_owned(),
            name: name.to_owned(),
            url: pool.target().url(&lease.database),
            database: lease.database.clone(),
            config,
            lane: Lane::Direct,
            kept: Some(self.connections(&lease)),
            seen: None,
        };
        Ok(Granted { terms, pooled: Some(lease) })
    }

    /// The connections to `lease` that outlive it. They live in this runtime, because a test's own
    /// ends with the test.
    fn connections(&self, lease: &Lease) -> Kept {
        let (bench, lease, runtime) = (Arc::clone(&self.bench), lease.clone(), Handle::current());
        Kept::new(move || {
            let (bench, lease) = (Arc::clone(&bench), lease.clone());
            let taking = runtime.spawn(async move {
                let pool = bench.pool(&lease.of).expect("the lease is of this bench");
                pool.connection(&lease).await
            });
            async move { taking.await.expect("connecting neither panics nor is cancelled") }.boxed()
        })
    }

    pub(super) async fn give_back(
        &self,
        lease: &Lease,
        test: &str,
        outcome: Outcome,
    ) -> Result<GivenBack, SourceError> {
        let returned = self.bench.give_back(lease, test, outcome, &[]).await?;
        let left = returned.left.iter();
        let mut notes: Vec<String> = left.map(|left| format!("note: the test {left}")).collect();
        if returned.kept {
            self.bench.keep(&self.output, lease, test).map_err(SourceError::Keep)?;
            notes.push(kept(&returned.database));
        } else if self.bench.server().is_none() {
            // On a server that outlives us. Nobody tells us when the last test is over, so each
            // one waits until its database is gone.
            until_dropped(self.pool(&lease.of), &returned.database).await?;
        }
        let broken = returned.broken.iter().map(ToString::to_string).collect();
        Ok(GivenBack { notes, broken })
    }
}

/// Waits until the pool has dropped `database`.
async fn until_dropped(pool: &Pool, database: &str) -> Result<(), SourceError> {
    let begun = Instant::now();
    let session = Session::open(pool.target().maintenance()).await.map_err(LeaseError::from)?;
    let asked = "select 1 from pg_database where datname = $1";
    loop {
        let row = session.query_opt(asked, &[&database]).await.map_err(SourceError::Dropping)?;
        if row.is_none() {
            session.close().await;
            return Ok(());
        }
        if begun.elapsed() > DROPPING {
            return Err(SourceError::NotDropped(database.to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How to look into a kept database.
pub(super) fn kept(database: &str) -> String {
    format!("note: the test's database is kept\nhelp: proofmark psql {database}")
}
