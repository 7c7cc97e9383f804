//! Ends what an earlier process left running on the data of a store.
//!
//! In: a data directory whose store's lock the caller holds. Out: no process works there.
//!
//! **Invariant:** a signal goes only to a process that was seen to be the server of this data
//! directory. What locks the directory by a process's number goes only when no
//! process works there.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::StoreError;
use crate::settings;
use crate::start::Site;

/// A clean shutdown writes everything that is in memory; then less and less patience. Whatever is
/// cut short is recovered from the log of the database.
const PATIENCE: [(Signal, u64); 3] =
    [(Signal::SIGINT, 60), (Signal::SIGQUIT, 10), (Signal::SIGKILL, 10)];
/// How long the children of a killed server may take to notice.
const LAST_SECONDS: u64 = 30;

pub(super) fn end(site: &Site) -> Result<(), StoreError> {
    let Site { root, data, .. } = site;
    let file = data.join("postmaster.pid");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(StoreError::File { path: file, source }),
    };
    let still = |pid| StoreError::Former { dir: root.clone(), pid };
    // A negative number is that of a server in single-user mode.
    let number = text.lines().next().and_then(|line| line.trim().parse::<i32>().ok());
    if let Some(pid) = number.map(i32::abs).filter(|pid| *pid > 0) {
        shut_down(pid, data).map_err(|_| still(pid))?;
    }
    // The children of a server that was killed end by themselves.
    let deadline = Instant::now() + Duration::from_secs(LAST_SECONDS);
    while let Some(pid) = worker(data) {
        if Instant::now() > deadline {
            return Err(still(pid));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    if can_see_workers() {
        // Otherwise a stranger who was given the same number would keep the server from starting.
        let socket = site.address().socket();
        let lock = socket.with_extension(format!("{}.lock", settings::PORT));
        for path in [file, lock, socket] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::File { path, source });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Fast shutdown, then immediate, then by force.
fn shut_down(pid: i32, data: &Path) -> io::Result<()> {
    for (signal, seconds) in PATIENCE {
        if !is_server(pid, data) {
            return Ok(());
        }
        match kill(Pid::from_raw(pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => return Err(error.into()),
        }
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < deadline {
            if !is_server(pid, data) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Whether the process was started with this data directory as an argument.
fn is_server(pid: i32, data: &Path) -> bool {
    if can_see_workers() {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let data = data.as_os_str().as_encoded_bytes();
        return command.split(|&byte| byte == 0).any(|argument| argument == data);
    }
    let listed = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    let expected = format!("-D {}", data.display());
    listed
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim_end().ends_with(&expected))
}

/// Whether this system shows where processes work.
fn can_see_workers() -> bool {
    Path::new("/proc/self/cmdline").exists()
}

/// A process whose working directory is the data directory, as that of every part of a server is.
fn worker(data: &Path) -> Option<i32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.map(|entry| entry.path()).find_map(|process| {
        let works_there = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data);
        works_there.then(|| process.file_name()?.to_str()?.parse().ok()).flatten()
    })
}
