//! The server process: started, watched, stopped.
//!
//! In: binaries, an account, a data directory. Out: a [`Postmaster`] that is a child of this
//! process.
//!
//! **Invariant:** signals go to our own child, which is collected here and nowhere else, so its
//! number cannot have passed to another process.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Account, Installation};

/// A server that is a child of this process.
#[derive(Debug)]
pub(crate) struct Postmaster {
    child: Child,
}

/// A PostgreSQL program without the caller's environment for PostgreSQL or for Proofmark.
pub(crate) fn command(binaries: &Installation, program: &str, account: Account) -> Command {
    let mut command = Command::new(binaries.program(program));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PG") || text.starts_with("PROOFMARK") {
            command.env_remove(&name);
        }
    }
    account.apply(&mut command);
    command
}

impl Postmaster {
    /// Starts `postgres` itself: pg_ctl looks only every 100 ms whether it is up.
    pub(crate) fn spawn(
        binaries: &Installation,
        account: Account,
        data: &Path,
        log: File,
    ) -> io::Result<Postmaster> {
        let mut command = command(binaries, "postgres", account);
        // The keeper knows the server by this argument.
        command.arg("-D").arg(data).current_dir(data).process_group(0);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Postmaster { child: command.spawn()? })
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("process numbers fit pid_t")
    }

    pub(crate) fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Fast shutdown, then immediate, then by force.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        let patience = [(Signal::SIGINT, 20), (Signal::SIGQUIT, 5), (Signal::SIGKILL, 5)];
        for (signal, seconds) in patience {
            if self.exited()?.is_some() {
                return Ok(());
            }
            kill(Pid::from_raw(self.pid()), signal).map_err(io::Error::from)?;
            let deadline = Instant::now() + Duration::from_secs(seconds);
            while Instant::now() < deadline {
                if self.exited()?.is_some() {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Err(io::Error::from(io::ErrorKind::TimedOut))
    }

    /// Lets the server outlive this value; a thread collects it if it ends before the process.
    pub(crate) fn detach(mut self) {
        std::thread::spawn(move || self.child.wait());
    }
}
