//! `proofmark report`, and what a run's own report says.

use expect_test::expect;

use crate::machine::has;
use crate::project::Project;

/// One test refuses by name, one stores a row, and one row breaks two CHECKs.
const SUITE: &str = "\
run() { psql \"$DATABASE_URL~$1\" -qc \"$2\" || true; }
run stores \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"
run refuses \"INSERT INTO item VALUES (1, 1, 'bolt', 0, 1)\"
run breaks_two \"INSERT INTO item VALUES (1, 1, 'bolt', 0, -1)\"
";

fn reported() -> Project {
    let project = Project::new(SUITE);
    project.run(&["run", "--quiet"]).ends_with(0);
    project
}

#[test]
fn the_report_can_be_had_again() {
    if !has(&["psql"]) {
        return;
    }
    let project = reported();
    let again = project.run(&["report"]).ends_with(0);
    assert_eq!(again.out, project.latest("report.txt"));
    let json = project.run(&["report", "--format", "json"]).ends_with(0);
    assert_eq!(json.out, project.latest("report.json"));
    assert!(serde_json::from_str::<serde_json::Value>(&json.out).is_ok());
    // From anywhere, given the file.
    let elsewhere = Project::empty();
    let trace = project.path(".proofmark/latest/trace.jsonl");
    let again = elsewhere.run(&["report", &trace.to_string_lossy()]).ends_with(0);
    assert_eq!(again.out, project.latest("report.txt"));
}

#[test]
fn a_promise_that_another_one_hid_is_masked() {
    if !has(&["psql"]) {
        return;
    }
    let project = reported();
    let states = |name: &str| {
        let report = project.report();
        let tables = report["listing"].as_array().unwrap().clone();
        let promises = tables.iter().flat_map(|table| table["promises"].as_array().unwrap());
        let found = promises.filter(|one| one["name"] == name).map(|one| one["state"].to_string());
        found.collect::<Vec<_>>()
    };
    // PostgreSQL asks CHECKs in the order of their names: price before quantity.
    assert_eq!(states("item_quantity_positive"), ["\"covered\""]);
    assert_eq!(states("item_price_not_negative"), ["\"covered\""]);
    assert_eq!(states("item_name_not_secret"), ["\"never-refused\""]);
    let masked = &project.records("lease_returned");
    let masked: Vec<_> = masked.iter().filter(|one| one["test"] == "breaks_two").collect();
    let masked = masked[0]["masked"].as_array().unwrap();
    assert_eq!(masked.len(), 1, "{masked:?}");
    assert_eq!(masked[0]["promise"], "public.item.item_quantity_positive");
    assert_eq!(masked[0]["by"], "public.item.item_price_not_negative");
}

#[test]
fn a_promise_that_was_only_ever_hidden_is_a_gap() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "! psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 0, -1)\"\n",
    );
    let ran = project.run(&["run", "--quiet"]).ends_with(0);
    let gap = &project.report()["findings"][0];
    assert_eq!(gap["check"], "masked");
    assert_eq!(gap["name"], "item_quantity_positive");
    assert!(ran.out.contains("warning[masked]"), "{}", ran.out);
}

#[test]
fn a_truncated_trace_is_reported_and_said_to_be_one() {
    if !has(&["psql"]) {
        return;
    }
    let project = reported();
    let trace = project.latest("trace.jsonl");
    let whole = trace.lines().filter(|line| !line.contains("run_finished")).collect::<Vec<_>>();
    project.write("torn.jsonl", &format!("{}\n{{\"seq\":99,\"at_u", whole.join("\n")));
    let ran = project.run(&["report", "torn.jsonl"]).ends_with(0);
    let line = whole.len() + 1;
    let note = format!("was cut off in line {line} of its trace");
    assert!(ran.out.contains(&note), "it says so: {}", ran.out);
    assert!(ran.out.contains("item_name_not_secret"), "{}", ran.out);
}

#[test]
fn the_traces_of_two_machines_are_merged() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n",
    );
    project.run(&["run", "--quiet"]).ends_with(0);
    let first = project.path(".proofmark/latest").canonicalize().unwrap().join("trace.jsonl");
    project.write(
        "suite.sh",
        "! psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 0, 1)\"\n",
    );
    project.run(&["run", "--quiet"]).ends_with(0);
    let second = project.path(".proofmark/latest").canonicalize().unwrap().join("trace.jsonl");
    let paths = [first.to_string_lossy(), second.to_string_lossy()];
    let ran = project.run(&["report", "--format", "json", &paths[0], &paths[1]]).ends_with(0);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["run"]["ids"].as_array().unwrap().len(), 2);
    let checks = report["figures"].as_array().unwrap();
    let checks = checks.iter().find(|one| one["kind"] == "check").unwrap();
    assert_eq!((&checks["refused"], &checks["accepted"]), (&1.into(), &3.into()));

    let twice = project.run(&["report", &paths[0], &paths[0]]).ends_with(2);
    assert!(twice.err.contains("give each trace once"), "{}", twice.err);
}

#[test]
fn all_names_every_promise() {
    if !has(&["psql"]) {
        return;
    }
    let project = reported();
    let ran = project.run(&["report", "--all"]).ends_with(0);
    let report = project.report();
    let mut count = 0;
    for table in report["listing"].as_array().unwrap() {
        for promise in table["promises"].as_array().unwrap() {
            let name = promise["name"].as_str().unwrap();
            assert!(ran.out.contains(name), "{name} is missing in:\n{}", ran.out);
            count += 1;
        }
    }
    assert_eq!(count, 12);
    let ran = project.run(&["run", "--quiet", "--all"]).ends_with(0);
    assert_eq!(ran.out, project.run(&["report", "--all"]).ends_with(0).out);
}

#[test]
fn without_an_earlier_run_there_is_nothing_to_report() {
    let ran = Project::new("true").run(&["report"]).ends_with(2);
    expect![[r#"
        fatal: there is no earlier run to report on
        help: proofmark run
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn a_file_that_is_no_trace_is_refused() {
    let project = Project::empty().file("notes.jsonl", "{\"a\": 1}\n");
    let ran = project.run(&["report", "notes.jsonl"]).ends_with(2);
    expect![[r#"
        fatal: the trace notes.jsonl cannot be read
          because: cannot read the trace notes.jsonl
          because: line 1 does not say that this is a proofmark trace
        help: give the trace.jsonl that `proofmark run` wrote
    "#]]
    .assert_eq(&ran.err());
    let ran = project.run(&["report", "missing.jsonl"]).ends_with(2);
    expect![[r#"
        fatal: the trace missing.jsonl cannot be read
          because: cannot read the trace missing.jsonl
          because: line 1 could not be read
          because: No such file or directory (os error 2)
        help: check that the file exists and may be read
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    if !has(&["psql"]) {
        return;
    }
    let project = reported();
    let mut command = project.command(&["report", "--all", "--format", "json"]);
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
