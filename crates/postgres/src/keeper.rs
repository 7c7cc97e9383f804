//! Starts the keeper: a shell that ends the server when its last user is gone.
//!
//! In: a run directory. Out: a [`Keeper`]. The work is done by `keeper.sh`; it also does the work
//! of [`crate::sweep`], so that there is one way to end an abandoned server.
//!
//! **Invariant:** the keeper holds none of this process's files and is in no process group with
//! it: it outlives its owner, hangs no test runner, and hears no Ctrl-C.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run_dir::lock_file;

const SCRIPT: &str = include_str!("keeper.sh");

/// A running keeper.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// `None` once it was collected.
    child: Option<Child>,
    /// Closed when this process ends, where there is no flock(1).
    pipe: Option<ChildStdin>,
}

/// Whether flock(1) is installed; it is part of util-linux and of busybox.
pub(crate) fn has_flock() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join("flock").is_file())
}

impl Keeper {
    pub(crate) fn spawn(run_dir: &Path, linger_ms: u32, log: File) -> io::Result<Keeper> {
        let by_flock = has_flock();
        let lock = lock_file(&run_dir.join("keeper.lock"))?;
        lock.lock()?;
        let mut command = script(if by_flock { "flock" } else { "pipe" }, run_dir, linger_ms);
        command.stdin(if by_flock { Stdio::null() } else { Stdio::piped() });
        command.stdout(lock).stderr(log);
        let mut child = command.spawn()?;
        let pipe = child.stdin.take();
        Ok(Keeper { child: Some(child), pipe })
    }

    /// Waits for the keeper of a server that is gone; it has nothing left to do.
    pub(crate) fn dismiss(mut self) {
        self.pipe = None;
        let Some(mut child) = self.child.take() else { return };
        let deadline = Instant::now() + Duration::from_secs(2);
        while let Ok(None) = child.try_wait() {
            if Instant::now() > deadline {
                // It waits for a process that inherited the lock while it was being started.
                let _ = child.kill();
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Keeper {
    /// The keeper outlives this value; a thread collects it if it ends before the process.
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            std::thread::spawn(move || child.wait());
        }
    }
}

/// Ends what is left in a run directory whose locks the caller holds.
pub(crate) fn clean(run_dir: &Path) -> io::Result<bool> {
    let mut command = script("now", run_dir, 0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status()?.success())
}

fn script(wait_by: &str, run_dir: &Path, linger_ms: u32) -> Command {
    let linger = match linger_ms {
        0 => "0".to_owned(),
        ms => format!("{}.{:03}", ms / 1000, ms % 1000),
    };
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg("proofmark-keeper").arg(wait_by).arg(run_dir).arg(linger);
    // The keeper is not part of a run that it may have to end.
    command.env_remove("PROOFMARK_RUN").current_dir("/").process_group(0);
    command
}
