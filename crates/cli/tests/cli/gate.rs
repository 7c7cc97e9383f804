//! The gate, the baseline and the review.
//!
//! **Invariant**: exit codes and files are what is compared; texts only where they tell what to do.

use crate::machine::has;
use crate::project::{CONFIGURATION, Project};

const SUITE: &str =
    "psql \"$DATABASE_URL~buys\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n";

/// A finding of that suite.
const ID: &str = "never-refused:shop:public.item.item_quantity_positive";

fn project(gate: &str) -> Project {
    Project::new(SUITE).file("proofmark.toml", &format!("{CONFIGURATION}{gate}"))
}

fn findings(report: &serde_json::Value) -> &Vec<serde_json::Value> {
    report["findings"].as_array().expect("a report has findings")
}

#[test]
fn without_a_gate_findings_change_no_exit_code() {
    if !has(&["psql"]) {
        return;
    }
    let project = project("");
    project.run(&["run", "--quiet"]).ends_with(0);
    let report = project.report();
    assert_eq!(report["verdict"], serde_json::json!({"passed": true, "rules": []}));
    assert!(findings(&report).iter().any(|finding| finding["id"] == ID));
}

#[test]
fn a_broken_rule_ends_with_ten_and_is_named() {
    if !has(&["psql"]) {
        return;
    }
    let project = project("[gate]\nsuite_s = 600\nrefused = { check = 50 }\n");
    let ran = project.run(&["run", "--quiet"]).ends_with(10);
    assert!(ran.out.contains("refused.check: 0 of 3 CHECK promises were refused"), "{}", ran.out);
    let rules = project.report()["verdict"]["rules"].clone();
    assert_eq!(rules[0]["rule"], "refused.check");
    assert_eq!(rules[0]["passed"], false);
    assert_eq!(rules[1]["rule"], "suite_s");
    assert_eq!(rules[1]["passed"], true);
    project.run(&["report"]).ends_with(10);
    // A suite that failed says more than the gate.
    project.write("suite.sh", &format!("{SUITE}exit 7\n"));
    project.run(&["run", "--quiet"]).ends_with(4);
    // And where nothing was observed, nothing can be judged.
    project.write("suite.sh", "true\n");
    project.run(&["run", "--quiet"]).ends_with(3);
}

#[test]
fn accepted_findings_are_not_new_until_they_expire() {
    if !has(&["psql"]) {
        return;
    }
    let project = project("[gate]\nnew_findings = 0\n");
    project.run(&["run", "--quiet"]).ends_with(10);
    let printed = project.run(&["review"]).ends_with(0).out;
    assert!(printed.contains(&format!("proofmark review --accept {ID}")), "{printed}");
    for finding in findings(&project.report()) {
        let id = finding["id"].as_str().expect("an id is text");
        if finding["severity"] != "note" {
            project.run(&["review", "--accept", id, "--reason", "a test"]).ends_with(0);
        }
    }
    project.run(&["report"]).ends_with(0);
    project.run(&["run", "--quiet"]).ends_with(0);
    let report = project.report();
    let accepted = findings(&report).iter().find(|finding| finding["id"] == ID);
    let accepted = accepted.expect("it is still there");
    assert_eq!(accepted["accepted"]["reason"], "a test");
    let until = ["review", "--accept", ID, "--reason", "a test", "--until", "2020-01-01"];
    project.run(&until).ends_with(0);
    let ran = project.run(&["report"]).ends_with(10);
    assert!(ran.out.contains("it was accepted until 2020-01-01: a test"), "{}", ran.out);
}

#[test]
fn what_is_accepted_and_no_longer_there_is_said_and_pruned() {
    if !has(&["psql"]) {
        return;
    }
    let project = project("");
    let gone = "never-refused:shop:public.item.was_here";
    project.run(&["review", "--accept", gone, "--reason", "once"]).ends_with(0);
    project.run(&["review", "--accept", ID, "--reason", "still"]).ends_with(0);
    let ran = project.run(&["run", "--quiet"]).ends_with(0);
    assert!(ran.out.contains("proofmark review --prune"), "{}", ran.out);
    assert_eq!(project.report()["gone"], serde_json::json!([gone]));
    project.run(&["review", "--prune"]).ends_with(0);
    let baseline = project.text("proofmark.baseline.toml");
    assert!(baseline.contains(ID) && !baseline.contains("was_here"), "{baseline}");
}

#[test]
fn promises_on_changed_lines_must_have_been_refused() {
    if !has(&["psql", "git"]) {
        return;
    }
    let project = project("").file(".gitignore", ".proofmark\n");
    project.git(&["init", "-q"]);
    project.git(&["add", "."]);
    project.git(&["commit", "-q", "-m", "first"]);
    project.run(&["run", "--quiet", "--diff", "HEAD"]).ends_with(0);
    let more = "ALTER TABLE item ADD CONSTRAINT item_cheap CHECK (price < 100);\n";
    project.write("migrations/2_more.sql", more);
    let ran = project.run(&["run", "--quiet", "--diff", "HEAD"]).ends_with(10);
    assert!(ran.out.contains("never: public.item.item_cheap"), "{}", ran.out);
    let refused =
        "! psql \"$DATABASE_URL~dear\" -qc \"INSERT INTO item VALUES (1, 1, 'gold', 1, 100)\"\n";
    project.write("suite.sh", &format!("{SUITE}{refused}"));
    project.run(&["run", "--quiet", "--diff", "HEAD"]).ends_with(0);
    let ran = project.run(&["run", "--quiet", "--diff", "no-such-branch"]).ends_with(2);
    assert!(ran.err.contains("no-such-branch"), "{}", ran.err);
}

#[test]
fn a_baseline_that_makes_no_sense_stops_the_run_before_the_suite() {
    let project = project("").file(
        "proofmark.baseline.toml",
        "[[accepted]]\nid = \"masked:shop:public.a.b\"\nreason = \"\"\n",
    );
    project.write("suite.sh", "touch started\n");
    let ran = project.run(&["run", "--quiet"]).ends_with(2);
    assert!(ran.err.contains("has no reason"), "{}", ran.err);
    assert!(!project.path("started").exists());
}

#[test]
fn a_review_without_a_run_says_what_to_do_first() {
    let project = project("");
    let ran = project.run(&["review"]).ends_with(2);
    assert!(ran.err.contains("proofmark run"), "{}", ran.err);
    let ran = project.run(&["review", "--accept", "x", "--reason", "..."]).ends_with(2);
    assert!(ran.err.contains("has no reason"), "{}", ran.err);
    assert!(!project.path("proofmark.baseline.toml").exists());
}

#[test]
fn every_check_is_explained_by_its_id_and_by_that_of_a_finding() {
    let project = project("");
    let list = project.run(&["explain"]).ends_with(0).out;
    assert!(list.contains("never-refused") && list.contains("n-plus-one"), "{list}");
    let page = project.run(&["explain", "never-refused"]).ends_with(0).out;
    assert!(page.starts_with("# never-refused\n"), "{page}");
    assert_eq!(project.run(&["explain", ID]).ends_with(0).out, page);
    let ran = project.run(&["explain", "nonsense"]).ends_with(2);
    assert!(ran.err.contains("no check `nonsense`"), "{}", ran.err);
}
