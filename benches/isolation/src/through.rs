//! Tests that reach their database as those of another language do: through the proxy.
//!
//! In: a bench. Out: [`Door`], a proxy in front of it, and tests that ask its console for a lease,
//! open a connection of their own, run, close it, and return the lease.
//!
//! **Invariant**: the proxy is the one of `proofmark run`; what it records is thrown away.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use anyhow::Context as _;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use proofmark_pool::{Ending, Lease, Outcome, Pool, Session};
use proofmark_proxy::{
    GivenBack, Granted, LeaseId, LeaseRequest, LeaseSource, Proxy, ProxyOptions, Seen, SourceError,
    Upstream, WarmOptions,
};
use tokio::runtime::Handle;
use tokio_postgres::{Config, SimpleQueryMessage};

use crate::bodies::{Body, Schema};
use crate::ours::lanes;
use crate::samples::Samples;
use crate::server::Stage;

/// How a test reaches its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `LEASE`
    Proxy,
    /// `LEASE ... DIRECT`
    Direct,
}

/// A proxy in front of the pools.
pub(crate) struct Door {
    proxy: Proxy,
}

/// What the command puts behind its proxy, small.
struct Leases {
    pools: Vec<(Schema, Arc<Pool>)>,
    socket: (PathBuf, u16),
    held: Mutex<HashMap<LeaseId, (Arc<Pool>, Lease)>>,
    /// Where the server is spoken to; the proxy's own thread only relays.
    runtime: Handle,
}

struct Source(Arc<Leases>);

impl Leases {
    async fn take(&self, request: LeaseRequest) -> Result<Granted, SourceError> {
        let found = self.pools.iter().find(|(schema, _)| schema.name() == request.database);
        let pool = &found.ok_or_else(|| SourceError::new("no such database", "a bug"))?.1;
        let lease = pool.lease().await.map_err(|error| failed(&error))?;
        let (directory, port) = self.socket.clone();
        let address = Upstream::Socket { directory, port };
        let granted = Granted { address, database: lease.database.clone() };
        let held = (Arc::clone(pool), lease);
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(request.lease, held);
        Ok(granted)
    }

    async fn give_back(&self, lease: LeaseId, seen: Seen) -> Result<GivenBack, SourceError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&lease);
        let (pool, lease) = held.ok_or_else(|| SourceError::new("it is not out", "a bug"))?;
        let ending = Ending { outcome: Outcome::Done, check: false, warm: &seen.warm };
        pool.give_back(&lease, ending).await.map_err(|error| failed(&error))?;
        Ok(GivenBack::default())
    }
}

fn failed(error: &proofmark_pool::LeaseError) -> SourceError {
    SourceError::new(error.to_string(), "see the server's log")
}

/// An answer to the proxy from the runtime of the pools.
async fn answered<T: Send + 'static>(
    task: tokio::task::JoinHandle<Result<T, SourceError>>,
) -> Result<T, SourceError> {
    task.await.unwrap_or_else(|error| Err(SourceError::new(error.to_string(), "a bug")))
}

impl LeaseSource for Source {
    fn take(&self, request: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>> {
        let leases = Arc::clone(&self.0);
        answered(self.0.runtime.spawn(async move { leases.take(request).await })).boxed()
    }

    fn give_back(
        &self,
        lease: LeaseId,
        _: bool,
        seen: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>> {
        let leases = Arc::clone(&self.0);
        answered(self.0.runtime.spawn(async move { leases.give_back(lease, seen).await })).boxed()
    }

    fn databases(&self) -> Vec<String> {
        self.0.pools.iter().map(|(schema, _)| schema.name().to_owned()).collect()
    }
}

impl Door {
    pub(crate) fn open(stage: &Stage) -> anyhow::Result<Self> {
        let (events, seen) = mpsc::channel();
        // Ends with the proxy, which holds the other end.
        std::thread::spawn(move || seen.into_iter().for_each(drop));
        let held = Mutex::default();
        let (pools, socket, runtime) = (stage.pools(), stage.socket()?, Handle::current());
        let source = Source(Arc::new(Leases { pools, socket, held, runtime }));
        let warm = Some(WarmOptions { across_leases: true, ..WarmOptions::default() });
        let options = ProxyOptions { warm, ..ProxyOptions::new(events) };
        let proxy = Proxy::start(options, Arc::new(source))?;
        proxy.set_root_pid(std::process::id());
        Ok(Self { proxy })
    }

    /// Tests of `body` that take their leases as `#[proofmark::test]` does.
    pub(crate) async fn run(
        &self,
        schema: Schema,
        body: Body,
        tests: usize,
        at_once: usize,
        way: Way,
    ) -> anyhow::Result<Samples> {
        let url = format!("postgresql://postgres@127.0.0.1:{}/proofmark", self.proxy.port());
        let config: Config = url.parse()?;
        let mut consoles = Vec::new();
        for _ in 0..at_once {
            consoles.push(Arc::new(Session::open(&config).await?));
        }
        let consoles = Arc::new(Mutex::new(consoles));
        lanes(tests, at_once, move |number| {
            let consoles = Arc::clone(&consoles);
            async move {
                let idle = || consoles.lock().unwrap_or_else(PoisonError::into_inner);
                let console = idle().pop().context("a console for every lane")?;
                one(&console, schema, body, number, way).await?;
                idle().push(console);
                Ok(())
            }
        })
        .await
    }

    pub(crate) fn close(self) {
        self.proxy.shutdown();
    }
}

async fn one(
    console: &Session,
    schema: Schema,
    body: Body,
    number: usize,
    way: Way,
) -> anyhow::Result<()> {
    let direct = if way == Way::Direct { " DIRECT" } else { "" };
    let asked = format!("LEASE {} FOR 'test_{number}'{direct}", schema.name());
    let answer = console.simple_query(&asked).await?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let url = row.and_then(|row| row.get("url")).context("the console answers a URL")?;
    let session = Session::open(&url.parse()?).await?;
    body.run(&session).await?;
    session.close().await;
    console.simple_query(&format!("RETURN 'test_{number}'")).await?;
    Ok(())
}
