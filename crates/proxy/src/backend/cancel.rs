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
pub(crate) struct CancelKeys(RefCell<HashMap<Box<[u8]>, Meant>>);

/// What a key stands for.
#[derive(Debug)]
struct Meant {
    upstream: Upstream,
    /// The key as the server knows it.
    key: Box<[u8]>,
    was_used: bool,
}

impl CancelKeys {
    /// Takes note of the key that a session's client was told (the body of BackendKeyData), and of
    /// the one that the server knows.
    pub(crate) fn insert(&self, told: &[u8], key: &[u8], upstream: &Upstream) {
        let meant = Meant { upstream: upstream.clone(), key: key.into(), was_used: false };
        self.0.borrow_mut().insert(told.into(), meant);
    }

    /// Forgets a session's key; whether it was ever used. If it was, the server may still be about
    /// to act on it.
    pub(crate) fn remove(&self, told: &[u8]) -> bool {
        self.0.borrow_mut().remove(told).is_some_and(|meant| meant.was_used)
    }

    /// The server that a key belongs to, and the request that it understands.
    pub(crate) fn request(&self, told: &[u8]) -> Option<(Upstream, CancelRequest)> {
        let mut keys = self.0.borrow_mut();
        let meant = keys.get_mut(told)?;
        meant.was_used = true;
        Some((meant.upstream.clone(), CancelRequest::for_key(&meant.key)))
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
