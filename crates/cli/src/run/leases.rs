//! What stands between the proxy and the pools.
//!
//! In: the proxy's wish for a database, and its word that a lease has ended. Out: a database, and
//! the record of what was written to it.
//!
//! **Invariant**: a lease that was taken is given back exactly once, and its record is written
//! whatever its test did to the database.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use proofmark::bench::{Bench, Lease, Outcome};
use proofmark_catalog::Catalog;
use proofmark_pool::{How, Pool, Session};
use proofmark_proxy::{
    GivenBack, Granted, LeaseId, LeaseRequest, LeaseSource, Seen, SourceError, TestName, Upstream,
};
use proofmark_trace::{LeaseReturned, Masked, Record};
use tokio::runtime::Handle;
use tokio_postgres::config::Host;

use super::evidence::Observer;
use super::masked::masked;
use super::recorder::Recorder;
use super::tools::Tools;

/// A lease that is out.
#[derive(Debug, Clone)]
struct Held {
    lease: Lease,
    test: TestName,
}

/// Hands the bench's databases to the proxy.
pub(super) struct Leases {
    bench: Arc<Bench>,
    catalogs: HashMap<String, Catalog>,
    tools: Arc<Tools>,
    recorder: Recorder,
    observer: Observer,
    /// Where it is written down which databases are kept.
    output: PathBuf,
    held: Mutex<HashMap<LeaseId, Held>>,
    /// Where the server is spoken to; the proxy's own thread only relays.
    runtime: Handle,
}

impl Leases {
    pub(super) fn new(
        bench: Arc<Bench>,
        catalogs: HashMap<String, Catalog>,
        tools: Arc<Tools>,
        recorder: Recorder,
        observer: Observer,
        output: PathBuf,
    ) -> Arc<Self> {
        let (runtime, held) = (Handle::current(), Mutex::default());
        Arc::new(Self { bench, catalogs, tools, recorder, observer, output, held, runtime })
    }

    fn granted(&self, database: &str) -> Granted {
        let config = self.bench.target().config(database);
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let address = match config.get_hosts().first() {
            Some(Host::Unix(directory)) => Upstream::Socket { directory: directory.clone(), port },
            Some(Host::Tcp(host)) => Upstream::Tcp {
                host: host.clone(),
                port,
                user: self.bench.target().user().to_owned(),
                password: config
                    .get_password()
                    .map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            },
            None => Upstream::Socket { directory: PathBuf::from("/var/run/postgresql"), port },
        };
        Granted { address, database: database.to_owned() }
    }

    async fn take(&self, request: LeaseRequest) -> Result<Granted, SourceError> {
        let pool = self.bench.pool(&request.database).ok_or_else(|| {
            let known = self.bench.pools().keys().cloned().collect::<Vec<_>>().join(", ");
            SourceError::new(
                format!("there is no database `{}`", request.database),
                format!("proofmark.toml describes: {known}"),
            )
        })?;
        let lease = pool.lease().await.map_err(|error| source_error(&error))?;
        let granted = self.granted(&lease.database);
        let held = Held { lease, test: request.test };
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(request.lease, held);
        Ok(granted)
    }

    async fn give_back(
        &self,
        id: LeaseId,
        failed: bool,
        seen: Seen,
    ) -> Result<GivenBack, SourceError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let Some(Held { lease, test }) = held else {
            return Err(SourceError::new("a lease came back that was not out", "a bug: report it"));
        };
        let masked = self.masked(&lease, &seen).await;
        let outcome = if failed { Outcome::Failed } else { Outcome::Done };
        let given_back = self.bench.give_back(&lease, test.as_str(), outcome, &seen.warm).await;
        let returned = match given_back {
            Ok(returned) => returned,
            Err(error) => {
                // What the test did is lost; that it is lost must not be.
                let lost = unexamined(id, &lease.of, test, failed, &chain(&error));
                self.recorder.add(Record::LeaseReturned(lost));
                return Err(source_error(&error));
            }
        };
        let mut left: Vec<String> = returned.left.iter().map(ToString::to_string).collect();
        if seen.sessions_left_in_transaction > 0 {
            left.push("left a transaction open".to_owned());
        }
        if returned.kept {
            self.bench
                .keep(&self.output, &lease, test.as_str())
                .map_err(|error| source_error(&error))?;
        }
        if let Err(why) = &masked {
            left.push(format!("what its refused rows masked is not known: {why}"));
        }
        let said = GivenBack {
            broken: returned.broken.iter().map(ToString::to_string).collect(),
            kept: returned.kept.then(|| returned.database.clone()),
        };
        self.recorder.add(Record::LeaseReturned(LeaseReturned {
            lease: id,
            database: lease.of.clone(),
            test,
            failed,
            kept: returned.kept.then_some(returned.database),
            written: returned.written,
            masked: masked.unwrap_or_default(),
            checked: returned.checked,
            broken: returned.broken,
            left,
            how: returned.how,
            verified: returned.verified,
            differs: returned.differs,
        }));
        let catalog = self.catalogs.get(&lease.of).map(|catalog| (lease.of.as_str(), catalog));
        self.observer.record(&self.recorder, id, catalog, seen, returned.evidence);
        Ok(said)
    }

    /// What the refused rows broke besides what was reported; the reason when that cannot be
    /// known.
    async fn masked(&self, lease: &Lease, seen: &Seen) -> Result<Vec<Masked>, String> {
        let Some(catalog) = self.catalogs.get(&lease.of) else { return Ok(Vec::new()) };
        if seen.failing_rows.is_empty() {
            return Ok(Vec::new());
        }
        let session = Session::open(&self.bench.target().config(&lease.database))
            .await
            .map_err(|error| error.to_string())?;
        let found = masked(&session, catalog, &seen.failing_rows).await;
        session.close().await;
        found.map_err(|error| error.to_string())
    }
}

/// The proxy's thread asks through this; the work is done on the run's own runtime.
pub(super) struct Desk(pub(super) Arc<Leases>);

impl LeaseSource for Desk {
    fn take(&self, request: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>> {
        let leases = Arc::clone(&self.0);
        let task = self.0.runtime.spawn(async move { leases.take(request).await });
        Box::pin(async move { task.await.map_err(|error| source_error(&error))? })
    }

    fn give_back(
        &self,
        lease: LeaseId,
        failed: bool,
        seen: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>> {
        let leases = Arc::clone(&self.0);
        let task = self.0.runtime.spawn(async move { leases.give_back(lease, failed, seen).await });
        Box::pin(async move { task.await.map_err(|error| source_error(&error))? })
    }

    fn databases(&self) -> Vec<String> {
        self.0.bench.pools().keys().cloned().collect()
    }

    fn maintenance(&self, database: &str) -> BoxFuture<'static, Option<Granted>> {
        let (leases, database) = (Arc::clone(&self.0), database.to_owned());
        let task = self.0.runtime.spawn(async move {
            // A server that does not answer refuses the client itself a moment later.
            let entered = leases.tools.may_enter(&database).await.unwrap_or(false);
            if entered {
                leases.bench.pools().values().for_each(Pool::tools_came);
            }
            entered.then(|| leases.granted(&database))
        });
        Box::pin(async move { task.await.ok().flatten() })
    }
}

/// An error with its causes on one line, for the client that waits.
fn source_error(error: &dyn std::error::Error) -> SourceError {
    SourceError::new(chain(error), "the server's log is in the run's output directory")
}

/// A lease of which nothing can be said but that.
fn unexamined(
    lease: LeaseId,
    database: &str,
    test: TestName,
    failed: bool,
    why: &str,
) -> LeaseReturned {
    LeaseReturned {
        lease,
        database: database.to_owned(),
        test,
        failed,
        kept: None,
        written: Vec::new(),
        masked: Vec::new(),
        checked: 0,
        broken: Vec::new(),
        left: vec![format!("its database could not be examined: {why}")],
        how: How::Replaced { why: why.to_owned() },
        verified: false,
        differs: Vec::new(),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
