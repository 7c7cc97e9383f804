//! Finds out which sessions wait for a lock of another.
//!
//! In goes the state, out come notes in it. While a step runs that can block, the server is asked
//! again and again without a pause: the answer costs 30 us, and a timer would cost a millisecond.
//!
//! **Invariant**: a session is called blocked only when the server said so twice, with time for its
//! deadlock detector in between, so that of two sessions that block each other the later one is
//! the victim, unless the server is held up for longer than that.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::control::Control;
use super::state::{At, Shared};
use super::step::StepKind;

/// Steps that can hardly block (queries, commits) are only asked about when they take this long.
const UNLIKELY: Duration = Duration::from_millis(3);
/// A step that takes this long is asked about less often.
const LONG: Duration = Duration::from_millis(20);
/// Time for the deadlock detector, which looks after 1 ms in the gate's sessions.
const SETTLING: Duration = Duration::from_millis(10);
const PAUSE: Duration = Duration::from_millis(1);

/// A session to ask about.
struct Asked {
    id: u64,
    pid: i32,
    since: Instant,
    suspected: Option<Instant>,
    unlikely: bool,
    /// It was blocked before, so its deadlock has been looked for.
    settled: bool,
}

/// Asks until the gate's thread ends.
pub(super) async fn watch(shared: &Shared, control: &Rc<Control>) {
    loop {
        let (asked, pids) = working(shared);
        if asked.is_empty() {
            shared.look.notified().await;
            continue;
        }
        let mut hurry = false;
        for one in asked {
            let running = one.since.elapsed();
            if one.unlikely && running < UNLIKELY {
                continue;
            }
            if one.suspected.is_some_and(|first| first.elapsed() < SETTLING) {
                continue;
            }
            hurry |= running < LONG;
            match control.is_blocked(one.pid, &pids).await {
                Some(true) => positive(shared, &one),
                Some(false) => forget(shared, &one),
                None => hurry = false,
            }
        }
        if hurry {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn working(shared: &Shared) -> (Vec<Asked>, Vec<i32>) {
    let state = shared.lock();
    let asked = state.sessions.iter().filter_map(|(id, session)| {
        let At::Working { since, suspected } = session.at else { return None };
        let kind = session.step.as_ref()?.kind;
        let unlikely = matches!(kind, StepKind::Read | StepKind::Commit | StepKind::Rollback);
        let settled = state.has_waited(*id);
        Some(Asked { id: *id, pid: session.pid, since, suspected, unlikely, settled })
    });
    (asked.collect(), state.pids())
}

/// The server says it waits; its answer may have arrived meanwhile, or it does something else now.
fn positive(shared: &Shared, asked: &Asked) {
    let is_sure = asked.settled || asked.suspected.is_some();
    if is_sure {
        shared.change(|state| {
            if still(state.sessions.get(&asked.id).map(|session| &session.at), asked) {
                state.blocked(asked.id);
            }
        });
    } else {
        suspect(shared, asked, Some(Instant::now()));
    }
}

fn forget(shared: &Shared, asked: &Asked) {
    if asked.suspected.is_some() {
        suspect(shared, asked, None);
    }
}

fn suspect(shared: &Shared, asked: &Asked, when: Option<Instant>) {
    let mut state = shared.lock();
    if let Some(session) = state.sessions.get_mut(&asked.id)
        && let At::Working { since, suspected } = &mut session.at
        && *since == asked.since
    {
        *suspected = when;
    }
}

fn still(at: Option<&At>, asked: &Asked) -> bool {
    matches!(at, Some(At::Working { since, .. }) if *since == asked.since)
}
