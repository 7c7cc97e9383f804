//! Ways to a migrated template, as seen by the suite.

use crate::machine::has;
use crate::project::{Project, SCHEMA};

/// Fails unless the schema is there.
const SUITE: &str = "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n";

/// The configuration, with these lines for its database.
fn configuration(database: &str) -> String {
    format!("command = [\"sh\", \"-eu\", \"suite.sh\"]\n[database.shop]\n{database}")
}

#[test]
fn any_command_can_migrate_and_runs_again_only_after_a_change() {
    if !has(&["psql"]) {
        return;
    }
    // A cache of its own, so that the template is built here and now.
    let project = Project::new(SUITE).fresh_cache().file(
        "proofmark.toml",
        &configuration(
            "migrations = \"migrations\"\n\
             migrate = [\"sh\", \"-euc\", \"echo >>migrated; \
                         psql -v ON_ERROR_STOP=1 -qf migrations/1_shelf.sql $DATABASE_URL\"]\n",
        ),
    );
    for times in [1, 1] {
        project.run(&["run", "--quiet"]).ends_with(0);
        assert_eq!(project.text("migrated").lines().count(), times);
    }
    let gap = &project.report()["findings"][0];
    assert_eq!(gap["declared"]["path"], "migrations/1_shelf.sql");
    project.write("migrations/2_more.sql", "-- Nothing, but a change.\n");
    project.run(&["run", "--quiet"]).ends_with(0);
    assert_eq!(project.text("migrated").lines().count(), 2);
}

#[test]
fn seeds_run_after_the_migrations() {
    if !has(&["psql"]) {
        return;
    }
    let project =
        Project::new("[ \"$(psql \"$DATABASE_URL\" -Atc 'SELECT name FROM item')\" = seed ]\n")
            .file("seeds/one.sql", "INSERT INTO item VALUES (1, 1, 'seed', 1, 1);\n")
            .file(
                "proofmark.toml",
                &configuration("migrations = \"migrations\"\nseeds = [\"seeds/one.sql\"]\n"),
            );
    project.run(&["run", "--quiet"]).ends_with(0);
    // What was there before a test is no row that the test stored.
    assert_eq!(project.records("lease_returned")[0]["written"].as_array().unwrap().len(), 0);
}

#[test]
fn a_database_without_migrations_is_empty() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new("psql \"$DATABASE_URL\" -v ON_ERROR_STOP=1 -qf schema.sql\n")
        .file("schema.sql", SCHEMA)
        .file("proofmark.toml", &configuration(""));
    let ran = project.run(&["run", "--quiet"]).ends_with(0);
    assert!(project.report()["listing"].as_array().unwrap().is_empty(), "{}", ran.out);
}
