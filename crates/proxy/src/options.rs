//! How a proxy is set up.
//!
//! **Invariant**: it holds settings only; nothing is opened before the proxy starts.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::{Event, WarmOptions};

/// Environment variables by which test runners name a test or a worker, best first.
///
/// `PROOFMARK_TEST` is for whoever wants to choose the name. Sources of the others: nextest
/// (environment variables it sets), pytest-xdist, Jest, Vitest, Playwright, parallel_tests and
/// Rails. Vitest sets the number of a worker only when that is running already; what its processes
/// have from their start is `VITEST`, and there each process is told apart by itself.
pub const IDENTITY_ENV: [&str; 9] = [
    "PROOFMARK_TEST",
    "NEXTEST_TEST_NAME",
    "PYTEST_XDIST_WORKER",
    "JEST_WORKER_ID",
    "VITEST_POOL_ID",
    "VITEST_WORKER_ID",
    "VITEST",
    "TEST_WORKER_INDEX",
    "TEST_ENV_NUMBER",
];

/// Where clients can connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// TCP on 127.0.0.1; port 0 takes a free one.
    Loopback {
        /// The port.
        port: u16,
    },
    /// A Unix socket in this directory, named like a server's with the proxy's port. The directory
    /// exists already.
    Directory(PathBuf),
}

/// Settings of a proxy. Start from [`ProxyOptions::new`] and change what differs.
#[derive(Debug, Clone)]
pub struct ProxyOptions {
    /// Where to listen. The first loopback address gives the port.
    pub listen: Vec<Listen>,
    /// Process id of the command whose descendants are the clients.
    pub root_pid: Option<u32>,
    /// Environment variables that name a test or worker, best first.
    pub identity_env: Vec<String>,
    /// How long a lease without a known process stays when nobody is connected.
    pub grace: Duration,
    /// How long a connection may take to say what it wants.
    pub startup_deadline: Duration,
    /// Sessions that are let in at once.
    pub sessions_max: usize,
    /// Which backends stay open when their client has left; `None` keeps none.
    pub warm: Option<WarmOptions>,
    /// Whether statements are looked at: calls, rows and time of each, by lease.
    pub statements: bool,
    /// Where events go. A receiver that is gone is no error.
    pub events: Sender<Event>,
}

impl ProxyOptions {
    /// The defaults: a free loopback port, two seconds of grace, 30 seconds for the startup, 1000
    /// sessions, warm backends within a lease.
    pub fn new(events: Sender<Event>) -> Self {
        Self {
            listen: vec![Listen::Loopback { port: 0 }],
            root_pid: None,
            identity_env: IDENTITY_ENV.map(str::to_owned).to_vec(),
            grace: Duration::from_secs(2),
            startup_deadline: Duration::from_secs(30),
            sessions_max: 1000,
            warm: Some(WarmOptions::default()),
            statements: false,
            events,
        }
    }
}
