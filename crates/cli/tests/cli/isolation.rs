//! What stands between two tests, as the report tells it; and what happens when it did not hold.

use crate::machine::has;
use crate::project::{CONFIGURATION, Project};

/// One test edits a seed, the next reads it.
const SUITE: &str = "\
psql \"$DATABASE_URL~edits\" -Xqc \"UPDATE shelf SET label = 'edited'\"
psql \"$PROOFMARK_URL\" -Xqc \"RETURN 'edits'\"
psql \"$DATABASE_URL~reads\" -XAtqc 'SELECT label FROM shelf' >seen
psql \"$PROOFMARK_URL\" -Xqc \"RETURN 'reads'\"
";

#[test]
fn every_database_is_compared_with_verify_and_the_report_counts_them() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(SUITE);
    let ran = project.run(&["run", "--verify"]).ends_with(0);
    assert_eq!(project.text("seen"), "first\n");
    let isolation = &project.report()["isolation"];
    assert_eq!(isolation["in_use"][0]["isolation"], "reset", "{isolation}");
    assert_eq!(isolation["undone"], 1, "{isolation}");
    assert_eq!(isolation["untouched"], 1, "{isolation}");
    assert_eq!(isolation["verified"], 2, "{isolation}");
    assert!(ran.out.contains("2 compared with the template: none differed"), "{}", ran.out);
}

#[test]
fn the_isolation_of_the_configuration_is_the_one_in_use() {
    if !has(&["psql"]) {
        return;
    }
    for (word, what) in [("clone", "dropped"), ("exact", "replaced")] {
        let configuration = format!("isolation = \"{word}\"\n{CONFIGURATION}");
        let project = Project::new(SUITE).file("proofmark.toml", &configuration);
        project.run(&["run"]).ends_with(0);
        assert_eq!(project.text("seen"), "first\n");
        let isolation = &project.report()["isolation"];
        assert_eq!(isolation["in_use"][0]["isolation"], word, "{isolation}");
        assert!(isolation[what].as_u64().is_some_and(|times| times > 0), "{isolation}");
    }
}

/// The second of two returns is compared. Before it, somebody writes to the copy that the template
/// is compared by, past Proofmark: for the comparison it is the returned database that differs.
const SPOILT: &str = "\
ask() { psql \"$DATABASE_URL~$1\" -XAtqc \"$2\"; }
edited=$(ask edits 'SELECT current_database()')
ask edits \"UPDATE shelf SET label = 'edited'\"
psql \"$PROOFMARK_URL\" -Xqc \"RETURN 'edits'\"
own=$(ask reads 'SELECT current_database()')
export PGHOST=$(ask reads 'SHOW unix_socket_directories' | tr -d '\"') PGPORT=$(ask reads 'SHOW port')
export PGUSER=$(ask reads 'SELECT current_user')
direct() { psql -XAtq -d \"$1\" -c \"$2\"; }
until [ \"$(direct $edited 'SELECT label FROM shelf')\" = first ]; do sleep 0.05; done
copies=\"SELECT datname FROM pg_database WHERE datname ~ '^proofmark_shop_'\"
for copy in $(ask reads \"$copies\"); do
    [ $copy = $own ] || direct $copy \"INSERT INTO shelf VALUES (99, 'past')\"
done
psql \"$PROOFMARK_URL\" -Xqc \"RETURN 'reads'\"
";

#[test]
fn a_database_that_differs_from_its_template_fails_the_run_with_its_test_and_table() {
    if !has(&["psql"]) {
        return;
    }
    let configuration = format!("verify_every = 2\n{CONFIGURATION}");
    let project = Project::new(SPOILT).file("proofmark.toml", &configuration);
    let ran = project.run(&["run", "--ready", "1"]).ends_with(10);
    let report = project.report();
    assert_eq!(report["outcome"], "not-isolated");
    let differed = &report["isolation"]["differed"][0];
    assert_eq!(differed["test"], "reads", "{report}");
    assert_eq!(differed["what"], "table public.shelf");
    assert_eq!(differed["detail"], "1 row instead of 2");
    let told = "isolation: shop differs from its template after reads";
    assert!(ran.out.contains(told), "{}", ran.out);
    project.run(&["report"]).ends_with(10);
}
