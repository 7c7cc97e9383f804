//! The databases of failed tests: listed, opened, and put away again.

use std::path::Path;

use expect_test::expect;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::machine::{has, until};
use crate::project::Project;

/// Two tests fail and one passes.
const SUITE: &str = "\
for name in cart_adds cart_empties orders_ship; do
    psql \"$DATABASE_URL~$name\" -qc \"INSERT INTO item VALUES (1, 1, '$name', 1, 1)\"
done
psql \"$PROOFMARK_URL\" -qc \"RETURN 'cart_adds' FAILED\"
psql \"$PROOFMARK_URL\" -qc \"RETURN 'cart_empties' FAILED\"
psql \"$PROOFMARK_URL\" -qc \"RETURN 'orders_ship'\"
exit 1
";

/// A project in which that has happened.
fn failed() -> Project {
    let project = Project::new(SUITE);
    let ran = project.run(&["run"]).ends_with(4);
    assert!(ran.out.contains("proofmark psql"), "the report says how to look: {}", ran.out);
    project
}

#[test]
fn databases_of_failed_tests_are_listed_and_opened() {
    if !has(&["psql"]) {
        return;
    }
    let project = failed();
    let listed = project.run(&["psql"]).ends_with(0).out;
    let tests: Vec<&str> = listed.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    assert_eq!(tests, ["cart_adds", "cart_empties"]);

    let query = ["-Atc", "SELECT name FROM item"];
    let ran = project.run(&["psql", "cart_adds", "--", query[0], query[1]]).ends_with(0);
    assert_eq!(ran.out, "cart_adds\n");
    assert!(ran.err.contains(" Opening "), "{}", ran.err);

    // Looking changes nothing.
    let ran = project.run(&["psql", "cart_adds", "--", "-qc", "DELETE FROM item"]);
    ran.ends_with(0);
    let name = listed.lines().next().unwrap().split("  ").next().unwrap();
    let ran = project.run(&["--quiet", "psql", name, "--", query[0], query[1]]).ends_with(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("cart_adds\n", ""));
}

#[test]
fn a_part_of_a_name_is_enough_if_only_one_has_it() {
    if !has(&["psql"]) {
        return;
    }
    let project = failed();
    let ran = project.run(&["psql", "empties", "--", "-Atc", "SELECT name FROM item"]);
    assert_eq!(ran.ends_with(0).out, "cart_empties\n");

    let ran = project.run(&["psql", "cart"]).ends_with(2);
    let said: String = ran.err().split_inclusive('\n').map(without_run).collect();
    expect![[r#"
        fatal: several kept databases match `cart`
        help: proofmark psql proofmark_shop_[RUN]  # cart_adds
        help: proofmark psql proofmark_shop_[RUN]  # cart_empties
    "#]]
    .assert_eq(&said);

    let ran = project.run(&["psql", "no_such_test"]).ends_with(2);
    expect![[r#"
        fatal: no kept database is called `no_such_test`
        help: proofmark psql lists those that are kept
    "#]]
    .assert_eq(&ran.err());
    let ran = project.run(&["url", "no_such_test"]).ends_with(2);
    assert!(ran.err.contains("no kept database is called `no_such_test`"), "{}", ran.err);
}

/// `proofmark_shop_3872b0_1` without what is different each time.
fn without_run(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.strip_prefix("proofmark_shop_") {
        Some(_) if word.ends_with('\n') => "proofmark_shop_[RUN]\n",
        Some(_) => "proofmark_shop_[RUN]",
        None => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_kept_database_is_told_even_if_the_suite_says_that_it_passed() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(&SUITE.replace("exit 1", "exit 0"));
    let ran = project.run(&["run", "--quiet"]).ends_with(0);
    let told = ran.out.lines().filter(|line| line.contains("proofmark psql proofmark_shop_"));
    assert_eq!(told.count(), 2, "{}", ran.out);
}

#[test]
fn nothing_kept_is_said_so() {
    let ran = Project::new("true").run(&["psql"]).ends_with(0);
    assert_eq!(ran.out, "no database is kept: no test has failed\n");
}

#[test]
fn the_url_of_a_kept_database_works_until_its_server_is_ended() {
    if !has(&["psql"]) {
        return;
    }
    let project = failed();
    let ran = project.run(&["url", "cart_adds", "--minutes", "1"]).ends_with(0);
    let url = ran.out.trim();
    let holder = holder_in(project.root());
    let mut psql = std::process::Command::new("psql");
    let answer = psql.args([url, "-XAtc", "SELECT name FROM item"]).output().unwrap();
    nix::sys::signal::killpg(Pid::from_raw(holder), Signal::SIGTERM).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "cart_adds\n", "{url}");
    let socket = url.split("host=").nth(1).unwrap().split('&').next().unwrap();
    let socket = socket.replace("%2F", "/");
    let run_directory = Path::new(&socket).parent().unwrap();
    let run = run_directory.file_name().unwrap().to_string_lossy().into_owned();
    until("the server's directory is gone", || !run_directory.exists());
    project.nothing_is_left_of(&run);
}

/// The process behind `proofmark url` that was started in `directory`; it leads a group.
fn holder_in(directory: &Path) -> i32 {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("there is a /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_holder = arguments.split(|byte| *byte == 0).any(|argument| argument == b"hold");
        let here = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory);
        if is_holder && here {
            found.push(pid);
        }
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

#[test]
fn ctrl_c_in_psql_cancels_its_query_and_not_its_server() {
    if !has(&["psql"]) {
        return;
    }
    let project = failed();
    project.write("look.sql", "\\! touch begun\nSELECT pg_sleep(600);\n");
    let running = project.spawn(&["psql", "cart_adds", "--", "-f", "look.sql"]);
    until("psql has begun", || project.path("begun").exists());
    until("the query is cancelled", || {
        // As the terminal would, to both; again until psql is in the query.
        nix::sys::signal::killpg(Pid::from_raw(running.pid()), Signal::SIGINT).unwrap();
        running.has_said("canceling statement due to user request")
    });
    // psql fails, because a script was cancelled; we end by ourselves, not by the signal.
    running.finish().ends_with(2);
}
