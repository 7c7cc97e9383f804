//! Listening, and stopping without losing what was begun.

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::listen::Impatient;
use super::{AppState, router};

/// Answers requests until `shutdown` is ready, then takes no more and finishes those it has.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // A router that is served as it is makes all its routes anew for each connection, which costs
    // 100 KB of memory for each.
    let app = router(state.clone()).into_make_service();
    let metrics = Arc::clone(&state.metrics);
    let draining = async move {
        shutdown.await;
        metrics.drain();
    };
    let patience = state.limits.quiet.max(state.limits.time * 2);
    axum::serve(Impatient::new(listener, patience), app).with_graceful_shutdown(draining).await?;
    // Changes whose callers have gone are still under way.
    state.gate.empty().await;
    Ok(())
}
