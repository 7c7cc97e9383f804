//! The gate as its owner sees it: where to connect, what is held, what happened.
//!
//! In go a database's address and a number of actors. Main type: [`Gate`], which runs on a thread
//! of its own.
//!
//! **Invariant**: whoever holds it needs no runtime to start or end it; its thread has ended when
//! it is gone.

use std::fmt::Write;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::{LocalOptions, LocalRuntime};
use tokio::sync::{oneshot, watch};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::control::Control;
use super::hold::Hold;
use super::monitor;
use super::serve::{Local, accept};
use super::state::{Phase, Shared, State};
use super::step::{Actor, Happened, Step};
use crate::Upstream;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no gate, or it did not come to what was waited for.
#[derive(Debug, Error)]
pub enum GateError {
    /// A socket could not be opened.
    #[error("the gate could not listen")]
    Listen(#[source] io::Error),
    /// The thread, or the runtime in it, could not be set up.
    #[error("the gate's thread could not be started")]
    Thread(#[source] io::Error),
    /// The settings name no single server.
    #[error("the gate must know the one server that it stands in front of")]
    NoServer,
    /// The gate's own connection failed.
    #[error("the gate could not connect to the database")]
    Connect(#[source] tokio_postgres::Error),
    /// What was waited for did not come.
    #[error("waited 10 s in vain for {0}")]
    NotWithin(String),
}

/// A gate in front of one database. Dropping it closes every connection through it.
#[derive(Debug)]
pub struct Gate {
    shared: Arc<Shared>,
    ports: Vec<u16>,
    database: Config,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Gate {
    /// Opens a gate with so many actors in front of `database`: a server, or another proxy.
    ///
    /// # Errors
    /// [`GateError`] when the database cannot be reached.
    pub fn start(database: &Config, actors: usize) -> Result<Self, GateError> {
        let upstream = upstream(database)?;
        let mut listeners = Vec::new();
        let mut ports = Vec::new();
        for _ in 0..actors {
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(GateError::Listen)?;
            listener.set_nonblocking(true).map_err(GateError::Listen)?;
            ports.push(listener.local_addr().map_err(GateError::Listen)?.port());
            listeners.push(listener);
        }
        let shared = Arc::new(Shared::new(actors));
        let (stop, stopped) = oneshot::channel();
        let (started, start) = sync_channel(1);
        let (of_thread, config) = (Arc::clone(&shared), database.clone());
        let thread = std::thread::Builder::new()
            .name("proofmark-gate".to_owned())
            .spawn(move || match local_runtime() {
                Ok(runtime) => runtime.block_on(async {
                    match Control::connect(&config).await {
                        Ok(control) => {
                            // Whoever starts a gate waits for this.
                            drop(started.send(Ok(())));
                            run(of_thread, control, upstream, listeners, stopped).await;
                        }
                        Err(error) => drop(started.send(Err(GateError::Connect(error)))),
                    }
                }),
                Err(error) => drop(started.send(Err(GateError::Thread(error)))),
            })
            .map_err(GateError::Thread)?;
        let gone = |_| Err(GateError::Thread(io::Error::other("the thread ended at once")));
        start.recv().unwrap_or_else(gone)?;
        let (stop, thread) = (Some(stop), Some(thread));
        Ok(Self { shared, ports, database: database.clone(), stop, thread })
    }

    /// Where an actor connects.
    ///
    /// # Panics
    /// When the gate has no such actor.
    pub fn port(&self, actor: Actor) -> u16 {
        self.ports[actor.0]
    }

    /// The database as an actor reaches it, for `tokio_postgres`.
    pub fn config(&self, actor: Actor) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port(actor)).ssl_mode(SslMode::Disable);
        let database = &self.database;
        database.get_user().map(|user| config.user(user));
        database.get_password().map(|password| config.password(password));
        database.get_dbname().map(|name| config.dbname(name));
        database.get_options().map(|options| config.options(options));
        database.get_application_name().map(|name| config.application_name(name));
        config
    }

    /// The same as a URL for any driver.
    pub fn url(&self, actor: Actor) -> String {
        let database = &self.database;
        let user = database.get_user().map(|user| encoded(user.as_bytes())).unwrap_or_default();
        let password = database.get_password().map(|password| format!(":{}", encoded(password)));
        let password = password.unwrap_or_default();
        let name = database.get_dbname().map(|name| encoded(name.as_bytes())).unwrap_or_default();
        let mut url = format!(
            "postgresql://{user}{password}@127.0.0.1:{}/{name}?sslmode=disable",
            self.port(actor)
        );
        if let Some(options) = database.get_options() {
            url += "&options=";
            url += &encoded(options.as_bytes());
        }
        url
    }

    /// Holds every step from now on for which `holds` says yes, until it is let go.
    ///
    /// `holds` runs on the gate's thread and must not block it.
    pub fn hold_when(&self, holds: impl Fn(&Step) -> bool + Send + Sync + 'static) -> Hold {
        Hold::new(Arc::clone(&self.shared), Arc::new(holds))
    }

    /// Waits until a step of this actor waits for a lock of another session of the gate.
    ///
    /// # Errors
    /// [`GateError::NotWithin`] when none does for 10 seconds.
    pub async fn until_blocked(&self, actor: Actor) -> Result<Step, GateError> {
        until(&self.shared, "a step to wait for a lock", |state| match state.phase(actor) {
            Phase::Blocked(step) => Some(step),
            _ => None,
        })
        .await
    }

    /// What happened since the gate began, in the order in which steps were let go.
    pub fn happened(&self) -> Vec<Happened> {
        self.shared.lock().log.clone()
    }

    /// Holds all steps of an actor, or none. What is held already stays so until [`Gate::go`].
    pub fn hold_all(&self, actor: Actor, holds: bool) {
        if self.shared.lock().held[actor.0] != holds {
            self.shared.change(|state| state.held[actor.0] = holds);
        }
    }

    /// What an actor is doing.
    pub fn phase(&self, actor: Actor) -> Phase {
        self.shared.lock().phase(actor)
    }

    /// Lets the actor's step go that has been held longest, or delivers its answer.
    pub fn go(&self, actor: Actor) {
        self.shared.change(|state| state.go(actor));
    }

    /// Forgets what happened.
    pub fn forget(&self) {
        self.shared.change(State::forget);
    }

    /// Changes whenever anything in the gate does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the gate's thread has been printed by it; here it only means "ended".
            drop(thread.join());
        }
    }
}

/// Waits until something is so.
pub(super) async fn until<T>(
    shared: &Shared,
    what: &str,
    mut look: impl FnMut(&State) -> Option<T>,
) -> Result<T, GateError> {
    let mut changes = shared.changed.subscribe();
    let found = async {
        loop {
            changes.mark_unchanged();
            if let Some(found) = look(&shared.lock()) {
                return Some(found);
            }
            changes.changed().await.ok()?;
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await.ok().flatten();
    found.ok_or_else(|| GateError::NotWithin(what.to_owned()))
}

fn upstream(database: &Config) -> Result<Upstream, GateError> {
    let port = database.get_ports().first().copied().unwrap_or(5432);
    match database.get_hosts() {
        [Host::Tcp(host)] => {
            Ok(Upstream::Tcp { host: host.clone(), port, user: String::new(), password: None })
        }
        [Host::Unix(directory)] => Ok(Upstream::Socket { directory: directory.clone(), port }),
        _ => Err(GateError::NoServer),
    }
}

fn local_runtime() -> io::Result<LocalRuntime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
}

/// What the gate's thread does until the gate is dropped.
async fn run(
    shared: Arc<Shared>,
    control: Control,
    upstream: Upstream,
    listeners: Vec<TcpListener>,
    stopped: oneshot::Receiver<()>,
) {
    let control = Rc::new(control);
    let local = Rc::new(Local { shared, control, upstream });
    for (index, listener) in listeners.into_iter().enumerate() {
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
            tokio::task::spawn_local(accept(Rc::clone(&local), listener, Actor(index)));
        }
    }
    let of_monitor = Rc::clone(&local);
    tokio::task::spawn_local(async move {
        monitor::watch(&of_monitor.shared, &of_monitor.control).await;
    });
    // The sender is dropped rather than used; either way it is time to stop.
    drop(stopped.await);
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(*byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        }
        out
    })
}
