//! The workflow files against the gates: what runs on GitHub is what runs on a laptop.
//!
//! In: `.github/` and `ci/gates.toml`. Out: tests, each with the list of what is wrong.
//!
//! **Invariant:** reads the files as YAML, except for what YAML drops: the comment with a version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::gates::{Class, Gates, Place};

/// Every workflow by its file's name without the ending.
fn workflows(root: &Path) -> BTreeMap<String, Value> {
    let folder = fs::read_dir(root.join(".github/workflows")).expect("the workflows");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a readable workflow");
        let value = serde_saphyr::from_str(&text).expect("a workflow is YAML");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, value)
    };
    folder.map(|entry| read(entry.expect("an entry").path())).collect()
}

/// Every job as `workflow/job`.
fn jobs(workflows: &BTreeMap<String, Value>) -> Vec<(String, &Value)> {
    workflows
        .iter()
        .flat_map(|(file, workflow)| {
            let jobs = workflow["jobs"].as_object().expect("a workflow has jobs");
            jobs.iter().map(move |(id, job)| (format!("{file}/{id}"), job))
        })
        .collect()
}

/// What the steps of a job run, as one text.
fn script(job: &Value) -> String {
    let steps = job["steps"].as_array().into_iter().flatten();
    steps.filter_map(|step| step["run"].as_str()).collect::<Vec<_>>().join("\n")
}

fn is_called(job: &Value) -> bool {
    job["uses"].is_string()
}

fn root() -> PathBuf {
    crate::tree::root().expect("a root")
}

/// The files that may name an action.
fn files_with_actions(root: &Path) -> Vec<PathBuf> {
    let mut files = vec![root.join("action.yml"), root.join(".github/actions/setup/action.yml")];
    let folder = fs::read_dir(root.join(".github/workflows")).expect("the workflows");
    files.extend(folder.map(|entry| entry.expect("an entry").path()));
    files
}

/// What is wrong with the `uses:` of this text.
fn unpinned(text: &str) -> Vec<String> {
    let wrong = |line: &&str| {
        let Some((_, uses)) = line.trim_start_matches("- ").split_once("uses: ") else {
            return false;
        };
        if uses.starts_with("$/") {
            return false;
        }
        let Some((_, pin)) = uses.split_once('@') else { return true };
        let Some((sha, version)) = pin.split_once(" # ") else { return true };
        sha.len() != 40
            || !sha.bytes().all(|byte| byte.is_ascii_hexdigit())
            || !version.starts_with('v')
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter(wrong).map(str::to_owned).collect()
}

#[test]
fn every_gate_is_run_by_exactly_one_job() {
    let root = root();
    let gates = Gates::read(&root).expect("gates");
    let workflows = workflows(&root);
    let jobs = jobs(&workflows);
    let mut wrong = Vec::new();
    for gate in &gates.all {
        let runs = match (gate.place, gate.class) {
            (Place::Both, Class::Nightly) => "bash .ci/run nightly".to_owned(),
            (Place::Both, _) => format!("bash .ci/run group:{}", gate.group),
            (Place::GithubOnly, _) => {
                let names = [gate.group.clone(), format!("_{}", gate.group)];
                if !names.iter().any(|name| workflows.contains_key(name)) {
                    wrong.push(format!("{}: there is no workflow {}", gate.id, gate.group));
                }
                continue;
            }
        };
        let by = jobs.iter().filter(|(_, job)| script(job).lines().any(|line| line == runs));
        let by: Vec<&str> = by.map(|(name, _)| name.as_str()).collect();
        if by.len() != 1 {
            wrong.push(format!("{}: run by {by:?}", gate.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_gate_of_a_merge_is_in_the_one_run_and_no_other() {
    let root = root();
    let gates = Gates::read(&root).expect("gates");
    let script = fs::read_to_string(root.join(".ci/run")).expect("the run");
    let mut ran: Vec<&str> = Vec::new();
    let script = script.replace("\\\n", " ");
    for line in script.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["gate" | "beside", minutes, id, ..]
                if minutes.parse::<u32>().is_ok() && *id != "\"$id\"" =>
            {
                ran.push(id);
            }
            ["for", "id", "in", ids @ .., "do"] => {
                ran.extend(ids.iter().map(|id| id.trim_end_matches(';')));
            }
            _ => {}
        }
    }
    let of_merge =
        |gate: &&super::gates::Gate| gate.place == Place::Both && gate.class <= Class::Full;
    let mut wanted: Vec<&str> =
        gates.all.iter().filter(of_merge).map(|gate| gate.id.as_str()).collect();
    ran.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(ran, wanted);
}

#[test]
fn every_job_of_ci_is_needed_by_the_one_that_decides() {
    let workflows = workflows(&root());
    let ci = &workflows["ci"]["jobs"];
    let mut needed: Vec<&str> = ci["ci-ok"]["needs"]
        .as_array()
        .expect("ci-ok needs jobs")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let all = ci.as_object().expect("jobs").keys().map(String::as_str);
    let mut others: Vec<&str> = all.filter(|id| *id != "ci-ok").collect();
    needed.sort_unstable();
    others.sort_unstable();
    assert_eq!(needed, others);
    assert_eq!(ci["ci-ok"]["if"], "${{ always() }}", "it must run when another has failed");
    // `plan` decides what is skipped, so it must not be skipped itself.
    let skips = &ci["ci-ok"]["steps"][0]["env"]["MAY_BE_SKIPPED"];
    let skips: Vec<&str> = skips.as_str().expect("a list").split(' ').collect();
    assert!(!skips.contains(&"plan"), "{skips:?}");
    assert!(skips.iter().all(|id| others.contains(id)), "{skips:?}");
    // Every called workflow is one that is called.
    let called = ci.as_object().expect("jobs").values().filter_map(|job| job["uses"].as_str());
    let called: Vec<&str> = called.collect();
    for file in workflows.keys().filter(|file| file.starts_with('_')) {
        let path = format!("$/.github/workflows/{file}.yml");
        assert!(called.contains(&path.as_str()), "{path} is called by nobody");
    }
}

#[test]
fn the_outputs_of_plan_are_the_groups() {
    let root = root();
    let gates = Gates::read(&root).expect("gates");
    let workflows = workflows(&root);
    let jobs = workflows["ci"]["jobs"].as_object().expect("jobs");
    for (id, job) in jobs.iter().filter(|(_, job)| is_called(job)) {
        let condition = format!("${{{{ needs.plan.outputs.{id} == 'true' }}}}");
        assert_eq!(job["if"], condition.as_str(), "{id}");
        assert!(jobs["plan"]["outputs"][id].is_string(), "plan has no output {id}");
        assert!(gates.all.iter().any(|gate| gate.group == *id), "no gate is of the group {id}");
    }
}

#[test]
fn every_action_is_pinned_with_its_version() {
    let mut wrong = Vec::new();
    for file in files_with_actions(&root()) {
        let text = fs::read_to_string(&file).expect("a readable file");
        wrong.extend(unpinned(&text).into_iter().map(|line| format!("{}: {line}", file.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_action_that_is_not_pinned_is_found() {
    // As long as a commit's, and nothing that could be taken for a secret.
    let sha = "3d".repeat(20);
    for bad in ["a/b@v4", "a/b", &format!("a/b@{sha}"), "./x", &format!("a/b@{sha} # main")] {
        assert_eq!(unpinned(&format!("  - uses: {bad}\n")).len(), 1, "{bad}");
    }
    for good in ["$/.github/actions/setup", &format!("a/b@{sha} # v4.1")] {
        assert!(unpinned(&format!("        uses: {good}\n")).is_empty(), "{good}");
    }
}

#[test]
fn every_job_has_a_time_limit_and_permissions_of_its_own() {
    let workflows = workflows(&root());
    let mut wrong = Vec::new();
    for (name, workflow) in &workflows {
        if workflow["permissions"] != serde_json::json!({}) {
            wrong.push(format!("{name}: gives permissions to all of its jobs"));
        }
    }
    for (name, job) in jobs(&workflows) {
        if !job["permissions"].is_object() {
            wrong.push(format!("{name}: no permissions of its own"));
        }
        // A called workflow has the limits of its own jobs.
        if !is_called(job) && !job["timeout-minutes"].is_u64() {
            wrong.push(format!("{name}: no timeout-minutes"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_checks_that_a_branch_requires_exist() {
    let root = root();
    let workflows = workflows(&root);
    let ruleset = fs::read_to_string(root.join(".github/rulesets/main.json")).expect("a ruleset");
    let ruleset: Value = serde_json::from_str(&ruleset).expect("it is JSON");
    let rules = ruleset["rules"].as_array().expect("rules");
    let checks = rules.iter().find(|rule| rule["type"] == "required_status_checks");
    let checks = &checks.expect("a rule")["parameters"]["required_status_checks"];
    let contexts: Vec<&str> =
        checks.as_array().expect("checks").iter().filter_map(|c| c["context"].as_str()).collect();
    assert_eq!(contexts, ["ci-ok"]);
    let names: Vec<&str> = workflows["ci"]["jobs"]
        .as_object()
        .expect("jobs")
        .values()
        .filter_map(|job| job["name"].as_str())
        .collect();
    assert!(names.contains(&"ci-ok"), "{names:?}");
}

#[test]
fn a_job_that_releases_something_uses_no_cache() {
    let workflows = workflows(&root());
    let mut found = 0;
    for (name, job) in jobs(&workflows).iter().filter(|(name, _)| name.starts_with("release/")) {
        for step in job["steps"].as_array().expect("steps") {
            if step["uses"].as_str().is_some_and(|uses| uses.ends_with("/setup")) {
                assert_eq!(step["with"]["cache"], "false", "{name}");
                found += 1;
            }
        }
    }
    assert!(found > 0, "no job of release.yml sets anything up");
}
