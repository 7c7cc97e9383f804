//! Ends the server's side of a session that its client no longer needs.
//!
//! **Invariant**: it takes a bounded time, and when it returns in good time the backend is gone and
//! its statistics are written: a backend's socket closes with its process (`socket_close` in
//! pqcomm.c).

use std::io;
use std::time::Duration;

use proofmark_wire::startup::CancelRequest;
use proofmark_wire::{frame, tag};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::backend::cancel;
use crate::session::Watch;
use crate::stream::Stream;

/// How long a backend may take to end by itself.
const BY_ITSELF: Duration = Duration::from_millis(100);
/// How long it may take after what it runs was cancelled.
const AFTER_CANCEL: Duration = Duration::from_secs(2);

/// Says goodbye to the server where that is possible and it has not been told, and waits until the
/// backend is gone; cancels what it runs when it does not go.
pub(super) async fn wind_down(
    server: &mut Stream,
    watch: &Watch,
    is_up_to_date: bool,
    was_told: bool,
) {
    let can_say_goodbye = is_up_to_date && watch.client_is_between_messages();
    if can_say_goodbye && !was_told {
        let mut goodbye = Vec::new();
        frame(&mut goodbye, tag::frontend::TERMINATE, |_| {});
        // A server that is gone needs no goodbye.
        drop(timeout(BY_ITSELF, server.write_all(&goodbye)).await);
    }
    drop(timeout(BY_ITSELF, server.shutdown()).await);
    if timeout(BY_ITSELF, discard(server)).await.is_ok() {
        return;
    }
    if let Some((key, upstream)) = watch.cancel_key() {
        // Where it cannot be cancelled, closing the socket is all that is left.
        drop(cancel(upstream, &CancelRequest::for_key(key)).await);
        drop(timeout(AFTER_CANCEL, discard(server)).await);
    }
}

async fn discard(server: &mut Stream) -> io::Result<()> {
    let mut unread = vec![0; 8 * 1024];
    while server.read(&mut unread).await? > 0 {}
    Ok(())
}
