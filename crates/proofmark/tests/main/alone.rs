//! What a reader of a failed test sees, and what is left when its process has ended.

use std::path::Path;

use proofmark::bench::kept;

use super::hidden::CROWD;
use super::project::{Project, Ran, eventually};

/// The databases that the project's runs kept, with the test that failed.
fn kept_in(project: &Project) -> Vec<(String, String)> {
    let runs = kept(&project.root().join(".proofmark")).unwrap();
    let databases = runs.into_iter().flat_map(|run| run.databases);
    databases.map(|database| (database.name, database.test)).collect()
}

/// The server whose data directory a hidden test noted has ended, and its directory is gone.
#[track_caller]
fn nothing_is_left(project: &Project) {
    let data = project.noted("data_directory");
    let run = Path::new(&data).parent().unwrap();
    eventually("the run's directory is removed", || !run.exists());
}

#[test]
fn nothing_is_left_when_the_tests_have_ended() {
    let project = Project::new();
    project.run(&["passes"]).passed();
    nothing_is_left(&project);
    assert_eq!(kept_in(&project), []);
}

#[test]
fn nothing_is_left_when_the_tests_are_killed() {
    let project = Project::new();
    let mut child = project.command(&["never_ends"]).spawn().unwrap();
    let note = project.root().join("data_directory");
    eventually("the test runs", || note.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&project);
}

#[test]
fn the_database_of_a_test_that_panicked_is_kept_and_outlives_the_server() {
    let project = Project::new();
    let ran = project.run(&["panics"]).failed().says("on purpose");
    let database = project.noted("database");
    ran.says(&format!("help: proofmark psql {database}"));
    let test = "proofmark::main::hidden::panics".to_owned();
    assert_eq!(kept_in(&project), [(database, test)]);
    nothing_is_left(&project);
    let runs = kept(&project.root().join(".proofmark")).unwrap();
    assert!(runs[0].cluster().join("data/PG_VERSION").is_file());
}

#[test]
fn a_test_that_leaves_an_invariant_broken_fails_with_the_rows() {
    let project = Project::with_an_invariant();
    let ran = project.run(&["leaves_a_show_without_a_seat"]).failed();
    ran.says("the test passed, but afterwards")
        .says("invariant `every_show_has_a_seat` is broken")
        .says("must hold: a show that was added has a seat")
        .says("show: 2, title: Platonov")
        .says(&format!("help: proofmark psql {}", project.noted("database")));
    project.run(&["passes"]).passed();
}

#[test]
fn an_invariant_that_is_no_query_is_refused_with_its_place() {
    let project = Project::with_an_invariant();
    std::fs::write(project.root().join("rules.sql"), "-- Must hold: x\nDROP TABLE show;\n")
        .unwrap();
    project
        .run(&["passes"])
        .failed()
        .says("the invariants of `box_office` cannot be read")
        .says("rules.sql:2: invariant `rules` is no query");
}

#[test]
fn what_an_earlier_run_kept_does_not_stand_in_the_way_of_a_later_one() {
    let project = Project::new();
    let mut databases = Vec::new();
    for _ in 0..2 {
        project.run(&["panics"]).failed();
        nothing_is_left(&project);
        databases.insert(0, project.noted("database"));
    }
    let runs = kept(&project.root().join(".proofmark")).unwrap();
    let names: Vec<_> = runs.iter().map(|run| run.databases[0].name.clone()).collect();
    assert_eq!(names, databases);
    assert!(runs.iter().all(|run| run.cluster().join("data/PG_VERSION").is_file()));
}

#[test]
fn the_database_of_a_test_that_returned_an_error_is_kept() {
    let project = Project::new();
    let ran = project.run(&["returns_an_error"]).failed().says("show_title_not_blank");
    let database = project.noted("database");
    ran.says(&format!("help: proofmark psql {database}"));
}

#[test]
fn the_database_of_a_test_that_panics_as_it_should_is_not_kept() {
    let project = Project::new();
    project.run(&["panics_as_it_should"]).passed();
    assert_eq!(kept_in(&project), []);
}

#[test]
fn a_test_that_should_panic_and_does_not_or_says_something_else_is_a_failed_one() {
    let project = Project::new();
    let ran = project.run(&["does_not_panic_as_it_should", "panics_with_other_words"]).failed();
    ran.says("test result: FAILED. 0 passed; 2 failed");
    assert_eq!(kept_in(&project).len(), 2);
}

#[test]
fn a_fixture_that_cannot_be_made_fails_the_test_by_its_own_words() {
    let project = Project::new();
    project
        .run(&["takes_a_broken_fixture"])
        .failed()
        .says("the fixture `_broken: Broken` could not be made")
        .says("because: the play is sold out");
    assert_eq!(kept_in(&project).len(), 1);
}

#[test]
fn a_fixture_that_cannot_be_made_is_not_the_panic_that_is_wanted() {
    let ran = Project::new().run(&["takes_a_broken_fixture_and_should_panic"]).failed();
    ran.says("the play is sold out").says("test did not panic as expected");
}

#[test]
fn endings_run_after_a_panic_and_the_last_registered_runs_first() {
    let project = Project::new();
    let mut command = project.command(&["has_endings_and_panics"]);
    let output = command.current_dir(project.root()).output().unwrap();
    Ran::from(output).failed().says("on purpose").does_not_say("an ending of the test");
    assert_eq!(project.noted("second"), "1 show");
    assert_eq!(project.noted("first"), "registered first, run last");
}

#[test]
fn an_ending_that_panics_fails_the_test_and_the_others_run() {
    let project = Project::new();
    let ran = project.run(&["has_an_ending_that_panics"]).failed();
    ran.says("an ending of the test panicked: the curtain is stuck");
    assert_eq!(project.noted("other"), "runs all the same");
}

#[test]
fn connections_that_a_test_keeps_for_ever_hold_nothing_up() {
    let project = Project::new();
    project.run(&["keeps_connections_for_ever", "passes"]).passed();
    nothing_is_left(&project);
}

#[test]
fn a_test_that_drops_its_database_is_told_so() {
    let ran = Project::new().run(&["drops_its_database"]).failed();
    ran.says("note: the test dropped its own database").does_not_say("proofmark psql");
}

#[test]
fn a_test_that_creates_a_database_is_told_so() {
    let ran = Project::new().run(&["creates_a_database"]).failed();
    ran.says("note: the test created the database `matinee`");
}

#[test]
fn many_tests_at_once_do_not_meet() {
    Project::new().run(CROWD).passed().says("test result: ok. 32 passed");
}

#[test]
fn several_processes_share_one_server_and_the_last_one_ends_it() {
    let project = Project::new();
    let mut first = project.command(&["never_ends"]).spawn().unwrap();
    let note = project.root().join("data_directory");
    eventually("the test runs", || note.exists());
    let server = project.noted("data_directory");
    std::fs::remove_file(&note).unwrap();
    project.run(&["passes"]).passed();
    assert_eq!(project.noted("data_directory"), server);
    assert!(Path::new(&server).join("postmaster.pid").is_file(), "the first one still uses it");
    first.kill().unwrap();
    first.wait().unwrap();
    nothing_is_left(&project);
}

#[test]
fn a_database_is_chosen_by_name_among_several() {
    let project = Project::with("[database.box_office]\n[database.audit]\n");
    project.run(&["wants_the_audit_database"]).passed();
    project.run(&["passes"]).failed().says(
        "there are several databases: audit, box_office\n\
         help: #[proofmark::test(database = \"audit\")]",
    );
    let ran = Project::new().run(&["wants_the_audit_database"]).failed();
    ran.says("there is no database `audit`\nhelp: there is box_office");
}

#[test]
fn without_a_configuration_every_test_fails_and_one_says_why() {
    let ran = Project::empty().run(&["passes", "panics", "returns_an_error"]).failed();
    let ran = ran.says("test result: FAILED. 0 passed; 3 failed");
    let whole = ran.said.matches("no proofmark.toml in").count();
    let short = ran.said.matches("there is no configuration (the first test that").count();
    assert_eq!((whole, short), (1, 2), "{}", ran.said);
}

#[test]
fn a_migration_that_is_refused_fails_the_test_with_its_file_and_line() {
    let project = Project::new();
    let broken = "create table t (\n    id integer,\n    wrong\n);\n";
    std::fs::write(project.root().join("migrations/002_broken.sql"), broken).unwrap();
    project.run(&["passes"]).failed().says("002_broken.sql:4").says("syntax error");
}

#[test]
fn nothing_but_the_template_and_what_failed_is_left_on_a_server_of_the_user() {
    let owner = Project::new();
    let mut server = owner.command(&["never_ends"]).spawn().unwrap();
    let note = owner.root().join("url");
    eventually("the server runs", || note.exists());
    let project = Project::new();
    let run = |tests: &[&str]| {
        let mut command = project.command(tests);
        Ran::from(command.env("PROOFMARK_SERVER_URL", owner.noted("url")).output().unwrap())
    };
    run(&["passes", "panics_as_it_should"]).passed();
    run(&["panics"]).failed();
    let mut expected = [owner.noted("database"), project.noted("database")];
    expected.sort();
    let names = databases(&owner.noted("url"));
    server.kill().unwrap();
    server.wait().unwrap();
    let mut leases: Vec<_> =
        names.into_iter().filter(|name| name.starts_with("proofmark_box_office_")).collect();
    leases.sort();
    assert_eq!(leases, expected);
    nothing_is_left(&owner);
}

/// The databases of a server.
#[tokio::main(flavor = "current_thread")]
async fn databases(url: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client.query("select datname::text from pg_database", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
