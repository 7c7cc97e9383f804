//! Watches the process that holds a lease.
//!
//! In goes a process, and when it has ended the lease ends.
//!
//! **Invariant**: a later process with the same number is never taken for the holder.

use std::rc::Rc;

use super::lease::{CloseReason, Holder, Lease, Stage};
use crate::Ended;
use crate::shared::Shared;

/// Waits until the process has ended or the lease has, and ends the lease.
pub(super) async fn watch(shared: Rc<Shared>, lease: Rc<Lease>, holder: Holder) {
    tokio::select! {
        () = process_ended(holder) => {}
        () = lease.until(|lease| lease.stage.get() != Stage::Held) => return,
    }
    super::end(&shared, &lease, Ended::ProcessEnded, CloseReason::ProcessEnded, false).await;
}

#[cfg(target_os = "linux")]
async fn process_ended(holder: Holder) {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    use crate::stream::watched;

    let Some(pid) = i32::try_from(holder.pid).ok().and_then(Pid::from_raw) else { return };
    match pidfd_open(pid, PidfdFlags::NONBLOCK) {
        Ok(descriptor) => {
            if !is_running(holder) {
                return;
            }
            // A pidfd becomes readable when its process ends (pidfd_open(2)).
            if let Ok(watched) = watched(descriptor, tokio::io::Interest::READABLE)
                && watched.readable().await.is_ok()
            {
                return;
            }
            poll(holder).await;
        }
        Err(rustix::io::Errno::SRCH) => {}
        // A kernel or a sandbox without pidfd.
        Err(_) => poll(holder).await,
    }
}

#[cfg(not(target_os = "linux"))]
async fn process_ended(holder: Holder) {
    poll(holder).await;
}

/// Where there is no pidfd: looks twenty times a second.
async fn poll(holder: Holder) {
    while is_running(holder) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[cfg(target_os = "linux")]
fn is_running(holder: Holder) -> bool {
    crate::identity::start_of(holder.pid) == Some(holder.start)
}

#[cfg(not(target_os = "linux"))]
fn is_running(holder: Holder) -> bool {
    let pid = i32::try_from(holder.pid).map(nix::unistd::Pid::from_raw);
    pid.is_ok_and(|pid| nix::sys::signal::kill(pid, None) != Err(nix::errno::Errno::ESRCH))
}
