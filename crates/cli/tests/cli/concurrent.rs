//! Two runs at once in one checkout.

use crate::machine::has;
use crate::project::Project;

/// Both are in the middle of their suites at the same time.
const MEETS: &str = "\
psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, '$1', 1, 1)\"
echo $PROOFMARK_RUN >started.$1
until [ -s started.$2 ]; do sleep 0.05; done
[ \"$(psql \"$DATABASE_URL\" -Atc 'SELECT string_agg(name, chr(44)) FROM item')\" = $1 ]
";

#[test]
fn two_runs_at_once_have_results_of_their_own() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(MEETS);
    let runs = [["one", "two"], ["two", "one"]]
        .map(|[me, other]| project.spawn(&["run", "--", "sh", "-eu", "suite.sh", me, other]));
    for run in runs {
        run.finish().ends_with(0);
    }
    assert_ne!(project.written("started.one"), project.written("started.two"));
    let mut commands = Vec::new();
    for entry in std::fs::read_dir(project.path(".proofmark/runs")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path().join("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        commands.push(report["run"]["command"].as_str().unwrap().to_owned());
    }
    commands.sort();
    assert_eq!(commands, ["sh -eu suite.sh one two", "sh -eu suite.sh two one"]);
    let latest = project.report()["run"]["command"].as_str().unwrap().to_owned();
    assert!(commands.contains(&latest), "{latest}");
}

#[test]
fn two_first_runs_at_once_build_one_template() {
    let project = Project::new("true").fresh_cache();
    let runs = [(), ()].map(|()| project.spawn(&["run"]));
    let said: Vec<String> = runs.map(|run| run.finish().ends_with(3).err()).into();
    let built = said.iter().filter(|said| said.contains("built in")).count();
    let reused = said.iter().filter(|said| said.contains("reused")).count();
    assert_eq!((built, reused), (1, 1), "{said:?}");
}
