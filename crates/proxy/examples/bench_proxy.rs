//! Serves one fixed database through the proxy, for measuring: every client gets the same one.
//!
//! ```text
//! cargo run --release -p proofmark-proxy --example bench_proxy -- <directory> <port> <database>
//! ```
//!
//! It prints the port and serves until its standard input is closed.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proofmark_proxy::{
    GivenBack, Granted, LeaseId, LeaseRequest, LeaseSource, Proxy, ProxyOptions, Seen, SourceError,
    Upstream,
};

struct OneDatabase(Granted);

impl LeaseSource for OneDatabase {
    fn take(&self, _: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>> {
        std::future::ready(Ok(self.0.clone())).boxed()
    }

    fn give_back(
        &self,
        _: LeaseId,
        _: bool,
        _: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>> {
        std::future::ready(Ok(GivenBack::default())).boxed()
    }

    fn databases(&self) -> Vec<String> {
        vec![self.0.database.clone()]
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name: &str| arguments.next().with_context(|| format!("no {name} given"));
    let directory = PathBuf::from(argument("socket directory")?);
    let port = argument("port")?.parse().context("the port is no number")?;
    let database = argument("database")?;
    let address = Upstream::Socket { directory, port };
    let source = OneDatabase(Granted { address, database });
    // Nobody reads the events: what is measured is the passing and the looking.
    let (events, _) = std::sync::mpsc::channel();
    let proxy = Proxy::start(ProxyOptions::new(events), Arc::new(source))?;
    writeln!(std::io::stdout(), "{}", proxy.port())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    proxy.shutdown();
    Ok(())
}
