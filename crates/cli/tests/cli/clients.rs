//! PostgreSQL's own programs through the proxy.

use crate::machine::{has, skipped};
use crate::project::Project;

/// Runs `script` as a suite, which must pass; its standard output without the report.
#[track_caller]
fn passes(script: &str) -> Project {
    let project = Project::new(script);
    project.run(&["run", "--quiet"]).ends_with(0);
    project
}

#[test]
fn psql_copies_in_and_out() {
    if !has(&["psql"]) {
        return;
    }
    let project = passes(
        "printf '1,1,bolt,3,5\\n2,1,nut,4,6\\n' >in.csv\n\
         psql \"$DATABASE_URL\" -q -v ON_ERROR_STOP=1 \
              -c \"\\copy item from 'in.csv' csv\" -c \"\\copy item to 'out.csv' csv\"\n",
    );
    assert_eq!(project.text("out.csv"), project.text("in.csv"));
    let returned = &project.records("lease_returned")[0];
    assert_eq!(returned["written"][0]["inserted"], 2, "{returned}");
}

#[test]
fn a_copy_that_breaks_a_promise_is_refused_by_name() {
    if !has(&["psql"]) {
        return;
    }
    let project = passes(
        "printf '1,1,bolt,3,5\\n2,1,nut,0,6\\n' >in.csv\n\
         ! psql \"$DATABASE_URL\" -q -v ON_ERROR_STOP=1 -c \"\\copy item from 'in.csv' csv\"\n",
    );
    let refused = &project.records("refused")[0];
    assert_eq!(refused["refusal"]["constraint"], "item_quantity_positive", "{refused}");
}

#[test]
fn fifty_megabytes_are_copied_through() {
    if !has(&["psql", "awk"]) {
        return;
    }
    let project = passes(
        "awk 'BEGIN { pad = sprintf(\"%1000s\", \"\"); gsub(/ /, \"x\", pad);\n\
              for (i = 1; i <= 50000; i++) print i \",1,\" pad \",1,1\" }' >big.csv\n\
         psql \"$DATABASE_URL\" -q -v ON_ERROR_STOP=1 -c \"\\copy item from 'big.csv' csv\" \
              -c \"\\copy (select * from item order by id) to 'out.csv' csv\"\n\
         cmp big.csv out.csv\nrm big.csv out.csv\n",
    );
    assert_eq!(project.records("lease_returned")[0]["written"][0]["live"], 50_000);
}

#[test]
fn ctrl_c_in_psql_cancels_the_query_on_the_server() {
    if !has(&["psql"]) {
        return;
    }
    let project = passes(
        "psql \"$DATABASE_URL\" -c 'SELECT pg_sleep(600)' >said 2>&1 &\n\
         psql=$!\n\
         sleeping=\"SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'\"\n\
         until [ \"$(psql \"$DATABASE_URL\" -Atc \"$sleeping\")\" = 1 ]; do sleep 0.05; done\n\
         kill -INT $psql\n\
         ! wait $psql\n\
         [ \"$(psql \"$DATABASE_URL\" -Atc \"$sleeping\")\" = 0 ]\n",
    );
    assert!(project.text("said").contains("canceling statement due to user request"));
}

#[test]
fn pg_dump_and_pg_restore_work_with_several_jobs() {
    if !has(&["psql", "pg_dump", "pg_restore"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item SELECT i, 1, 'bolt ' || i, 1, 1 \
              FROM generate_series(1, 500) i\"\n\
         pg_dump \"$DATABASE_URL\" >plain.sql\n\
         pg_dump -Fd -j 3 -f dump \"$DATABASE_URL\"\n\
         pg_restore --clean --if-exists -j 3 -d \"$DATABASE_URL~restored\" dump\n\
         pg_dump \"$DATABASE_URL~restored\" >restored.sql\n",
    );
    let ran = project.run(&["run", "--quiet"]);
    // pg_dump knows no server newer than itself; pg_restore of 17 sets what an older one lacks.
    let mismatches = ["server version mismatch", "unrecognized configuration parameter"];
    if mismatches.iter().any(|mismatch| ran.err.contains(mismatch)) {
        return skipped(&format!("pg_dump and the server are of different versions: {}", ran.err));
    }
    ran.ends_with(0);
    let lines = |name: &str| {
        let text = project.text(name);
        // Newer versions write a random key into the file.
        let kept = text.lines().filter(|line| !line.starts_with('\\') || *line == "\\.");
        kept.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(lines("plain.sql").iter().any(|line| line.contains("\tbolt 500\t")));
    assert_eq!(lines("plain.sql"), lines("restored.sql"));
    assert_eq!(project.records("lease_given").len(), 2);
}

#[test]
fn connections_of_one_test_see_each_other_s_commits() {
    if !has(&["psql"]) {
        return;
    }
    let project = passes(
        "pids=\n\
         for i in 1 2 3 4 5 6 7 8; do\n\
             psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES ($i, 1, 'bolt', 1, 1)\" &\n\
             pids=\"$pids $!\"\n\
         done\n\
         for pid in $pids; do wait $pid; done\n\
         [ \"$(psql \"$DATABASE_URL\" -Atc 'SELECT count(*) FROM item')\" = 8 ]\n",
    );
    assert_eq!(project.records("lease_given").len(), 1);
}

#[test]
fn the_variables_of_libpq_lead_to_the_proxy_too() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new("psql -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n")
        .env("PGHOSTADDR", "192.0.2.1")
        .env("PGPASSWORD", "hunter2")
        .env("PGOPTIONS", "-c statement_timeout=60s")
        .env("PGSSLMODE", "verify-full");
    project.run(&["run", "--quiet"]).ends_with(0);
    assert_eq!(project.records("lease_returned").len(), 1);
}

#[test]
fn what_cargo_says_of_this_program_does_not_reach_the_suite() {
    let told = "echo name ${CARGO_PKG_NAME-none}, place ${CARGO_MANIFEST_DIR-none} >&2\n";
    let of = |package: &str| {
        let project = Project::new(told)
            .env("CARGO_PKG_NAME", package)
            .env("CARGO_MANIFEST_DIR", "/somewhere");
        project.run(&["run", "--quiet"]).err
    };
    let ours = of("proofmark-cli");
    assert!(ours.contains("name none, place none"), "{ours}");
    // A build script or a test of the user's own that starts us is described to its suite.
    let theirs = of("another");
    assert!(theirs.contains("name another, place /somewhere"), "{theirs}");
}
