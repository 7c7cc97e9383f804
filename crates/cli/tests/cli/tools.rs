//! Tools that make databases of their own: let in, told, and nothing of theirs stays.

use crate::machine::has;
use crate::project::Project;

/// As Django does, and `createdb` and `#[sqlx::test]`: one database through `postgres`, which is
/// used and forgotten, and one through a lease, which is dropped by its maker.
const SUITE: &str = "\
maintenance() { psql \"$(echo $DATABASE_URL | sed s/shop/$1/)\" -XAtqc \"$2\"; }
maintenance postgres 'CREATE DATABASE test_shop'
maintenance test_shop 'CREATE TABLE t (n int); INSERT INTO t VALUES (1)'
maintenance test_shop 'SELECT n FROM t' >seen
psql \"$DATABASE_URL~one\" -Xqc 'CREATE DATABASE test_other'
maintenance test_other 'SELECT 1' >>seen
maintenance postgres 'DROP DATABASE test_other'
maintenance nowhere 'SELECT 1' 2>>refused && exit 1
maintenance template0 'SELECT 1' 2>>refused && exit 1
exit 0
";

#[test]
fn a_tool_makes_and_uses_databases_of_its_own_and_they_are_dropped_at_the_end() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(SUITE);
    let ran = project.run(&["run"]).ends_with(0);
    assert_eq!(project.text("seen"), "1\n1\n");
    let refused = project.text("refused");
    for name in ["nowhere", "template0"] {
        let said = format!("there is no database \"{name}\" in this run");
        assert!(refused.contains(&said), "{refused}");
    }
    assert_eq!(project.records("tools_finished")[0]["dropped"], serde_json::json!(["test_shop"]));
    assert_eq!(project.records("tools_finished")[0]["used"], 2);
    let told = "the suite made 2 databases of its own (`test_other`, `test_shop`)";
    assert!(ran.out.contains(told), "{}", ran.out);
    let told = "a tool of the suite created the database `test_shop`; it was dropped at the end";
    assert!(ran.out.contains(told), "{}", ran.out);
}

/// The statements of sqlx-postgres 0.9, `testing/mod.rs`, from one process as there.
const LIKE_SQLX: &str = "\
psql \"$DATABASE_URL\" -X <<'END' || true
SELECT pg_advisory_xact_lock(8318549251334697844);
CREATE SCHEMA IF NOT EXISTS _sqlx_test;
CREATE TABLE IF NOT EXISTS _sqlx_test.databases (db_name text PRIMARY KEY, test_path text NOT NULL);
INSERT INTO _sqlx_test.databases VALUES ('_sqlx_test_1', 'a::test');
CREATE DATABASE \"_sqlx_test_1\";
\\c _sqlx_test_1
\\i migrations/1_shelf.sql
INSERT INTO shelf VALUES (2, 'first');
\\c shop
DROP DATABASE IF EXISTS \"_sqlx_test_1\";
DELETE FROM _sqlx_test.databases;
END
";

#[test]
fn what_a_tool_s_database_refuses_counts_for_the_test_and_the_rest_is_said_to_be_unknown() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(LIKE_SQLX);
    let ran = project.run(&["run"]).ends_with(0);
    let refused: Vec<_> = project
        .records("proxy")
        .into_iter()
        .filter(|record| record["event"] == "refused")
        .map(|record| record["refusal"]["constraint"].clone())
        .collect();
    assert_eq!(refused, ["shelf_label_once"]);
    let told = "the suite made 1 database of its own (`_sqlx_test_1`) and used it in place of a";
    assert!(ran.out.contains(told), "{}", ran.out);
    assert_eq!(project.records("tools_finished")[0]["dropped"], serde_json::json!([]));
    let replaced = project.records("lease_returned")[0]["how"]["kind"].clone();
    assert_eq!(replaced, "replaced");
}

#[test]
fn a_suite_that_only_uses_what_it_made_is_told_why_nothing_was_observed() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "maintenance() { psql \"$(echo $DATABASE_URL | sed s/shop/$1/)\" -XAtqc \"$2\"; }\n\
         maintenance postgres 'CREATE DATABASE test_shop'\n\
         maintenance test_shop 'CREATE TABLE t (n int)'\n\
         maintenance postgres 'DROP DATABASE test_shop'\n",
    );
    let ran = project.run(&["run"]).ends_with(3);
    let why = "the suite connected to what it made for itself in place of a lease: `test_shop`";
    assert!(ran.out.contains(why), "{}", ran.out);
    assert!(
        ran.out.contains("let the tests use the database of DATABASE_URL as it is: it is migrated"),
        "{}",
        ran.out
    );
    let project =
        Project::new("psql \"$(echo $DATABASE_URL | sed s/shop/postgres/)\" -c 'SELECT 1'");
    let ran = project.run(&["run"]).ends_with(3);
    let why = "the suite connected to a maintenance database in place of a lease: `postgres`";
    assert!(ran.out.contains(why), "{}", ran.out);
}

#[test]
fn databases_of_other_runs_and_of_the_user_are_neither_shown_nor_dropped() {
    if !has(&["psql"]) {
        return;
    }
    let theirs = crate::external::TheirServer::start();
    let project = Project::new(
        "maintenance() { psql \"$(echo $DATABASE_URL | sed s/shop/$1/)\" -XAtqc \"$2\"; }\n\
         psql \"$DATABASE_URL~one\" -Xqc 'SELECT 1' >/dev/null\n\
         maintenance postgres 'CREATE DATABASE used'\n\
         maintenance postgres 'CREATE DATABASE unused'\n\
         maintenance used 'SELECT 1' >/dev/null\n\
         for name in bystander proofmark_mine; do\n\
             maintenance $name 'SELECT * FROM kept' 2>>refused && exit 1\n\
         done\n\
         exit 0\n",
    )
    .env("DATABASE_URL", &theirs.url());
    project.run(&["run"]).ends_with(0);
    assert_eq!(project.text("refused").matches("there is no database").count(), 2);
    assert_eq!(project.records("tools_finished")[0]["dropped"], serde_json::json!(["used"]));
    let databases = theirs.databases();
    for (name, stays) in
        [("bystander", true), ("proofmark_mine", true), ("unused", true), ("used", false)]
    {
        assert_eq!(databases.iter().any(|one| one == name), stays, "{name}: {databases:?}");
    }
}
