//! Which test a connection belongs to, and so which database it gets.

use crate::machine::has;
use crate::project::{CONFIGURATION, Project};

/// The tests of the latest run with the way they were recognised, in the order of their names.
#[track_caller]
fn tests(project: &Project) -> Vec<(String, String)> {
    let given = project.records("lease_given");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let mut tests: Vec<_> =
        given.iter().map(|one| (text(&one["test"]), text(&one["identity"]["by"]))).collect();
    tests.sort();
    tests
}

#[track_caller]
fn check(script: &str, expected: &[(&str, &str)]) {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(script);
    project.run(&["run", "--quiet"]).ends_with(0);
    let found = tests(&project);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(test, by)| (test.as_str(), by.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn programs_of_one_script_meet_in_one_database() {
    check(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         [ \"$(psql \"$DATABASE_URL\" -Atc 'SELECT name FROM item')\" = bolt ]\n",
        &[("process sh", "process")],
    );
}

#[test]
fn each_process_below_the_command_has_a_database() {
    check(
        "insert=\"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         for i in 1 2; do sh -euc 'psql \"$DATABASE_URL\" -qc \"$1\"; :' sh \"$insert\"; done\n",
        &[("process sh", "process"), ("process sh", "process")],
    );
}

#[test]
fn workers_are_told_apart_by_their_variable() {
    check(
        "insert=\"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         pids=\n\
         for worker in gw0 gw1; do\n\
             PYTEST_XDIST_WORKER=$worker psql \"$DATABASE_URL\" -qc \"$insert\" & pids=\"$pids $!\"\n\
         done\n\
         for pid in $pids; do wait $pid; done\n",
        &[("PYTEST_XDIST_WORKER=gw0", "environment"), ("PYTEST_XDIST_WORKER=gw1", "environment")],
    );
}

#[test]
fn processes_of_one_worker_meet_in_one_database() {
    check(
        "PYTEST_XDIST_WORKER=gw0 sh -euc '\n\
             psql \"$DATABASE_URL\" -qc \"INSERT INTO shelf VALUES (2, 0)\"\n\
             [ \"$(psql \"$DATABASE_URL\" -Atc \"SELECT count(*) FROM shelf\")\" = 2 ]'\n",
        &[("PYTEST_XDIST_WORKER=gw0", "environment")],
    );
}

#[test]
fn a_name_that_the_user_chose_is_shared_by_processes() {
    check(
        "for i in 2 3; do\n\
             PROOFMARK_TEST=mine psql \"$DATABASE_URL\" -qc \"INSERT INTO shelf VALUES ($i, $i)\"\n\
         done\n\
         [ \"$(PROOFMARK_TEST=mine psql \"$DATABASE_URL\" -Atc 'SELECT count(*) FROM shelf')\" = 3 ]\n",
        &[("mine", "environment")],
    );
}

#[test]
fn the_name_of_the_database_names_the_test() {
    check(
        "for name in a b a; do\n\
             psql \"$DATABASE_URL~$name\" -qc \"INSERT INTO shelf SELECT count(*) + 1, count(*) FROM shelf\"\n\
         done\n\
         [ \"$(psql \"$DATABASE_URL~a\" -Atc 'SELECT count(*) FROM shelf')\" = 3 ]\n\
         [ \"$(psql \"$DATABASE_URL~b\" -Atc 'SELECT count(*) FROM shelf')\" = 2 ]\n",
        &[("a", "database_name"), ("b", "database_name")],
    );
}

#[test]
fn an_option_names_the_test() {
    check(
        "export PGOPTIONS='-c proofmark.test=cart_adds'\n\
         psql \"$DATABASE_URL\" -qc \"INSERT INTO shelf VALUES (2, 'second')\"\n\
         [ \"$(psql \"$DATABASE_URL\" -Atc 'SELECT count(*) FROM shelf')\" = 2 ]\n",
        &[("cart_adds", "options")],
    );
}

#[test]
fn the_console_leases_and_returns() {
    check(
        "psql \"$PROOFMARK_URL\" -qAt -F ' ' -c \"LEASE shop FOR 'ships twice'\" >lease\n\
         url=$(sed 's/.*\\(postgres:[^ ]*\\).*/\\1/' lease)\n\
         psql \"$url\" -qc \"INSERT INTO shelf VALUES (2, 'second')\"\n\
         psql \"$PROOFMARK_URL\" -Atc 'SHOW LEASES' | grep -q 'ships twice'\n\
         psql \"$PROOFMARK_URL\" -qc \"RETURN 'ships twice'\"\n\
         ! psql \"$PROOFMARK_URL\" -Atc 'SHOW LEASES' | grep -q 'ships twice'\n",
        &[("ships twice", "console")],
    );
}

#[test]
fn two_databases_have_a_variable_and_a_lease_each() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$SHOP_DATABASE_URL\" -qc \"INSERT INTO shelf VALUES (2, 'second')\"\n\
         psql \"$AUDIT_DATABASE_URL\" -qc 'CREATE TABLE note (id int)'\n\
         [ \"$DATABASE_URL\" = \"$AUDIT_DATABASE_URL\" ]\n",
    )
    .file("proofmark.toml", &format!("{CONFIGURATION}[database.audit]\n"));
    project.run(&["run", "--quiet"]).ends_with(0);
    let given = project.records("lease_given");
    let mut databases: Vec<_> = given.iter().map(|one| one["database"].to_string()).collect();
    databases.sort();
    assert_eq!(databases, ["\"audit\"", "\"shop\""]);
}
