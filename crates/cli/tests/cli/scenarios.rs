//! The scenario of every check: a schema, a suite, and the finding that they lead to.
//!
//! In: the scenarios that stand beside the checks and on their pages. Out: runs of the command.
//!
//! **Invariant**: the finding must be in `report.json` under the id that the page shows.

use proofmark_findings::{CHECKS, Check, Scenario};

use crate::machine::has;
use crate::project::Project;

/// The suite as a shell script: what stands after `-- test: name` is sent by that test alone.
fn script(suite: &str) -> String {
    let mut script = String::new();
    for part in suite.split("-- test: ").skip(1) {
        let (name, sql) = part.split_once('\n').expect("a test has a name on a line");
        let sql = sql.replace('\'', r"'\''");
        // A scenario's statement may fail, and psql goes on.
        let sent = format!("printf '%s' '{sql}' | psql \"$DATABASE_URL~{name}\" -qAt || true\n");
        script.push_str(&sent);
    }
    if script.is_empty() { "true\n".to_owned() } else { script }
}

fn project(scenario: &Scenario) -> Project {
    Project::empty()
        .file("migrations/1_schema.sql", scenario.schema)
        .file("invariants.sql", scenario.invariants)
        .file("suite.sh", &script(scenario.suite))
        .file(
            "proofmark.toml",
            &format!(
                "command = [\"sh\", \"-eu\", \"suite.sh\"]\n\
                 [identity]\ngrace_ms = 60000\n\
                 [database.shop]\nmigrations = \"migrations\"\n{}",
                scenario.configuration
            ),
        )
}

fn found_in(check: &Check) -> Vec<String> {
    let scenario = &check.scenario;
    let project = project(scenario);
    let ran = project.run(&[&["run", "--quiet"], scenario.arguments].concat());
    let report = project.report();
    let ids: Vec<String> = report["findings"]
        .as_array()
        .expect("a report has findings")
        .iter()
        .map(|finding| finding["id"].as_str().expect("an id is text").to_owned())
        .collect();
    if ids.iter().any(|id| id == scenario.finds) {
        return Vec::new();
    }
    vec![format!("{} is not found, but: {ids:#?}\n{}", scenario.finds, ran.err)]
}

/// The checks are dealt out to several tests, so that they run side by side.
fn part(number: usize, of: usize) {
    if !has(&["psql"]) {
        return;
    }
    let wrong: Vec<String> =
        CHECKS.iter().skip(number).step_by(of).flat_map(|check| found_in(check)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scenario_leads_to_its_finding_first_quarter() {
    part(0, 4);
}

#[test]
fn every_scenario_leads_to_its_finding_second_quarter() {
    part(1, 4);
}

#[test]
fn every_scenario_leads_to_its_finding_third_quarter() {
    part(2, 4);
}

#[test]
fn every_scenario_leads_to_its_finding_last_quarter() {
    part(3, 4);
}
