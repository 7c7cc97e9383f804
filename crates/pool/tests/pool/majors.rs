//! Servers of every major version at hand, each of a test's own.

use proofmark_pool::Target;
use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};

/// A server of a test's own.
pub(crate) struct Own {
    pub(crate) major: u16,
    pub(crate) server: Server,
}

impl Own {
    /// As the private server that it is.
    pub(crate) async fn private(&self) -> Target {
        Target::private(self.server.address()).await.expect("it has just been started")
    }

    /// As if it were the user's: nothing is added to it, so that its WAL cannot be read.
    pub(crate) async fn external(&self) -> Target {
        let url = self.private().await.url("postgres");
        Target::external(&url).await.expect("it has just been started")
    }
}

/// A server of the newest major version from 15 on that is on this machine or in its cache; 14
/// cannot reset in place.
pub(crate) fn newest() -> Own {
    (15..=18).rev().find_map(start).expect("a PostgreSQL from 15 on to test with")
}

/// One server of `major`, if it is at hand; `PROOFMARK_TEST_FETCH=1` fetches it.
pub(crate) fn start(major: u16) -> Option<Own> {
    let cache = Cache::user();
    let fetch = std::env::var_os("PROOFMARK_TEST_FETCH").is_some();
    let search = Search { major: Some(major), cache: cache.clone(), fetch, ..Search::new() };
    let found = find(&search).ok()?;
    let image = base_image(&found.installation, &cache).expect("initdb");
    let server = Server::start(&found.installation, &image, &ServerOptions::default());
    Some(Own { major, server: server.expect("it starts") })
}
