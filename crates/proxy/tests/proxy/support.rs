//! A server for all tests, a lease source that makes databases on it, and a proxy for each test.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};
use proofmark_proxy::{
    Event, GivenBack, Granted, LeaseId, LeaseRequest, LeaseSource, Proxy, ProxyOptions, Seen,
    SourceError, TestName, Upstream,
};
use tokio_postgres::{Client, Config, NoTls};

/// How long any condition may take to come true.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What every lease of the tests begins with.
const SCHEMA: &str = "
    create table orders (id int primary key, quantity int not null
        constraint orders_quantity_positive check (quantity > 0));
    create table lines (id int primary key, order_id int
        constraint lines_order references orders deferrable initially deferred);
    create domain code as text constraint code_upper check (value = upper(value));
";

/// The server that all tests share; the last test process to end ends it.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let found = find(&Search::new()).expect("a PostgreSQL is found or fetched");
        let image = base_image(&found.installation, &Cache::user()).expect("initdb runs");
        let options = ServerOptions::default();
        Server::join_or_start("proxy-tests", &found.installation, &image, &options)
            .expect("the server starts")
    })
}

/// How the server is reached, past the proxy.
pub(crate) fn upstream() -> Upstream {
    let address = server().address();
    Upstream::Socket { directory: address.socket_dir.clone(), port: address.port }
}

/// A client of the server itself.
pub(crate) async fn direct(database: &str) -> Client {
    let address = server().address();
    let mut config = Config::new();
    config.host_path(&address.socket_dir).port(address.port).user(&address.user).dbname(database);
    let (client, connection) = config.connect(NoTls).await.expect("the server accepts");
    tokio::spawn(connection);
    client
}

/// Makes a database for each lease and remembers what was asked of it.
#[derive(Default)]
pub(crate) struct Databases {
    state: Arc<Mutex<State>>,
    /// While this is locked no lease is given.
    pub(crate) gate: Arc<tokio::sync::Mutex<()>>,
    pub(crate) address: Option<Upstream>,
    /// A database that exists already and is given to everybody.
    pub(crate) real_database: Option<String>,
    pub(crate) maintenance: Vec<String>,
    /// What every database that comes back says is broken in it.
    pub(crate) broken: Vec<String>,
}

#[derive(Default)]
struct State {
    taken: Vec<LeaseRequest>,
    given_back: HashMap<LeaseId, (bool, Seen)>,
    refuse: Option<SourceError>,
}

impl Databases {
    pub(crate) fn taken(&self) -> Vec<LeaseRequest> {
        self.state.lock().expect("no test panics in here").taken.clone()
    }

    pub(crate) fn given_back(&self, lease: LeaseId) -> Option<(bool, Seen)> {
        self.state.lock().expect("no test panics in here").given_back.get(&lease).cloned()
    }

    pub(crate) fn refuse(&self, error: SourceError) {
        self.state.lock().expect("no test panics in here").refuse = Some(error);
    }
}

/// A database with the schema that goes away with the test, for leases that share one.
pub(crate) struct Slot(pub(crate) String);

impl Slot {
    pub(crate) async fn make() -> Self {
        let name = real_database(LeaseId(0));
        let admin = direct("postgres").await;
        admin.batch_execute(&format!("create database {name}")).await.expect("it is made");
        direct(&name).await.batch_execute(SCHEMA).await.expect("the schema is right");
        Self(name)
    }
}

fn real_database(lease: LeaseId) -> String {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("proxy_{}_{number}_{}", std::process::id(), lease.0)
}

impl LeaseSource for Databases {
    fn take(&self, request: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>> {
        let mut state = self.state.lock().expect("no test panics in here");
        state.taken.push(request.clone());
        if let Some(error) = state.refuse.clone() {
            return std::future::ready(Err(error)).boxed();
        }
        let gate = Arc::clone(&self.gate);
        let address = self.address.clone().unwrap_or_else(upstream);
        if let Some(database) = self.real_database.clone() {
            return std::future::ready(Ok(Granted { address, database })).boxed();
        }
        async move {
            let _open = gate.lock().await;
            let database = real_database(request.lease);
            let admin = direct("postgres").await;
            admin
                .batch_execute(&format!("create database {database}"))
                .await
                .map_err(|error| SourceError::new(error.to_string(), "look at the server"))?;
            direct(&database).await.batch_execute(SCHEMA).await.expect("the schema is right");
            Ok(Granted { address, database })
        }
        .boxed()
    }

    fn give_back(
        &self,
        lease: LeaseId,
        failed: bool,
        seen: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>> {
        let mut state = self.state.lock().expect("no test panics in here");
        let earlier = state.given_back.insert(lease, (failed, seen));
        assert_eq!(earlier, None, "{lease} is given back once");
        let broken = self.broken.clone();
        std::future::ready(Ok(GivenBack { broken, kept: None })).boxed()
    }

    fn databases(&self) -> Vec<String> {
        vec!["shop".to_owned()]
    }

    fn maintenance(&self, database: &str) -> BoxFuture<'static, Option<Granted>> {
        let is_allowed = self.maintenance.iter().any(|allowed| allowed == database);
        let granted = || Granted { address: upstream(), database: database.to_owned() };
        std::future::ready(is_allowed.then(granted)).boxed()
    }
}

/// One proxy with what it tells.
pub(crate) struct Bench {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) databases: Arc<Databases>,
    events: Mutex<(Receiver<Event>, Vec<Event>)>,
    pub(crate) port: u16,
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self::with(|_, _| {})
    }

    pub(crate) fn with(set: impl FnOnce(&mut ProxyOptions, &mut Databases)) -> Self {
        server();
        let (sender, events) = channel();
        let mut options = ProxyOptions::new(sender);
        let mut databases = Databases::default();
        set(&mut options, &mut databases);
        let databases = Arc::new(databases);
        let source: Arc<dyn LeaseSource> = databases.clone();
        let proxy = Proxy::start(options, source).expect("it listens");
        let port = proxy.port();
        let events = Mutex::new((events, Vec::new()));
        Self { proxy: Some(proxy), databases, events, port }
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// A client of the proxy.
    pub(crate) async fn connect(&self, database: &str) -> Client {
        self.try_connect(database).await.expect("the proxy lets it in")
    }

    pub(crate) async fn try_connect(
        &self,
        database: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        self.connect_with(database, |_| {}).await
    }

    pub(crate) async fn connect_with(
        &self,
        database: &str,
        set: impl FnOnce(&mut Config),
    ) -> Result<Client, tokio_postgres::Error> {
        let mut config: Config = self.url(database).parse().expect("a URL");
        set(&mut config);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Waits for an event and gives what was looked for in it.
    pub(crate) fn event<T>(&self, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        let mut events = self.events.lock().expect("one test, one thread");
        let (receiver, seen) = &mut *events;
        if let Some(found) = seen.iter().find_map(&mut look) {
            return found;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(event) => {
                    let found = look(&event);
                    seen.push(event);
                    if let Some(found) = found {
                        return found;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no such event in {seen:#?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the proxy is gone: {seen:#?}"),
            }
        }
    }

    /// Everything that was told until now.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events = self.events.lock().expect("one test, one thread");
        let (receiver, seen) = &mut *events;
        seen.extend(receiver.try_iter());
        seen.clone()
    }

    /// Waits until a lease has ended; how, and whether it failed.
    pub(crate) fn ended(&self, lease: LeaseId) -> (proofmark_proxy::Ended, bool) {
        self.event(|event| match event {
            Event::LeaseEnded { lease: ended, how, failed, .. } if *ended == lease => {
                Some((*how, *failed))
            }
            _ => None,
        })
    }

    /// The lease that a test has been given.
    pub(crate) fn lease_of(&self, name: &str) -> LeaseId {
        self.event(|event| match event {
            Event::LeaseGiven { lease, test, .. } if *test == TestName::new(name) => Some(*lease),
            _ => None,
        })
    }

    /// Waits until the database has been given back.
    pub(crate) fn given_back(&self, lease: LeaseId) -> (bool, Seen) {
        eventually("the lease is given back", || self.databases.given_back(lease))
    }

    pub(crate) fn shutdown(&mut self) {
        self.proxy.take().expect("it was not shut down before").shutdown();
    }
}

/// Waits until something is there.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

/// The database that a client is connected to.
pub(crate) async fn current_database(client: &Client) -> String {
    client.query_one("select current_database()::text", &[]).await.expect("a row").get(0)
}

/// Code, message, hint and routine of the server's or the proxy's error.
pub(crate) fn error_of(error: &tokio_postgres::Error) -> (String, String, String, String) {
    let error = error.as_db_error().unwrap_or_else(|| panic!("no error of a server: {error}"));
    (
        error.code().code().to_owned(),
        error.message().to_owned(),
        error.hint().unwrap_or_default().to_owned(),
        error.routine().unwrap_or_default().to_owned(),
    )
}

/// A directory that goes away with the test.
pub(crate) fn directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().to_owned();
    (directory, path)
}
