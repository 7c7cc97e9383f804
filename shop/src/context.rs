//! What every operation needs beside its arguments: the time, new ids, and who acts.
//!
//! In: a clock and a source of ids. Out: [`Context`], handed to every operation. The service uses
//! the system's; a test hands in its own and becomes deterministic.
//!
//! **Invariant**: the only place that reads the system's clock. No SQL of the shop asks the server
//! for the time.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use crate::id::Id;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now, of any precision.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Gives ids that nothing has yet.
pub trait IdSource: fmt::Debug + Send + Sync {
    /// A new id at a time; version 7, so that ids sort by time and index pages fill in order.
    fn next(&self, now: DateTime<Utc>) -> Uuid;
}

/// UUIDs of version 7 (RFC 9562) with random bits of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self, _: DateTime<Utc>) -> Uuid {
        Uuid::now_v7()
    }
}

/// Who does something, as histories and movements name them: `customer:cus_...`, `key:...`,
/// `worker:sweeper`. At most 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(Arc<str>);

impl Actor {
    /// The shop itself, when nobody asked.
    pub fn system() -> Self {
        Self("system".into())
    }

    /// Somebody by a name. Longer names are cut at 100 characters, which is what histories hold;
    /// a name of nothing but white space is the system's.
    pub fn named(name: &str) -> Self {
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(100).collect();
        if name.trim().is_empty() { Self::system() } else { Self(name.into()) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The time, new ids, and who acts. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    actor: Actor,
}

impl Context {
    /// The machine's clock and random ids; the system acts.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(RandomIds))
    }

    /// A clock and a source of ids of one's own; the system acts.
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { clock, ids, actor: Actor::system() }
    }

    /// The same for somebody else.
    #[must_use]
    pub fn acting(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// The time now, cut to microseconds, which is what PostgreSQL stores.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// A new id.
    pub fn id<I: Id>(&self) -> I {
        I::from_uuid(self.ids.next(self.clock.now()))
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}
