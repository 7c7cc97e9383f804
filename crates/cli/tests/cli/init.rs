//! `proofmark init`.

use expect_test::expect;

use crate::machine::has;
use crate::project::{Project, SCHEMA};

#[test]
fn the_written_file_works_with_a_run() {
    if !has(&["psql", "make"]) {
        return;
    }
    let project = Project::empty().file("db/migrations/1_shelf.sql", SCHEMA).file(
        "Makefile",
        "test:\n\tpsql \"$$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n",
    );
    let ran = project.run(&["init"]).ends_with(0);
    expect![[r#"
        it says
               Wrote ./proofmark.toml
               Found migrations in db/migrations
                Next proofmark run
    "#]]
    .assert_eq(&ran.progress());
    let text = project.text("proofmark.toml");
    assert!(text.contains("command = [\"make\", \"test\"]"), "{text}");
    assert!(text.contains("migrations = \"db/migrations\""), "{text}");
    project.run(&["run"]).ends_with(0);
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let project = Project::empty().file("proofmark.toml", "# mine\n");
    let ran = project.run(&["init"]).ends_with(2);
    expect![[r#"
        fatal: ./proofmark.toml was not written
          because: File exists (os error 17)
        help: edit ./proofmark.toml instead
    "#]]
    .assert_eq(&ran.err());
    assert_eq!(project.text("proofmark.toml"), "# mine\n");
}

#[test]
fn the_command_is_guessed_from_the_project_s_files() {
    for (file, command) in [
        ("Cargo.toml", "[\"cargo\", \"test\"]"),
        ("manage.py", "[\"python\", \"manage.py\", \"test\"]"),
        ("pyproject.toml", "[\"pytest\"]"),
        ("package.json", "[\"npm\", \"test\"]"),
        ("go.mod", "[\"go\", \"test\", \"./...\"]"),
        ("Gemfile", "[\"bundle\", \"exec\", \"rspec\"]"),
        ("mvnw", "[\"./mvnw\", \"test\"]"),
        ("gradlew", "[\"./gradlew\", \"test\"]"),
    ] {
        let project = Project::empty().file(file, "");
        project.run(&["init"]).ends_with(0);
        let text = project.text("proofmark.toml");
        assert!(text.contains(&format!("command = {command}")), "{file}: {text}");
    }
}

#[test]
fn another_directory_can_be_named() {
    let project = Project::empty().file("app/migrations/1_a.sql", "SELECT 1;\n");
    project.run(&["init", "app"]).ends_with(0);
    assert!(project.text("app/proofmark.toml").contains("migrations = \"migrations\""));
    let ran = project.run(&["init", "missing"]).ends_with(2);
    assert!(ran.err.contains("was not written"), "{}", ran.err);
}
