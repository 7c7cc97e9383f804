//! The signals that ask a run to end.
//!
//! In: SIGINT, SIGTERM, SIGHUP, SIGQUIT. Out: [`Heard`], one at a time.
//!
//! **Invariant**: while a run lives, no such signal ends the process on the spot: a server and
//! databases have to be put away first.

use nix::sys::signal::Signal;
use nix::unistd::{getpgrp, tcgetpgrp};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal, and whether the terminal has sent it to the suite as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) signal: Signal,
    pub(super) reached_the_group: bool,
}

/// Listens from the moment it is made.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Stream,
    terminate: Stream,
    hang_up: Stream,
    quit: Stream,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Heard {
        let signal = tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.hang_up.recv() => Signal::SIGHUP,
            _ = self.quit.recv() => Signal::SIGQUIT,
        };
        let from_keyboard = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
        Heard { signal, reached_the_group: from_keyboard && in_foreground() }
    }
}

/// Whether a key pressed now reaches our process group: then the suite has heard it, too. (A
/// signal sent to us alone while we are in the foreground cannot be told apart; the suite then
/// ends when its connections do.)
fn in_foreground() -> bool {
    let Ok(terminal) = std::fs::File::open("/dev/tty") else { return false };
    tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp())
}
