//! Tests that do what a test should not: the run ends well, and the report says what they did.

use crate::machine::has;
use crate::project::{CONFIGURATION, Project};

/// The last words of the report about `test`.
#[track_caller]
fn left_by(project: &Project, test: &str) -> Vec<String> {
    let report = project.report();
    let left = report["left"].as_array().expect("the report lists them");
    let by = left.iter().filter(|one| one["test"] == test);
    by.map(|one| one["what"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_transaction_left_open_is_told() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL~open\" -q \
              -c 'BEGIN' -c \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n",
    );
    let ran = project.run(&["run"]).ends_with(0);
    assert_eq!(left_by(&project, "open"), ["left a transaction open"]);
    assert!(ran.out.contains("left a transaction open"), "{}", ran.out);
    assert_eq!(project.records("lease_returned")[0]["written"][0]["live"], 0);
}

#[test]
fn a_test_that_is_killed_in_a_transaction_leaves_nothing() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "mkfifo pipe\n\
         psql \"$DATABASE_URL~killed\" -q <pipe >/dev/null 2>&1 & psql=$!\n\
         exec 3>pipe\n\
         printf 'BEGIN; LOCK item;\\n\\\\! touch locked\\n' >&3\n\
         until [ -e locked ]; do sleep 0.05; done\n\
         kill -KILL $psql\n\
         wait $psql || true\n\
         psql \"$DATABASE_URL~killed\" -qc \"SET lock_timeout = '60s'\" -c 'LOCK item' 2>&1 | \
              grep -q 'can only be used in transaction'\n\
         psql \"$DATABASE_URL~killed\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n",
    );
    project.run(&["run"]).ends_with(0);
    assert_eq!(left_by(&project, "killed"), ["left a transaction open"]);
}

#[test]
fn a_database_that_a_test_created_is_told() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new("psql \"$DATABASE_URL~maker\" -qc 'CREATE DATABASE extra'\n");
    let ran = project.run(&["run"]).ends_with(0);
    assert_eq!(left_by(&project, "maker"), ["created the database `extra`"]);
    assert!(ran.out.contains("created the database `extra`"), "{}", ran.out);
}

#[test]
fn a_test_that_drops_its_database_is_told() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "name=$(psql \"$DATABASE_URL~victim\" -Atc 'SELECT current_database()')\n\
         psql \"$DATABASE_URL~dropper\" -qc \"DROP DATABASE \\\"$name\\\" WITH (FORCE)\"\n",
    );
    project.run(&["run"]).ends_with(0);
    let left = left_by(&project, "victim");
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with("dropped its own database `"), "{left:?}");
}

#[test]
fn a_prepared_transaction_is_rolled_back_and_told() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL~preparer\" -q -c 'BEGIN' \
              -c \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\" -c \"PREPARE TRANSACTION 'p1'\"\n",
    )
    .file(
        "proofmark.toml",
        &format!("{CONFIGURATION}[postgres]\nsettings = {{ max_prepared_transactions = 5 }}\n"),
    );
    project.run(&["run"]).ends_with(0);
    let left = left_by(&project, "preparer");
    assert_eq!(left, ["left the prepared transaction `p1`"]);
}

#[test]
fn a_client_that_is_left_running_does_not_hold_up_the_end() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL~left\" -c 'SELECT pg_sleep(600)' >/dev/null 2>&1 &\n\
         sleeping=\"SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'\"\n\
         until [ \"$(psql \"$DATABASE_URL~left\" -Atc \"$sleeping\")\" = 1 ]; do sleep 0.05; done\n\
         echo $PROOFMARK_RUN >run\n",
    );
    project.run(&["run"]).ends_with(0);
    project.nothing_is_left_of(&project.written("run"));
}
