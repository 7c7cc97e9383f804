//! Ends leases: sessions are closed, then the source takes the database back.
//!
//! In goes a lease and why it ends. Main function: [`end`].
//!
//! **Invariant**: the source gets a lease back only after the last of its sessions is closed, and
//! whoever asks for an end that is under way waits for that one.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::lease::{CloseReason, Lease, Stage, Urgency};
use crate::shared::Shared;
use crate::{Ended, Event, GivenBack};

/// How long the sessions of a process that has ended may take to drain by themselves: what the
/// process sent last is still on its way to the server.
const DRAIN: Duration = Duration::from_millis(250);

/// How long may take what clients sent before the lease was given back and is not read or answered
/// yet: a last statement, a goodbye. A session that owes nothing is not waited for.
const GOODBYES: Duration = Duration::from_millis(5);

/// Idle leases are not looked for more often than this, however short the grace period.
const LOOK_AGAIN_MIN: Duration = Duration::from_millis(10);

/// Ends a lease and waits until the source has taken it back; answers what its database said.
/// Where it is ended by somebody else already, that one is told.
pub(crate) async fn end(
    shared: &Rc<Shared>,
    lease: &Rc<Lease>,
    how: Ended,
    reason: CloseReason,
    failed: bool,
) -> GivenBack {
    let mut said = GivenBack::default();
    if lease.stage.get() != Stage::Held {
        lease.ended().await;
        return said;
    }
    lease.stage.set(Stage::Ending);
    lease.changed.notify_waiters();
    shared.leases.close_door(lease);
    lease.until(|lease| !lease.is_being_taken.get()).await;
    close_sessions(lease, reason).await;
    if let Some(granted) = lease.granted() {
        let lane = lease.lane.get();
        let mut seen = lease.take_seen(shared.options.statements);
        let keeps = lease.keeps_backends.get() && reason != CloseReason::Shutdown;
        seen.warm = shared.warm.at_end(granted, keeps).await;
        shared.emit(Event::LeaseEnded { lease: lease.id, how, failed, lane });
        match shared.source.give_back(lease.id, failed, seen).await {
            Ok(given_back) => said = given_back,
            Err(error) => {
                let error = error.to_string();
                shared.emit(Event::GiveBackFailed { lease: lease.id, error });
            }
        }
        if said.kept.is_some() {
            shared.warm.close_at(granted);
        }
        shared.warm.sweep();
    }
    if lease.changes_logins.get() {
        shared.warm.change_ended();
    }
    lease.stage.set(Stage::Ended);
    shared.leases.remove(lease);
    lease.changed.notify_waiters();
    shared.leases.changed.notify_waiters();
    said
}

/// Closes every session and waits until they are closed; a session closes within bounds of its
/// own, and one that still waits for the lease leaves as soon as there is an answer.
async fn close_sessions(lease: &Rc<Lease>, reason: CloseReason) {
    let closed = || lease.until(|lease| lease.sessions.borrow().is_empty());
    if reason == CloseReason::ProcessEnded && tokio::time::timeout(DRAIN, closed()).await.is_ok() {
        return;
    }
    if reason == CloseReason::Returned {
        tell(lease, reason, Urgency::WhenSilent);
        if tokio::time::timeout(GOODBYES, closed()).await.is_ok() {
            return;
        }
    }
    tell(lease, reason, Urgency::Now);
    closed().await;
}

fn tell(lease: &Lease, reason: CloseReason, urgency: Urgency) {
    for signal in lease.sessions.borrow().values() {
        signal.close(reason, urgency);
    }
}

/// Ends every lease, at the end of the run.
pub(crate) async fn end_all(shared: &Rc<Shared>) {
    let leases = shared.leases.all();
    let ends = leases
        .iter()
        .map(|lease| end(shared, lease, Ended::Shutdown, CloseReason::Shutdown, false));
    join_all(ends).await;
}

/// Ends leases that no process holds and to which nobody has been connected for the grace period.
pub(crate) async fn end_idle(shared: Rc<Shared>) {
    let grace = shared.options.grace;
    loop {
        let mut next = Instant::now() + grace.max(LOOK_AGAIN_MIN);
        for lease in shared.leases.held_now() {
            let Some(since) = idle_since(&lease) else { continue };
            if since + grace <= Instant::now() {
                let shared = Rc::clone(&shared);
                tokio::task::spawn_local(async move {
                    end(&shared, &lease, Ended::Idle, CloseReason::Returned, false).await;
                });
            } else {
                next = next.min(since + grace);
            }
        }
        tokio::time::sleep_until(next).await;
    }
}

fn idle_since(lease: &Lease) -> Option<Instant> {
    let is_waiting = lease.stage.get() == Stage::Held && !lease.is_held_by_process.get();
    lease.idle_since.get().filter(|_| is_waiting && lease.granted().is_some())
}
