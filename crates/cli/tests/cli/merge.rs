//! `proofmark merge`: shards of one suite are one run.
//!
//! **Invariant**: what is compared is what a run of the whole suite reports, not a copy of it.

use serde_json::Value;

use crate::machine::has;
use crate::project::Project;

/// Two tests each; the third promise is only refused in the second shard.
const SUITE: &str = "\
run() { psql \"$DATABASE_URL~$1\" -qc \"$2\" || true; }
if [ \"$SHARD\" != 2 ]; then
    run stores \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"
    run refuses_a_quantity \"INSERT INTO item VALUES (1, 1, 'bolt', 0, 1)\"
fi
if [ \"$SHARD\" != 1 ]; then
    run refuses_a_price \"INSERT INTO item VALUES (1, 1, 'bolt', 1, -1)\"
    run stores_a_shelf \"INSERT INTO shelf VALUES (2, 'second')\"
fi
";

/// Runs a part of the suite and moves its trace to `to`.
fn run(project: &Project, shard: &str, to: &str) -> Value {
    project.start(project.command(&["run", "--quiet"]).env("SHARD", shard)).finish().ends_with(0);
    project.write(to, &project.latest("trace.jsonl"));
    project.report()
}

/// Runs and machines differ in these.
fn what_was_tried(report: &Value) -> Value {
    let parts = ["figures", "listing", "findings", "states"];
    parts.iter().map(|part| ((*part).to_owned(), report[part].clone())).collect()
}

#[test]
fn two_shards_merged_report_what_one_run_does() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(SUITE);
    let whole = run(&project, "all", "whole.jsonl");
    let first = run(&project, "1", "shard-1.jsonl");
    let second = run(&project, "2", "shard-2.jsonl");
    assert_ne!(what_was_tried(&first), what_was_tried(&whole));
    assert_ne!(what_was_tried(&second), what_was_tried(&whole));
    let merge = ["merge", "--output", "all.jsonl", "shard-1.jsonl", "shard-2.jsonl"];
    let ran = project.run(&merge).ends_with(0);
    assert!(ran.err.contains("2 runs") && ran.err.contains("all.jsonl"), "{}", ran.err);
    let ran = project.run(&["report", "--format", "json", "all.jsonl"]).ends_with(0);
    let merged: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    assert_eq!(what_was_tried(&merged), what_was_tried(&whole));
    assert_eq!(merged["leases"]["count"], whole["leases"]["count"]);
    // The merged file is a trace like any other.
    project.run(&["merge", "--output", "again.jsonl", "all.jsonl"]).ends_with(0);
    assert_eq!(project.text("again.jsonl"), project.text("all.jsonl"));
    let ran = project.run(&["merge", "all.jsonl", "shard-1.jsonl"]).ends_with(2);
    assert!(ran.err.contains("give each trace once"), "{}", ran.err);
    assert!(!project.path("merged.jsonl").exists());
}

#[test]
fn shards_of_different_schemas_are_not_merged() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(SUITE);
    run(&project, "1", "shard-1.jsonl");
    project.write("migrations/2_more.sql", "CREATE TABLE more (id int);\n");
    run(&project, "2", "shard-2.jsonl");
    let ran = project.run(&["merge", "shard-1.jsonl", "shard-2.jsonl"]).ends_with(2);
    assert!(ran.err.contains("join only traces of runs from the same commit"), "{}", ran.err);
    assert!(!project.path("merged.jsonl").exists());
}

#[test]
fn a_shard_that_was_cut_off_is_merged_and_named() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(SUITE);
    run(&project, "all", "whole.jsonl");
    let whole = project.text("whole.jsonl");
    let torn: Vec<&str> = whole.lines().filter(|line| !line.contains("run_finished")).collect();
    project.write("torn.jsonl", &(torn.join("\n") + "\n"));
    let ran = project.run(&["merge", "torn.jsonl"]).ends_with(0);
    assert!(ran.err.contains("was cut off"), "{}", ran.err);
    assert!(project.path("merged.jsonl").exists());
}
