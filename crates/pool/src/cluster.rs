//! What tests share although each has a database of its own: the rest of the server.
//!
//! In: which databases are out, and one that has come back. Out: [`Leftover`]s, each told once, by
//! the test that can have left it; on a server of our own they are removed again.
//!
//! Looked at are roles with their settings and memberships, tablespaces, replication slots,
//! subscriptions, settings of the server (`ALTER SYSTEM`) and of databases that are nobody's, and
//! databases that are not ours. What came or changed since the last look was done by one of the
//! databases that were out in between. If that is one only, it is known which; otherwise it is
//! said that it need not have been this one ([`Leftover::Perhaps`]).
//!
//! Removed is only what came since the first look, only on a private server, only when every test
//! that can have made it (and so may still use it) has come back, and only while no other process
//! hands out databases of the same server. On a server of the user's it is told and stays. A
//! database that a test has created stays as well, until the run ends: tools that make their own
//! databases use them for many tests.
//!
//! `NOTIFY` needs no look: the server delivers it within one database only. Nor do advisory locks,
//! which a session holds in its own database: they end with the session.
//!
//! **Invariant**: what was there at the first look is never removed.

mod mend;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex as StdMutex, PoisonError, Weak};

use tokio::sync::Mutex;

use crate::lease::LeaseError;
use crate::returned::Leftover;
use crate::session::Session;
use crate::target::Target;
pub(crate) use snapshot::OUTSIDE_THE_WAL;
use snapshot::{Kind, Questions, Snapshot, Thing};

/// The advisory lock that every process holds that hands out databases of a server. Any number
/// does that no other lock of ours or of a user is likely to have.
const LOCK: i64 = 0x1f8e_70a2_3c45_96d1;

/// A server, as far as tests share it.
#[derive(Debug)]
pub struct Cluster {
    target: Target,
    out: StdMutex<Out>,
    seen: Mutex<Seen>,
}

/// Which databases can have done something.
#[derive(Debug, Default)]
struct Out {
    /// Held by tests now.
    now: BTreeSet<String>,
    /// Held at some time since the last look.
    since: BTreeSet<String>,
    /// Whether somebody works on the server without a lease.
    tools: bool,
}

impl Out {
    /// Notes that `database` has come back with nothing shared written while it was out, unless
    /// that says nothing because others work on the server without a lease.
    fn came_back_quiet(&mut self, database: &str) -> bool {
        if !self.tools {
            self.now.remove(database);
            self.since.remove(database);
        }
        !self.tools
    }
}

#[derive(Debug)]
struct Seen {
    session: Session,
    questions: Questions,
    signature: String,
    first: Snapshot,
    last: Snapshot,
    /// What stood outside the WAL at the last look, once somebody has said so.
    outside: Option<String>,
    /// What came or changed, with those who can have done it and still are out.
    pending: BTreeMap<Thing, BTreeSet<String>>,
}

/// One view per server and process: several pools share what tests leave.
static SERVERS: StdMutex<Option<HashMap<String, Weak<Cluster>>>> = StdMutex::new(None);

impl Cluster {
    /// The view of the server of `target`; the first to ask decides what counts as there before.
    ///
    /// # Errors
    /// [`LeaseError`] when the server does not answer.
    pub async fn join(target: &Target) -> Result<Arc<Self>, LeaseError> {
        let key = target.url("");
        let known =
            |servers: &mut HashMap<String, Weak<Self>>| servers.get(&key).and_then(Weak::upgrade);
        if let Some(cluster) = servers(known) {
            return Ok(cluster);
        }
        let opened = Arc::new(Self::open(target).await?);
        Ok(servers(|servers| {
            // Another pool may have been quicker; its first look is the earlier one.
            known(servers).unwrap_or_else(|| {
                servers.insert(key.clone(), Arc::downgrade(&opened));
                Arc::clone(&opened)
            })
        }))
    }

    async fn open(target: &Target) -> Result<Self, LeaseError> {
        let (session, questions) = connect(target).await?;
        let step = LeaseError::step("looking at what tests share on the server");
        let signature = questions.signature(&session).await.map_err(&step)?;
        let first = questions.everything(&session).await.map_err(&step)?;
        let (last, pending) = (first.clone(), BTreeMap::new());
        let outside = None;
        let seen = Seen { session, questions, signature, first, last, outside, pending };
        Ok(Self { target: target.clone(), out: StdMutex::default(), seen: Mutex::new(seen) })
    }

    fn out<T>(&self, with: impl FnOnce(&mut Out) -> T) -> T {
        with(&mut self.out.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A test has `database` from now on.
    pub fn leased(&self, database: &str) {
        self.out(|out| {
            out.now.insert(database.to_owned());
            out.since.insert(database.to_owned());
        });
    }

    /// Somebody works on the server without a lease: what comes from now on is not removed,
    /// because nobody knows who needs it for how long.
    pub fn tools_came(&self) {
        self.out(|out| out.tools = true);
    }

    /// What was left since the last look, now that `database` has come back and nobody is
    /// connected to it; `kept` is whether it stays for the user to look at.
    ///
    /// # Errors
    /// [`LeaseError`] when the server does not answer.
    pub async fn returned(&self, database: &str, kept: bool) -> Result<Vec<Leftover>, LeaseError> {
        self.returned_after(database, kept, None).await
    }

    /// The same where the server has been asked: `quiet` is what stands outside the WAL, if nothing
    /// shared was written to the WAL while the test had its database.
    pub(crate) async fn returned_after(
        &self,
        database: &str,
        kept: bool,
        quiet: Option<String>,
    ) -> Result<Vec<Leftover>, LeaseError> {
        let mut seen = self.seen.lock().await;
        let settled = quiet.is_some() && quiet == seen.outside && seen.pending.is_empty();
        if settled && self.out(|out| out.came_back_quiet(database)) {
            return Ok(Vec::new());
        }
        let (suspects, tools) = self.out(|out| {
            out.now.remove(database);
            let mut suspects = std::mem::replace(&mut out.since, out.now.clone());
            suspects.insert(database.to_owned());
            (suspects, out.tools)
        });
        for pending in seen.pending.values_mut() {
            pending.remove(database);
        }
        let (signature, now, alone) = match self.look(&mut seen).await {
            // The session went with the runtime of the pool that had opened it.
            Err(_) if seen.session.is_closed() => self.look(&mut seen).await?,
            looked => looked?,
        };
        // Known for sure only if nothing has changed since it was asked.
        seen.outside = if now.is_none() { quiet } else { None };
        let Some(now) = now else { return Ok(Vec::new()) };
        let changed = now.changed_since(&seen.last);
        (seen.signature, seen.last) = (signature, now);
        let certain = alone && suspects.len() == 1 && !tools;
        let mut left = Vec::new();
        for thing in changed {
            if let Some(leftover) = thing.leftover(&seen.first, &seen.last) {
                let sure = certain || thing.database.as_deref() == Some(database);
                left.push(if sure { leftover } else { Leftover::Perhaps(Box::new(leftover)) });
            }
            let mut still_out = suspects.clone();
            still_out.remove(database);
            seen.pending.insert(thing, still_out);
        }
        if alone && !tools {
            mend::mend(&self.target, &mut seen, (!kept).then_some(database)).await?;
        }
        Ok(left)
    }
}

impl Cluster {
    /// The signature; where it or a test that is still out asks for it, everything; and whether
    /// things may be removed. Changes nothing in `seen` but a session that was lost.
    async fn look(&self, seen: &mut Seen) -> Result<(String, Option<Snapshot>, bool), LeaseError> {
        let step = LeaseError::step("looking at what tests share on the server");
        if seen.session.is_closed() {
            (seen.session, seen.questions) = connect(&self.target).await?;
        }
        let signature = seen.questions.signature(&seen.session).await.map_err(&step)?;
        if signature == seen.signature && seen.pending.is_empty() {
            return Ok((signature, None, false));
        }
        let now = seen.questions.everything(&seen.session).await.map_err(&step)?;
        let alone = self.target.is_private() && is_alone(&seen.session).await?;
        Ok((signature, Some(now), alone))
    }
}

fn servers<T>(with: impl FnOnce(&mut HashMap<String, Weak<Cluster>>) -> T) -> T {
    let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
    with(servers.get_or_insert_with(HashMap::new))
}

/// A session that says that this process uses the server, and what may be asked on it.
async fn connect(target: &Target) -> Result<(Session, Questions), LeaseError> {
    let step = LeaseError::step("looking at what tests share on the server");
    let session = Session::open(target.maintenance()).await?;
    let row = session
        .query_one(
            "select pg_advisory_lock_shared($1)::text, \
                    (select rolsuper from pg_roles where rolname = current_user)",
            &[&LOCK],
        )
        .await
        .map_err(&step)?;
    let questions = Questions::prepare(&session, target.version_num(), row.get(1)).await;
    Ok((session, questions.map_err(&step)?))
}

/// Whether no other process hands out databases of this server.
async fn is_alone(session: &Session) -> Result<bool, LeaseError> {
    let row = session
        .query_one(
            "select case when pg_try_advisory_lock($1) then pg_advisory_unlock($1) else false end",
            &[&LOCK],
        )
        .await
        .map_err(LeaseError::step("asking who else uses the server"))?;
    Ok(row.get(0))
}

impl Thing {
    /// What to say about it; nothing where a later test has put it back.
    fn leftover(&self, first: &Snapshot, last: &Snapshot) -> Option<Leftover> {
        let (before, now) = (first.get(self), last.get(self));
        let name = self.name.clone();
        Some(match (self.kind, before, now) {
            (_, before, now) if before == now => return None,
            (Kind::Role, None, Some(_)) => Leftover::Role(name),
            (Kind::Role, Some(_), None) => Leftover::RoleDropped(name),
            (Kind::Role, ..) => Leftover::RoleChanged(name),
            (Kind::Membership, ..) => Leftover::Membership(name),
            (Kind::Tablespace, ..) => Leftover::Tablespace(name),
            (Kind::ReplicationSlot, ..) => Leftover::ReplicationSlot(name),
            (Kind::Subscription, ..) => Leftover::Subscription(name),
            (Kind::ServerSetting, ..) => Leftover::ServerSetting(name),
            (Kind::DatabaseSetting, ..) => Leftover::DatabaseSetting(name),
            (Kind::ParameterPrivilege, ..) => Leftover::ParameterPrivilege(name),
            (Kind::Database, None, Some(_)) => Leftover::Database(name),
            (Kind::Database, ..) => return None,
        })
    }
}
