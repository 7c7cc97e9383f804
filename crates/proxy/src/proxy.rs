//! The proxy as its user holds it: started, asked for its port, shut down.
//!
//! In go options and a lease source; a thread of its own does everything else. Main type:
//! [`Proxy`].
//!
//! **Invariant**: whoever holds it needs no runtime, and the thread has ended when it is gone.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use thiserror::Error;
use tokio::runtime::{LocalOptions, LocalRuntime};
use tokio::sync::oneshot;

use crate::listen::Listeners;
use crate::shared::Shared;
use crate::{LeaseSource, ProxyOptions};

/// Why a proxy did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A socket could not be opened.
    #[error("the proxy could not listen")]
    Listen(#[source] io::Error),
    /// The thread, or the runtime in it, could not be set up.
    #[error("the proxy's thread could not be started")]
    Thread(#[source] io::Error),
}

/// A running proxy. Dropping it shuts it down.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    root_pid: Arc<AtomicU32>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens and accepts; clients can connect as soon as this returns.
    ///
    /// # Errors
    /// [`StartError`] when a socket or the thread is not to be had.
    pub fn start(options: ProxyOptions, source: Arc<dyn LeaseSource>) -> Result<Self, StartError> {
        let listeners = Listeners::open(&options.listen).map_err(StartError::Listen)?;
        let port = listeners.port;
        let root_pid = Arc::new(AtomicU32::new(options.root_pid.unwrap_or(0)));
        let (stop, stopped) = oneshot::channel();
        let (started, start) = sync_channel(1);
        let root = Arc::clone(&root_pid);
        let thread = std::thread::Builder::new()
            .name("proofmark-proxy".to_owned())
            .spawn(move || match local_runtime() {
                Ok(runtime) => {
                    // Whoever starts a proxy waits for this.
                    drop(started.send(Ok(())));
                    let shared = Shared::new(options, source, port, root);
                    runtime.block_on(run(listeners, shared, stopped));
                }
                Err(error) => drop(started.send(Err(error))),
            })
            .map_err(StartError::Thread)?;
        let gone = || Err(io::Error::other("the thread ended at once"));
        start.recv().unwrap_or_else(|_| gone()).map_err(StartError::Thread)?;
        Ok(Self { port, root_pid, stop: Some(stop), thread: Some(thread) })
    }

    /// The port on 127.0.0.1, which also names the Unix socket.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Says which process is the command whose descendants are the clients.
    pub fn set_root_pid(&self, pid: u32) {
        self.root_pid.store(pid, Ordering::Relaxed);
    }

    /// Ends all sessions and leases and waits until the source has taken every lease back.
    ///
    /// It blocks. In asynchronous code use [`Proxy::shut_down`], so that a source that needs the
    /// same runtime can finish.
    pub fn shutdown(mut self) {
        self.stop_and_join();
    }

    /// What [`Proxy::shutdown`] does, without blocking the runtime it is awaited on.
    pub async fn shut_down(mut self) {
        let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) else { return };
        drop(stop);
        // A panic of the proxy's thread has been printed by it; here it only means "ended".
        drop(tokio::task::spawn_blocking(move || drop(thread.join())).await);
    }

    fn stop_and_join(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the proxy's thread has been printed by it; here it only means "ended".
            drop(thread.join());
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop_and_join();
    }
}

/// A runtime whose tasks never leave their thread. It wakes them without the detour by which a
/// `LocalSet` in a runtime of another kind does, which costs a system call per wake.
fn local_runtime() -> io::Result<LocalRuntime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
}

/// What the proxy's thread does, from the first connection to the last lease given back.
async fn run(mut listeners: Listeners, shared: Rc<Shared>, stopped: oneshot::Receiver<()>) {
    if listeners.accept(&shared).is_err() {
        return;
    }
    tokio::task::spawn_local(crate::leases::end_idle(Rc::clone(&shared)));
    // The sender is dropped rather than used; either way it is time to stop.
    drop(stopped.await);
    shared.close();
    crate::leases::end_all(&shared).await;
    shared.warm.close_all().await;
}
