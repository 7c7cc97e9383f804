//! Signals to the command, in every phase: the suite hears them, the report is written, and
//! nothing is left.

use nix::sys::signal::Signal;

use crate::machine::{skipped, until};
use crate::project::Project;

/// Waits for a signal, notes it, and ends with 3.
const LISTENS: &str = "\
trap 'echo TERM >heard; exit 3' TERM
trap 'echo INT >heard; exit 3' INT
trap 'echo HUP >heard; exit 3' HUP
echo $PROOFMARK_RUN >run
while :; do sleep 0.05; done
";

/// Whether a shell could trap SIGINT: one that was ignored when it started stays ignored.
fn interrupts_are_heard() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap_or("0").trim(), 16).unwrap_or(0);
    let heard = ignored & (1 << (Signal::SIGINT as u32 - 1)) == 0;
    if !heard {
        skipped("SIGINT is ignored here: the tests were started in the background");
    }
    heard
}

fn ends_in_good_order(signal: Signal, name: &str) {
    let project = Project::new(LISTENS);
    let running = project.spawn(&["run"]);
    let run = project.written("run");
    running.send(signal);
    let ran = running.finish().ends_with(4);
    assert_eq!(project.written("heard"), name);
    assert!(ran.out.contains("exit code 3"), "{}", ran.out);
    assert_eq!(project.report()["outcome"], "suite-failed");
    assert_eq!(project.records("run_finished").len(), 1);
    project.nothing_is_left_of(&run);
}

#[test]
fn sigterm_ends_the_suite_and_the_report_is_written() {
    ends_in_good_order(Signal::SIGTERM, "TERM");
}

#[test]
fn sighup_ends_the_suite_and_the_report_is_written() {
    ends_in_good_order(Signal::SIGHUP, "HUP");
}

#[test]
fn sigint_ends_the_suite_and_the_report_is_written() {
    if interrupts_are_heard() {
        ends_in_good_order(Signal::SIGINT, "INT");
    }
}

#[test]
fn a_suite_that_does_not_listen_is_killed_by_the_second_signal() {
    // Both are ignored: two different signals may be taken in either order.
    let project =
        Project::new("trap '' TERM HUP\necho $PROOFMARK_RUN >run\nwhile :; do sleep 0.05; done\n");
    let running = project.spawn(&["run"]);
    let run = project.written("run");
    running.send(Signal::SIGTERM);
    // Equal signals that come at once are one signal; the second must come after the first.
    until("the first signal was taken", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        status
            .lines()
            .filter(|line| line.starts_with("SigPnd") || line.starts_with("ShdPnd"))
            .all(|line| line.ends_with("0000000000000000"))
    });
    running.send(Signal::SIGHUP);
    running.finish().ends_with(4);
    assert_eq!(project.report()["run"]["signal"], 9);
    project.nothing_is_left_of(&run);
}

#[test]
fn a_signal_during_the_very_first_preparation_leaves_nothing() {
    let (project, root) = Project::new("touch ran").fresh_cache().own_run_root();
    let mut running = project.spawn(&["run"]);
    running.said("preparing a data directory");
    running.send(Signal::SIGTERM);
    running.finish().ends_with(128 + Signal::SIGTERM as i32);
    assert!(!project.path("ran").exists());
    until("nothing is left in the run root", || std::fs::read_dir(&root).unwrap().next().is_none());
    // And the next run is none the worse for it.
    project.run(&["run", "--quiet", "--", "true"]).ends_with(3);
}

#[test]
fn a_signal_during_the_migrations_ends_the_run_before_the_suite() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (project, root) = Project::new("touch ran")
            .file("migrations/2_slow.sql", "SELECT pg_sleep(600);\n")
            .own_run_root();
        let mut running = project.spawn(&["run"]);
        // The server is up, and the sleep is next.
        running.said("up in");
        running.send(signal);
        let ran = running.finish().ends_with(128 + signal as i32);
        assert!(ran.err().contains(" Interrupted no tests were run\n"), "{}", ran.err);
        assert!(!project.path("ran").exists());
        until("nothing is left in the run root", || {
            std::fs::read_dir(&root).unwrap().next().is_none()
        });
    }
}
