//! kill -9 in the middle of a run: no process and no directory is left.

use nix::sys::signal::Signal;

use crate::machine::{alive, directories_of, has, keeper_of, processes_of, send, until};
use crate::project::Project;

/// Connects, so that a lease is out, and stays.
const STAYS: &str = "\
psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"
echo $$ >pid
echo $PROOFMARK_RUN >run
exec sleep 600
";

#[test]
fn a_killed_run_ends_its_server_and_its_suite_by_itself() {
    if !has(&["psql", "flock"]) {
        return;
    }
    let project = Project::new(STAYS);
    let running = project.spawn(&["run"]);
    let run = project.written("run");
    let suite: i32 = project.written("pid").parse().unwrap();
    assert!(!directories_of(&run, project.root()).is_empty(), "there is a run directory");
    running.send(Signal::SIGKILL);
    drop(running);
    project.nothing_is_left_of(&run);
    assert!(!alive(suite));
}

#[test]
fn the_trace_of_a_killed_run_can_be_reported() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(STAYS);
    let running = project.spawn(&["run"]);
    let run = project.written("run");
    until("the insert is in the trace", || {
        project.latest("trace.jsonl").contains("session_closed")
    });
    running.send(Signal::SIGKILL);
    drop(running);
    let ran = project.run(&["report"]);
    assert!(ran.out.contains("item_quantity_positive"), "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("cut off") || ran.out.contains("killed"), "{}", ran.out);
    project.nothing_is_left_of(&run);
}

#[test]
fn what_was_kept_before_the_kill_can_be_looked_at_after_it() {
    if !has(&["psql", "flock"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL~fails\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         psql \"$PROOFMARK_URL\" -qc \"RETURN 'fails' FAILED\"\n\
         echo $PROOFMARK_RUN >run\nexec sleep 600\n",
    );
    let running = project.spawn(&["run"]);
    let run = project.written("run");
    running.send(Signal::SIGKILL);
    drop(running);
    project.nothing_is_left_of(&run);
    let ran = project.run(&["psql", "fails", "--", "-Atc", "SELECT name FROM item"]);
    assert_eq!(ran.ends_with(0).out, "bolt\n");
}

#[test]
fn the_next_run_removes_what_a_run_left_whose_keeper_was_killed_too() {
    if !has(&["psql"]) {
        return;
    }
    let (project, root) = Project::new(STAYS).own_run_root();
    let running = project.spawn(&["run"]);
    let run = project.written("run");
    send(keeper_of(&run), Signal::SIGKILL);
    running.send(Signal::SIGKILL);
    drop(running);
    let directories = directories_of(&run, &root);
    assert_eq!(directories.len(), 1, "{directories:?}");
    assert!(!processes_of(&run).is_empty(), "the server still runs");

    project.run(&["run", "--quiet", "--", "true"]).ends_with(3);
    project.nothing_is_left_of(&run);
    assert!(std::fs::read_dir(&root).unwrap().next().is_none(), "the run root is empty");
}
