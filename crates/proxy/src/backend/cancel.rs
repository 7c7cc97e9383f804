//! Passes cancel requests on to the server whose session they mean.
//!
//! In go the keys that servers gave out, and later a request with one of them. Main type:
//! [`CancelKeys`].
//!
//! **Invariant**: a request with a key that no open session has goes nowhere, as on a server.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::time::Duration;

use proofmark_wire::startup::CancelRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connect;
use crate::Upstream;

/// How long a server may take to close a cancel connection.
const CANCEL_DEADLINE: Duration = Duration::from_secs(5);

/// The keys of the sessions that are open now.
#[derive(Debug, Default)]
pub(crate) struct CancelKeys(RefCell<HashMap<Box<[u8]>, Upstream>>);

impl CancelKeys {
    /// Takes note of a session's key (the body of BackendKeyData).
    pub(crate) fn insert(&self, key: &[u8], upstream: &Upstream) {
        self.0.borrow_mut().insert(key.into(), upstream.clone());
    }

    /// Forgets a session's key.
    pub(crate) fn remove(&self, key: &[u8]) {
        self.0.borrow_mut().remove(key);
    }

    /// The server that gave out this key.
    pub(crate) fn upstream(&self, key: &[u8]) -> Option<Upstream> {
        self.0.borrow().get(key).cloned()
    }
}

/// Sends a cancel request and waits until the server has taken it, which it shows by closing.
pub(crate) async fn cancel(upstream: &Upstream, request: &CancelRequest) -> io::Result<()> {
    let exchange = async {
        let mut server = connect(upstream).await?;
        server.write_all(request.packet()).await?;
        let mut nothing = [0; 16];
        while server.read(&mut nothing).await? > 0 {}
        Ok(())
    };
    let done = tokio::time::timeout(CANCEL_DEADLINE, exchange).await;
    done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
