//! `proofmark doctor`.

use expect_test::expect;

use crate::project::Project;

/// What it says about the project; what it tried on this machine is different everywhere.
fn about_the_project(said: &str) -> String {
    let machine = ["Tried", "PostgreSQL", "Cache"];
    said.split_inclusive('\n')
        .filter(|line| !machine.contains(&line.split_whitespace().next().unwrap_or_default()))
        .collect()
}

#[test]
fn it_shows_what_is_configured_and_what_would_be_used() {
    let project = Project::new("true");
    let ran = project.run(&["doctor"]).ends_with(0);
    expect![[r#"
        it says
              Config [PROJECT]/proofmark.toml
             Command sh -eu suite.sh
              Output [PROJECT]/.proofmark
            Database shop from 1 file of [PROJECT]/migrations; its URL goes into DATABASE_URL
    "#]]
    .assert_eq(&about_the_project(&ran.progress()));
    assert!(ran.err.contains("would be used"), "{}", ran.err);
    assert!(ran.err.contains("       Tried "), "{}", ran.err);
    assert!(!project.path(".proofmark").exists(), "it writes nothing");
}

#[test]
fn without_a_configuration_it_still_looks_for_a_server() {
    let ran = Project::empty().run(&["doctor"]).ends_with(0);
    expect![[r#"
        it says
              Config no proofmark.toml in [PROJECT] or any directory above it
                Help run `proofmark init`
    "#]]
    .assert_eq(&about_the_project(&ran.progress()));
}

#[test]
fn a_named_directory_without_postgresql_is_said_and_costs_the_exit_code() {
    let project = Project::new("true").env("PROOFMARK_POSTGRES_BIN", "/no/such/directory");
    let ran = project.run(&["doctor"]).ends_with(5);
    assert!(ran.err.contains("/no/such/directory"), "{}", ran.err);
    assert!(!ran.err.contains("a run would fetch one"), "a run would not: {}", ran.err);
}

#[test]
fn a_server_of_the_user_s_is_judged() {
    let project = Project::new("true").env("DATABASE_URL", "postgresql://a:hunter2@192.0.2.1/b");
    let ran = project.run(&["doctor"]).ends_with(5);
    expect![[r#"
        it says
              Config [PROJECT]/proofmark.toml
             Command sh -eu suite.sh
              Output [PROJECT]/.proofmark
            Database shop from 1 file of [PROJECT]/migrations; its URL goes into DATABASE_URL
              Server the server of DATABASE_URL: the server at 192.0.2.1 is not on this machine and is not marked as a test server; nothing was touched
                Help if that server exists for tests, allow it by name: `allow = ["192.0.2.1"]` under [postgres] in proofmark.toml; or leave the URL out and let proofmark start its own
                Note with PROOFMARK_SERVER_URL=private the one below would be used
    "#]].assert_eq(&about_the_project(&ran.progress()));
}
