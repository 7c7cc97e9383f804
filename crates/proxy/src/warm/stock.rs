//! The backends that are kept, and the rules by which they go.
//!
//! In go backends that were recycled or opened ahead, out come backends that fit. Main type:
//! [`Stock`].
//!
//! **Invariant**: no more are kept than the options allow, and whoever asks which backends a
//! database has ([`Stock::at_end`]) is told when none is on its way in or out.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use proofmark_wire::startup::StartupMessage;
use proofmark_wire::{frame, tag};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::recycle::is_flushed;
use super::{Backend, Fit, WarmOptions};
use crate::Granted;

/// How long a backend may take to end when it is told to; it is idle.
const GOODBYE: Duration = Duration::from_secs(2);

/// The backends of one proxy that have no client.
#[derive(Debug)]
pub(crate) struct Stock {
    options: Option<WarmOptions>,
    /// The one that was put there first is the first to go.
    parked: RefCell<VecDeque<Backend>>,
    /// What is being opened, by fit.
    opening: RefCell<Vec<Fit>>,
    on_the_way: Rc<OnTheWay>,
    /// Rises whenever something changed that decides about a login.
    epoch: Cell<u64>,
    /// Leases that changed something of that kind and have not ended.
    changing: Cell<usize>,
    /// How the last client of each template began.
    last: RefCell<HashMap<String, StartupMessage>>,
}

/// How many backends of each database are being opened or closed.
#[derive(Debug, Default)]
struct OnTheWay {
    counts: RefCell<HashMap<Granted, usize>>,
    changed: Notify,
}

/// A backend that is being opened or closed.
#[derive(Debug)]
struct Busy {
    ways: Rc<OnTheWay>,
    at: Granted,
}

impl Busy {
    fn new(ways: &Rc<OnTheWay>, at: &Granted) -> Self {
        *ways.counts.borrow_mut().entry(at.clone()).or_default() += 1;
        Self { ways: Rc::clone(ways), at: at.clone() }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut counts = self.ways.counts.borrow_mut();
        if let Some(count) = counts.get_mut(&self.at) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.at);
            }
        }
        drop(counts);
        self.ways.changed.notify_waiters();
    }
}

/// A backend that is being opened ahead; dropping it says that there will be none.
#[derive(Debug)]
pub(super) struct Ahead {
    stock: Rc<Stock>,
    fit: Fit,
    _busy: Busy,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        let mut opening = self.stock.opening.borrow_mut();
        if let Some(index) = opening.iter().position(|fit| *fit == self.fit) {
            opening.swap_remove(index);
        }
    }
}

impl Stock {
    /// Without options nothing is ever kept.
    pub(crate) fn new(options: Option<WarmOptions>) -> Self {
        Self {
            options,
            parked: RefCell::default(),
            opening: RefCell::default(),
            on_the_way: Rc::default(),
            epoch: Cell::new(0),
            changing: Cell::new(0),
            last: RefCell::default(),
        }
    }

    /// Whether anything is kept at all.
    pub(crate) fn is_on(&self) -> bool {
        self.options.is_some()
    }

    /// The epoch in which a backend that is opened now begins.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.get()
    }

    /// Takes note of how a client of a template began.
    pub(crate) fn remember(&self, template: &str, startup: &StartupMessage) {
        let mut last = self.last.borrow_mut();
        match last.get_mut(template) {
            Some(known) if known == startup => {}
            Some(known) => known.clone_from(startup),
            None => {
                last.insert(template.to_owned(), startup.clone());
            }
        }
    }

    /// How the last client of a template began.
    pub(super) fn last(&self, template: &str) -> Option<StartupMessage> {
        self.last.borrow().get(template).cloned()
    }

    /// Whether a backend with this past could be kept.
    pub(crate) fn wants(&self, uses: u32, epoch: u64) -> bool {
        let Some(options) = &self.options else { return false };
        uses < options.uses_max && epoch == self.epoch.get() && self.changing.get() == 0
    }

    /// Keeps a backend, closing the oldest where there are too many.
    pub(crate) fn park(&self, backend: Backend) {
        let at = backend.past.fit.at.clone();
        let Some(options) = self.options.as_ref().filter(|_| {
            let past = &backend.past;
            self.wants(past.uses, past.epoch)
        }) else {
            return self.close(backend);
        };
        let mut parked = self.parked.borrow_mut();
        parked.push_back(backend);
        let mut too_many = Vec::new();
        let of_database = |backend: &Backend| backend.past.fit.at == at;
        if parked.iter().filter(|one| of_database(one)).count() > options.per_database {
            too_many.extend(parked.iter().position(of_database));
        } else if parked.len() > options.total {
            too_many.push(0);
        }
        let too_many: Vec<_> = too_many.into_iter().filter_map(|at| parked.remove(at)).collect();
        drop(parked);
        for backend in too_many {
            self.close(backend);
        }
        self.on_the_way.changed.notify_waiters();
    }

    /// A backend that fits, the one parked last. Waits for one that is being opened.
    pub(super) async fn take(&self, fit: &Fit) -> Option<Backend> {
        loop {
            let changed = self.on_the_way.changed.notified();
            if let Some(backend) = self.take_now(fit) {
                return Some(backend);
            }
            if !self.opening.borrow().contains(fit) {
                return None;
            }
            changed.await;
        }
    }

    fn take_now(&self, fit: &Fit) -> Option<Backend> {
        loop {
            let mut parked = self.parked.borrow_mut();
            let index = parked.iter().rposition(|backend| backend.past.fit == *fit)?;
            let backend = parked.remove(index)?;
            drop(parked);
            if backend.server.is_quiet() {
                return Some(backend);
            }
            self.close(backend);
        }
    }

    /// Begins to open a backend ahead, unless there is one or will be one.
    pub(super) fn begin(self: &Rc<Self>, fit: &Fit) -> Option<Ahead> {
        let is_there = self.parked.borrow().iter().any(|backend| backend.past.fit == *fit);
        let mut opening = self.opening.borrow_mut();
        if is_there || opening.contains(fit) || self.changing.get() > 0 {
            return None;
        }
        opening.push(fit.clone());
        let busy = Busy::new(&self.on_the_way, &fit.at);
        Some(Ahead { stock: Rc::clone(self), fit: fit.clone(), _busy: busy })
    }

    /// Ends a backend and counts it until it is gone.
    pub(crate) fn close(&self, backend: Backend) {
        let Backend { mut server, past, .. } = backend;
        let busy = Busy::new(&self.on_the_way, &past.fit.at);
        tokio::task::spawn_local(async move {
            let gone = async {
                let mut goodbye = Vec::new();
                frame(&mut goodbye, tag::frontend::TERMINATE, |_| {});
                server.write_all(&goodbye).await?;
                let mut unread = [0; 512];
                while server.read(&mut unread).await? > 0 {}
                std::io::Result::Ok(())
            };
            // One that is gone already, or does not go, is let go of.
            drop(tokio::time::timeout(GOODBYE, gone).await);
            drop(server);
            drop(busy);
        });
    }

    fn close_where(&self, goes: impl Fn(&Backend) -> bool) {
        let mut parked = self.parked.borrow_mut();
        let (gone, kept) = parked.drain(..).partition::<VecDeque<_>, _>(goes);
        *parked = kept;
        drop(parked);
        for backend in gone {
            self.close(backend);
        }
    }

    /// Closes what is kept for a database.
    pub(crate) fn close_at(&self, at: &Granted) {
        self.close_where(|backend| backend.past.fit.at == *at);
    }

    /// Closes what the server has closed already, or said something to.
    pub(crate) fn sweep(&self) {
        self.close_where(|backend| !backend.server.is_quiet());
    }

    /// Something changed that decides about logins to any database: what is open now is not given
    /// to another client.
    pub(crate) fn logins_changed(&self) {
        self.epoch.set(self.epoch.get() + 1);
        self.close_where(|_| true);
    }

    /// The same, and it goes on until [`Stock::change_ended`].
    pub(crate) fn change_began(&self) {
        self.changing.set(self.changing.get() + 1);
        self.logins_changed();
    }

    /// A lease that changed something has ended, and what it changed is undone.
    pub(crate) fn change_ended(&self) {
        self.changing.set(self.changing.get().saturating_sub(1));
        self.logins_changed();
    }

    /// What stays connected to a database when its lease ends: process ids. `keeps` is whether
    /// anything may.
    pub(crate) async fn at_end(&self, at: &Granted, keeps: bool) -> Vec<i32> {
        let keeps = keeps && self.options.as_ref().is_some_and(|options| options.across_leases);
        loop {
            self.close_where(|backend| {
                let stays = keeps && is_flushed(&backend.greeting) && backend.server.is_quiet();
                backend.past.fit.at == *at && !stays
            });
            let changed = self.on_the_way.changed.notified();
            if !self.on_the_way.counts.borrow().contains_key(at) {
                break;
            }
            changed.await;
        }
        let parked = self.parked.borrow();
        let there = parked.iter().filter(|backend| backend.past.fit.at == *at);
        there.map(|backend| backend.greeting.process()).collect()
    }

    /// How many backends are kept for a database.
    pub(crate) fn count_at(&self, at: &Granted) -> usize {
        self.parked.borrow().iter().filter(|backend| backend.past.fit.at == *at).count()
    }

    /// Closes everything and waits until it is gone.
    pub(crate) async fn close_all(&self) {
        loop {
            self.close_where(|_| true);
            let changed = self.on_the_way.changed.notified();
            if self.on_the_way.counts.borrow().is_empty() {
                return;
            }
            changed.await;
        }
    }
}
