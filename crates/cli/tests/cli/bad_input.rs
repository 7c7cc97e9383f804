//! Wrong arguments, a wrong configuration, wrong migrations: exit code 2, and no server needed to
//! find out.

use expect_test::{Expect, expect};

use crate::project::Project;

/// Runs `arguments`, which must fail with exit code 2 and say this.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn refuses(project: &Project, arguments: &[&str], said: Expect) {
    let ran = project.run(arguments).ends_with(2);
    said.assert_eq(&ran.err());
    assert_eq!(ran.out, "");
}

#[test]
fn a_directory_without_a_configuration_is_told_how_to_get_one() {
    refuses(
        &Project::empty(),
        &["run", "--", "true"],
        expect![[r#"
        fatal: no tests were run
          because: no proofmark.toml in [PROJECT] or any directory above it
        help: run `proofmark init`
    "#]],
    );
}

#[test]
fn a_key_that_does_not_exist_is_shown_with_its_line() {
    let project = Project::empty()
        .file("proofmark.toml", "comand = [\"true\"]\n[database.shop]\nmigrations = \"sql\"\n");
    refuses(
        &project,
        &["run"],
        expect![[r#"
            fatal: no tests were run
              because: [PROJECT]/proofmark.toml: TOML parse error at line 1, column 1
                  |
                1 | comand = ["true"]
                  | ^^^^^^
                unknown field `comand`, expected one of `command`, `output`, `lane`, `isolation`, `verify_every`, `postgres`, `database`, `identity`, `evidence`, `findings`, `gate`, `report`
            help: did you mean `command`?
        "#]],
    );
}

#[test]
fn a_value_that_makes_no_sense_is_named_with_its_key() {
    let project =
        Project::empty().file("proofmark.toml", "[postgres]\nversion = 9\n[database.shop]\n");
    refuses(
        &project,
        &["run", "--", "true"],
        expect![[r#"
        fatal: no tests were run
          because: [PROJECT]/proofmark.toml: postgres.version: is not supported
        help: 14, 15, 16, 17 or 18
    "#]],
    );
}

#[test]
fn a_run_without_a_command_says_where_to_give_one() {
    let project = Project::empty().file("proofmark.toml", "[database.shop]\n");
    refuses(
        &project,
        &["run"],
        expect![[r#"
        fatal: no tests were run: there is no command
        help: proofmark run -- <command>, or `command = [...]` in proofmark.toml
    "#]],
    );
}

#[test]
fn an_unsupported_version_lists_the_supported_ones() {
    let project = Project::new("true");
    refuses(
        &project,
        &["run", "--postgres", "13"],
        expect![[r#"
        fatal: PostgreSQL 13 is not supported
        help: 14, 15, 16, 17 or 18
    "#]],
    );
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    let ran = Project::new("true").run(&["run", "--no-such-option"]).ends_with(2);
    assert!(ran.err.contains("--no-such-option"), "{}", ran.err);
}

#[test]
fn a_syntax_error_in_a_migration_is_shown_where_it_is() {
    let project = Project::new("true").file(
        "migrations/2_broken.sql",
        "CREATE TABLE a (id bigint);\n\nCREATE TABLE b (\n    id bigint,\n    name txet NOT NULL\n);\n",
    );
    let ran = project.run(&["run", "--quiet"]).ends_with(2);
    expect![[r#"
        fatal: no tests were run
          because: a migration of `shop` failed
        error[42704]: type "txet" does not exist
         --> migrations/2_broken.sql:5:10
          |
        5 |     name txet NOT NULL
          |          ^^^^
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn an_error_inside_of_a_function_is_shown_at_its_migration() {
    let project = Project::new("true").file(
        "migrations/2_data.sql",
        "-- Nothing of this works.\nINSERT INTO item VALUES (1, 1, 'x', 0, 1);\n",
    );
    let ran = project.run(&["run", "--quiet"]).ends_with(2);
    expect![[r#"
        fatal: no tests were run
          because: a migration of `shop` failed
        error[23514]: new row for relation "item" violates check constraint "item_quantity_positive"
         --> migrations/2_data.sql:2:1
          |
        2 | INSERT INTO item VALUES (1, 1, 'x', 0, 1);
          | ^^^^^^
          |
          = note: Failing row contains (1, 1, x, 0, 1).
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn a_migrations_directory_that_is_missing_is_named() {
    let project = Project::new("true");
    std::fs::remove_dir_all(project.path("migrations")).unwrap();
    refuses(
        &project,
        &["run", "--quiet"],
        expect![[r#"
            fatal: no tests were run
              because: the migrations of `shop` cannot be read
              because: cannot read `[PROJECT]/migrations`
              because: No such file or directory (os error 2)
            help: check the paths in proofmark.toml
        "#]],
    );
}

#[test]
fn a_migrations_directory_without_migrations_is_named() {
    let project = Project::new("true");
    std::fs::remove_file(project.path("migrations/1_shelf.sql")).unwrap();
    refuses(
        &project,
        &["run", "--quiet"],
        expect![[r#"
        fatal: no tests were run
          because: the migrations of `shop` cannot be read
          because: no migrations in `[PROJECT]/migrations`
        help: set `migrations` in proofmark.toml to the directory that holds the .sql files
    "#]],
    );
}

#[test]
fn a_migration_command_that_fails_is_quoted() {
    let project = Project::new("true").file(
        "proofmark.toml",
        "command = [\"true\"]\n[database.shop]\nwatch = [\"migrations\"]\n\
         migrate = [\"sh\", \"-c\", \"echo no such revision >&2; exit 3\"]\n",
    );
    refuses(
        &project,
        &["run", "--quiet"],
        expect![[r#"
        fatal: no tests were run
          because: the migration command `sh -c echo no such revision >&2; exit 3` failed (exit status: 3)
            no such revision
    "#]],
    );
}
