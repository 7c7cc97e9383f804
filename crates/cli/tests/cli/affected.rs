//! `proofmark affected`: from a changed migration to the tests to run.

use crate::machine::has;
use crate::project::{Project, SCHEMA};

/// Two tests that touch `item`, one that touches `shelf`, and one that only reads.
fn suite(names: [&str; 4]) -> String {
    let statements = [
        "INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)",
        "INSERT INTO item VALUES (1, 1, 'bolt', 0, 1)",
        "INSERT INTO shelf VALUES (2, 'second')",
        "SELECT 1",
    ];
    let tests = names.iter().zip(statements).map(|(name, sql)| {
        format!("PROOFMARK_TEST='{name}' psql \"$DATABASE_URL\" -qc \"{sql}\" || true\n")
    });
    tests.collect::<Vec<_>>().concat()
}

/// A project in a git repository, after a run of all tests, with a change of `item` that is not
/// committed.
fn changed(names: [&str; 4]) -> Project {
    let project = Project::new(&suite(names)).file(".gitignore", ".proofmark\n");
    project.git(&["init", "-q"]);
    project.git(&["add", "."]);
    project.git(&["commit", "-q", "-m", "first"]);
    project.run(&["run", "--quiet"]).ends_with(0);
    project.write("migrations/1_shelf.sql", &SCHEMA.replace("quantity > 0", "quantity > 1"));
    project
}

/// What the command prints in this form.
fn named(project: &Project, format: &str) -> String {
    project.run(&["affected", "--diff", "HEAD", "--format", format]).ends_with(0).out
}

#[test]
fn a_changed_constraint_names_the_tests_of_its_table_in_every_form() {
    if !has(&["psql", "git"]) {
        return;
    }
    let project = changed([
        "shop::orders::places",
        "shop::orders::refuses",
        "shop::shelves::adds",
        "shop::shelves::reads",
    ]);
    let plain = project.run(&["affected", "--diff", "HEAD"]).ends_with(0);
    assert_eq!(plain.out, "shop::orders::places\nshop::orders::refuses\n");
    assert!(plain.err.contains("1 migration: public.item\n"), "{}", plain.err);
    assert_eq!(named(&project, "plain"), plain.out);
    assert_eq!(
        named(&project, "nextest"),
        "test(=shop::orders::places) | test(=orders::places) | \
         test(=shop::orders::refuses) | test(=orders::refuses)\n"
    );
    // From a trace that is kept elsewhere, and after the change was committed.
    project.write("all.jsonl", &project.latest("trace.jsonl"));
    project.git(&["commit", "-qam", "second"]);
    let ran = project.run(&["affected", "--diff", "HEAD~1", "all.jsonl"]).ends_with(0);
    assert_eq!(ran.out, plain.out);
    assert_eq!(named(&project, "plain"), "");
    assert_eq!(named(&project, "nextest"), "none()\n");
    let ran = project.run(&["affected", "--diff", "no-such-branch"]).ends_with(2);
    assert!(ran.err.contains("no-such-branch") && ran.err.contains("git fetch"), "{}", ran.err);
}

#[test]
fn pytest_gets_node_ids_without_phases_and_workers() {
    if !has(&["psql", "git"]) {
        return;
    }
    let project = changed([
        "tests/test_item.py::test_adds[a b] (call)",
        "tests/test_item.py::test_refuses @gw1",
        "tests/test_shelf.py::test_adds (call)",
        "tests/test_shelf.py::test_reads (call)",
    ]);
    assert_eq!(
        named(&project, "pytest"),
        "tests/test_item.py::test_adds[a b]\ntests/test_item.py::test_refuses\n"
    );
}

#[test]
fn a_new_migration_names_the_tests_of_the_tables_it_alters() {
    if !has(&["psql", "git"]) {
        return;
    }
    let project = changed(["a", "b", "c", "d"]);
    project.write("migrations/1_shelf.sql", SCHEMA);
    project.write(
        "migrations/2_more.sql",
        "ALTER TABLE shelf ADD CONSTRAINT shelf_label_short CHECK (length(label) < 9);\n\
         CREATE TABLE nobody_knows (id int);\n",
    );
    assert_eq!(named(&project, "plain"), "c\n");
}
