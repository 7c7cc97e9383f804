//! Several databases in one test.

use super::project::{Project, Ran};
use super::under_run;

fn project() -> Project {
    Project::with("[database.box_office]\nmigrations = \"migrations\"\n[database.audit]\n")
}

#[test]
fn arguments_are_bound_to_databases_by_name() {
    project().run(&["writes_to_two_databases", "finds_two_databases_clean"]).passed();
}

#[test]
fn a_fixture_of_one_s_own_may_need_several_databases() {
    project().run(&["has_a_fixture_of_two_databases"]).passed();
}

#[test]
fn all_databases_of_a_failed_test_are_kept() {
    let project = project();
    let ran = project.run(&["fails_with_two_databases"]).failed();
    for database in ["box_office", "audit"] {
        ran_says_kept(&ran, &project.noted(database));
    }
}

#[test]
fn under_a_run_one_return_gives_all_databases_back() {
    let tests = ["writes_to_two_databases", "finds_two_databases_clean"];
    let (ran, mut back) = under_run::run(&project(), &tests);
    ran.passed();
    back.sort();
    let names = ["finds_two_databases_clean", "writes_to_two_databases"];
    let expected = names.map(|name| [name, name]).concat();
    let found: Vec<_> = back.iter().map(|(test, ..)| test.rsplit("::").next().unwrap()).collect();
    assert_eq!(found, expected);
    assert!(back.iter().all(|(_, failed, _)| !failed), "{back:?}");
}

#[test]
fn an_argument_of_a_database_that_does_not_exist_is_refused_with_those_that_do() {
    let ran = Project::new().run(&["writes_to_two_databases"]).failed();
    ran.says("there is no database `audit`\nhelp: there is box_office");
}

#[track_caller]
fn ran_says_kept(ran: &Ran, database: &str) {
    let help = format!("help: proofmark psql {database}");
    assert!(ran.said.contains(&help), "no `{help}` in:\n{}", ran.said);
}
