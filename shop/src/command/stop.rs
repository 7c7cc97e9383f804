//! Being told to stop: Ctrl-C or SIGTERM, once or twice.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::failure::{Failure, OrFail as _};
use super::say;

/// Hears the signals from when it is made. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Receiver<u8>);

impl Stop {
    pub(super) fn listen() -> Result<Self, Failure> {
        let mut interrupt = signal(SignalKind::interrupt()).or_fail("signals cannot be heard")?;
        let mut terminate = signal(SignalKind::terminate()).or_fail("signals cannot be heard")?;
        let (told, heard) = watch::channel(0);
        tokio::spawn(async move {
            for times in 1..=2 {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if times == 1 {
                    say::progress("stopping", "what was begun is finished; once more ends at once");
                }
                told.send_replace(times);
            }
        });
        Ok(Self(heard))
    }

    /// Ready once the process was told to stop.
    pub(super) async fn told(mut self) {
        // An error is the end of the runtime.
        drop(self.0.wait_for(|times| *times >= 1).await);
    }

    /// Ready once it was told so again.
    pub(super) async fn told_twice(mut self) {
        if self.0.wait_for(|times| *times >= 2).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
