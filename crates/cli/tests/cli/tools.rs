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
    let told = "a tool of the suite created the database `test_shop`; it was dropped at the end";
    assert!(ran.out.contains(told), "{}", ran.out);
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
