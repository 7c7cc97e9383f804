//! What every task of one proxy shares.
//!
//! **Invariant**: it lives on the proxy's own thread; only the root process id is also set from
//! outside.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

use crate::backend::CancelKeys;
use crate::identity::ProcessTable;
use crate::leases::Leases;
use crate::warm::Stock;
use crate::{Event, LeaseSource, ProxyOptions, SessionId};

/// Bytes that are read from a socket at once. One buffer serves all sessions; a server sends at
/// most 8 KiB at a time (`PQ_SEND_BUFFER_SIZE` in pqcomm.c), a client may send more.
const SCRATCH_LENGTH: usize = 32 * 1024;

/// How much has happened so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) leases: Cell<u64>,
    pub(crate) sessions: Cell<u64>,
    pub(crate) warm_sessions: Cell<u64>,
    pub(crate) statements: Cell<u64>,
    pub(crate) errors: Cell<u64>,
    pub(crate) turned_away: Cell<u64>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: ProxyOptions,
    pub(crate) source: Source,
    pub(crate) port: u16,
    root_pid: Arc<AtomicU32>,
    pub(crate) leases: Leases,
    pub(crate) processes: RefCell<ProcessTable>,
    pub(crate) cancel_keys: CancelKeys,
    pub(crate) warm: Rc<Stock>,
    pub(crate) scratch: RefCell<Box<[u8]>>,
    pub(crate) counts: Counts,
    is_closing: Cell<bool>,
    closing: Notify,
    connected: Cell<usize>,
    next_session: Cell<u64>,
}

/// The lease source, which need not be printable.
pub(crate) struct Source(pub(crate) Arc<dyn LeaseSource>);

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LeaseSource")
    }
}

impl std::ops::Deref for Source {
    type Target = dyn LeaseSource;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Shared {
    pub(crate) fn new(
        options: ProxyOptions,
        source: Arc<dyn LeaseSource>,
        port: u16,
        root_pid: Arc<AtomicU32>,
    ) -> Rc<Self> {
        let warm = Rc::new(Stock::new(options.warm.clone()));
        Rc::new(Self {
            options,
            source: Source(source),
            port,
            root_pid,
            leases: Leases::default(),
            processes: RefCell::default(),
            cancel_keys: CancelKeys::default(),
            warm,
            scratch: RefCell::new(vec![0; SCRATCH_LENGTH].into()),
            counts: Counts::default(),
            is_closing: Cell::new(false),
            closing: Notify::new(),
            connected: Cell::new(0),
            next_session: Cell::new(1),
        })
    }

    /// The command's process, once there is one.
    pub(crate) fn root_pid(&self) -> Option<u32> {
        Some(self.root_pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    /// Whether the proxy is shutting down.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    /// Begins to shut down.
    pub(crate) fn close(&self) {
        self.is_closing.set(true);
        self.closing.notify_waiters();
    }

    /// Waits until the proxy is shutting down.
    pub(crate) async fn closed(&self) {
        let closing = self.closing.notified();
        if !self.is_closing() {
            closing.await;
        }
    }

    pub(crate) fn next_session(&self) -> SessionId {
        let id = self.next_session.get();
        self.next_session.set(id + 1);
        SessionId(id)
    }

    /// Counts an event and passes it on.
    pub(crate) fn emit(&self, event: Event) {
        let add = |count: &Cell<u64>, more: u64| count.set(count.get() + more);
        match &event {
            Event::LeaseGiven { .. } => add(&self.counts.leases, 1),
            Event::SessionOpened { warm, .. } => {
                add(&self.counts.sessions, 1);
                add(&self.counts.warm_sessions, u64::from(*warm));
            }
            Event::Refused { .. } => add(&self.counts.errors, 1),
            Event::SessionClosed { statements, .. } => add(&self.counts.statements, *statements),
            Event::TurnedAway { .. } => add(&self.counts.turned_away, 1),
            _ => {}
        }
        // A receiver that is gone no longer wants to know.
        drop(self.options.events.send(event));
    }

    /// A place for one more connection, unless there are too many.
    pub(crate) fn connect(self: &Rc<Self>) -> Option<Connected> {
        let connected = self.connected.get();
        if connected >= self.options.sessions_max {
            return None;
        }
        self.connected.set(connected + 1);
        Some(Connected(Rc::clone(self)))
    }
}

/// One of the connections that are let in at once.
#[derive(Debug)]
pub(crate) struct Connected(Rc<Shared>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connected.set(self.0.connected.get() - 1);
    }
}
