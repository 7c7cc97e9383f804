//! Ending a server as a power cut would.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The processes that a process has started.
fn children(parent: i32) -> Vec<Pid> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=", "-o", "ppid="]).output().unwrap();
    String::from_utf8(listed.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let (pid, of) = line.trim().split_once(char::is_whitespace)?;
            (of.trim().parse() == Ok(parent)).then(|| pid.parse().map(Pid::from_raw).ok())?
        })
        .collect()
}

/// Kills the postmaster and all of its processes, and waits until they are gone; none of them can
/// tidy anything up.
pub fn kill_all(postmaster: i32) {
    let children_of = postmaster;
    let postmaster = Pid::from_raw(postmaster);
    // It must not start others, or notice the end of those it has, while they are killed.
    kill(postmaster, Signal::SIGSTOP).unwrap();
    let children = children(children_of);
    assert!(children.len() > 3, "the server was at work");
    for pid in children.iter().chain([&postmaster]) {
        // Whoever has just ended is gone already.
        let _ = kill(*pid, Signal::SIGKILL);
    }
    let end = Instant::now() + Duration::from_secs(30);
    for pid in children {
        // Whoever inherits them collects them; a process that is only an entry runs no more.
        while !gone(pid) {
            assert!(Instant::now() < end, "{pid} does not end");
            std::thread::yield_now();
        }
    }
}

fn gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let zombie = stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'));
    zombie || kill(pid, None) == Err(Errno::ESRCH)
}
