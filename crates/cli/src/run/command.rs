//! Starting the suite and waiting for it.
//!
//! In: words and an environment. Out: how it ended.
//!
//! The command shares our terminal, our standard streams and our process group, so that Ctrl-C and
//! job control work as without us, and its output is its own.
//!
//! **Invariant**: knows nothing of databases.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use proofmark_trace::CommandFinished;
use tokio::process::{Child, Command};

use super::environment::Environment;
use super::signals::{Heard, Signals};

/// How long a command may go on after it was told to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where `program` would be found, as `execvp` looks for it.
pub(super) fn locate(program: &str, directory: &Path) -> Option<PathBuf> {
    let is_program = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        let path = directory.join(program);
        return is_program(&path).then_some(path);
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths)
        .map(|directory| directory.join(program))
        .find(|path| is_program(path))
}

/// Starts `words` in `directory`.
pub(super) fn start(
    words: &[String],
    directory: &Path,
    environment: &Environment,
) -> std::io::Result<Child> {
    let (program, arguments) = words.split_first().expect("checked when the arguments were read");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    for name in environment.removed {
        command.env_remove(name);
    }
    for name in of_this_program() {
        command.env_remove(name);
    }
    command.envs(environment.set.iter().map(|(name, value)| (name, value)));
    end_with_us(&mut command);
    command.spawn()
}

/// Variables by which `cargo run` describes this program, if it has started us. The suite is
/// another one: build scripts that look at them (ring's does) would make its `cargo test` compile
/// again what is compiled.
fn of_this_program() -> impl Iterator<Item = OsString> {
    let ours =
        std::env::var_os("CARGO_PKG_NAME").is_some_and(|name| name == env!("CARGO_PKG_NAME"));
    let describes = |name: &OsString| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_")
    };
    std::env::vars_os().map(|(name, _)| name).filter(move |name| ours && describes(name))
}

/// Asks the kernel to end the command when we are killed. The keeper of a private server does so
/// too, and for all that the command has started; a server of the user's has no keeper.
///
/// The kernel looks at the thread that starts the command (`PR_SET_PDEATHSIG` in prctl(2)): it has
/// to be the main thread, which is the one that lives as long as we do.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "only the child itself can ask for this, between fork and exec")]
fn end_with_us(command: &mut Command) {
    let us = nix::unistd::getpid();
    let ask = move || {
        nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
        // Killed between the fork and the question: nobody would answer it.
        if nix::unistd::getppid() == us { Ok(()) } else { Err(nix::Error::ESRCH.into()) }
    };
    // SAFETY: the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(ask) };
}

#[cfg(not(target_os = "linux"))]
fn end_with_us(_command: &mut Command) {}

/// Waits until the command has ended; signals that we get are passed on to it.
pub(super) async fn wait(
    child: &mut Child,
    signals: &mut Signals,
    mut tick: impl FnMut(Duration),
) -> std::io::Result<CommandFinished> {
    let begun = Instant::now();
    let mut told = None::<Instant>;
    let mut ticking = tokio::time::interval(Duration::from_secs(1));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            heard = signals.next() => {
                let again = told.is_some();
                told.get_or_insert_with(Instant::now);
                pass_on(child, heard, again);
            }
            _ = ticking.tick() => {
                tick(begun.elapsed());
                if told.is_some_and(|told| told.elapsed() > PATIENCE) {
                    send(child, Signal::SIGKILL);
                }
            }
        }
    };
    Ok(finished(status, begun.elapsed()))
}

/// The first signal is passed on as it is; with the second, patience ends.
fn pass_on(child: &Child, heard: Heard, again: bool) {
    if again {
        send(child, Signal::SIGKILL);
    } else if !heard.reached_the_group {
        send(child, heard.signal);
    }
}

fn send(child: &Child, signal: Signal) {
    let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) else { return };
    // It may have ended just now, which is what the signal asked for.
    let _ = kill(Pid::from_raw(pid), signal);
}

fn finished(status: ExitStatus, elapsed: Duration) -> CommandFinished {
    CommandFinished {
        exit_code: status.code(),
        signal: status.signal(),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}
