//! Serving the process that started us, instead of starting one ourselves.
//!
//! In: our parent, and its word on our standard input. Out: how the suite ended.
//!
//! A test runner that is running already (pytest, or a setup file of any other) starts
//! `proofmark serve`, reads one line of JSON with the variables to set, and writes its exit code
//! when it is done. The end of standard input is the end of the run, so that a runner that is
//! killed leaves nothing behind, whatever killed it.
//!
//! **Invariant**: knows nothing of databases.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use nix::unistd::{Pid, getppid};
use proofmark_trace::CommandFinished;
use serde_json::json;
use tokio::sync::oneshot;

use super::environment::Environment;
use super::signals::Signals;

/// An exit code needs three digits; whoever writes more than this is not saying one.
const WORD_BYTES_MAX: u64 = 64;

/// The process that started us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parent(Pid);

impl Parent {
    pub(super) fn new() -> Self {
        Self(getppid())
    }

    pub(super) fn id(self) -> u32 {
        u32::try_from(self.0.as_raw()).unwrap_or_default()
    }

    /// Its words, for the report; ours where the system does not tell.
    pub(super) fn command(self) -> Vec<String> {
        let words = std::fs::read(format!("/proc/{}/cmdline", self.0)).unwrap_or_default();
        let text = String::from_utf8_lossy(&words).into_owned();
        let words: Vec<String> =
            text.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
        if words.iter().all(String::is_empty) {
            return vec!["proofmark".to_owned(), "serve".to_owned()];
        }
        words
    }

    fn has_ended(self) -> bool {
        getppid() != self.0
    }
}

/// Tells the parent where the databases are: one line on standard output.
pub(super) fn tell(environment: &Environment, databases: &[&str]) -> std::io::Result<()> {
    let set: serde_json::Map<String, serde_json::Value> =
        environment.set.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let told = json!({ "set": set, "unset": environment.removed, "databases": databases });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{told}")?;
    out.flush()
}

/// Waits for the parent's word, for the end of our standard input, or for a signal that is meant
/// for us. Keys (Ctrl-C) are meant for the parent, who tells when it has put its tests away.
pub(super) async fn wait(
    parent: Parent,
    signals: &mut Signals,
    mut tick: impl FnMut(Duration),
) -> std::io::Result<CommandFinished> {
    let begun = Instant::now();
    let mut word = listen()?;
    let mut ticking = tokio::time::interval(Duration::from_secs(1));
    let exit_code = loop {
        tokio::select! {
            said = &mut word => break said.ok().flatten(),
            heard = signals.next() => {
                use nix::sys::signal::Signal;
                if !matches!(heard.signal, Signal::SIGINT | Signal::SIGQUIT) {
                    break None;
                }
            }
            _ = ticking.tick() => {
                if parent.has_ended() {
                    break None;
                }
                tick(begun.elapsed());
            }
        }
    };
    let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(CommandFinished { exit_code, signal: None, elapsed_ms })
}

/// Reads standard input to its end; in a thread of its own, which nobody has to wait for.
fn listen() -> std::io::Result<oneshot::Receiver<Option<i32>>> {
    let (said, word) = oneshot::channel();
    std::thread::Builder::new().name("parent".to_owned()).spawn(move || {
        let mut text = String::new();
        let read = std::io::stdin().lock().take(WORD_BYTES_MAX).read_to_string(&mut text);
        // Nobody is left to tell when the run has ended by a signal.
        let _ = said.send(read.ok().and_then(|_| text.trim().parse().ok()));
    })?;
    Ok(word)
}
