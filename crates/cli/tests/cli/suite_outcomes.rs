//! What became of the suite: exit codes 0, 3 and 4, and the report in each case.

use expect_test::expect;

use crate::machine::has;
use crate::project::Project;

#[test]
fn a_suite_that_passes_ends_with_zero_and_its_output_comes_through() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         echo to standard output\necho to standard error >&2\n",
    );
    let ran = project.run(&["run", "--color", "never"]).ends_with(0);
    assert!(ran.out.starts_with("to standard output\n"), "{}", ran.out);
    assert!(ran.err.contains("to standard error\n"), "{}", ran.err);
    assert!(ran.out.ends_with(&project.latest("report.txt")), "{}", ran.out);
    assert_eq!(project.report()["outcome"], "passed");
    assert_eq!(project.report()["run"]["exit_code"], 0);
}

#[test]
fn progress_is_told_in_lines_of_one_form() {
    let project = Project::new("true");
    project.run(&["run", "--quiet"]);
    let ran = project.run(&["run"]).ends_with(3);
    expect![[r#"
        it says
              Server PostgreSQL [VERSION] ([ORIGIN]) up in [N] ms
            Template shop@[KEY] reused
             Running sh -eu suite.sh
              Report [PROJECT]/.proofmark/runs/[RUN]/report.html
    "#]]
    .assert_eq(&ran.progress());
}

#[test]
fn a_suite_that_fails_has_its_code_printed_and_its_report_written() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\nexit 77\n",
    );
    let ran = project.run(&["run"]).ends_with(4);
    assert!(ran.out.contains("`sh -eu suite.sh` ended with exit code 77"), "{}", ran.out);
    assert_eq!(project.report()["run"]["exit_code"], 77);
    assert!(project.latest("report.txt").contains("exit code 77"));
}

#[test]
fn a_suite_that_passes_but_breaks_an_invariant_fails_the_gate() {
    if !has(&["psql"]) {
        return;
    }
    let insert = "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n";
    let configuration = "command = [\"sh\", \"-eu\", \"suite.sh\"]\n[postgres]\nurl = \"private\"\n\
         [database.shop]\nmigrations = \"migrations\"\ninvariants = \"rules\"\n";
    let project = Project::new(insert)
        .file("proofmark.toml", configuration)
        .file("rules/no_bolts.sql", "-- Must hold: bolts are not sold\nSELECT name FROM item\n");
    let ran = project.run(&["run"]).ends_with(10);
    assert!(ran.out.contains("Broken invariant no_bolts after "), "{}", ran.out);
    assert!(ran.out.contains("must hold: bolts are not sold"), "{}", ran.out);
    assert!(ran.out.contains("name: bolt"), "{}", ran.out);
    let report = project.report();
    assert_eq!(report["outcome"], "invariant-broken");
    assert_eq!(report["invariants"]["checked"], 1);
    assert_eq!(report["invariants"]["broken"][0]["rows"][0], "name: bolt");
    assert_eq!(report["kept"].as_array().unwrap().len(), 1);
    project.run(&["report"]).ends_with(10);

    // The suite's own failure weighs more, and the rows are shown all the same.
    project.write("suite.sh", &format!("{insert}exit 7\n"));
    let ran = project.run(&["run"]).ends_with(4);
    assert!(ran.out.contains("name: bolt"), "{}", ran.out);
}

#[test]
fn a_suite_that_a_signal_ended_is_told_with_the_signal() {
    let project = Project::new("kill -SEGV $$\n");
    let ran = project.run(&["run"]).ends_with(4);
    assert!(ran.out.contains("SIGSEGV") || ran.out.contains("signal 11"), "{}", ran.out);
    assert_eq!(project.report()["run"]["signal"], 11);
}

#[test]
fn a_command_that_does_not_exist_starts_no_server() {
    let project = Project::new("true");
    let ran = project.run(&["run", "--", "no-such-command", "--verbose"]).ends_with(3);
    expect![[r#"
        fatal: nothing was observed: the command `no-such-command` does not exist
        help: is it spelled right, installed, and on PATH?
        help: an option for Proofmark goes before the two dashes: proofmark run -- no-such-command
        help: a shell's own syntax needs a shell: proofmark run -- sh -c '...'
    "#]]
    .assert_eq(&ran.err());
    assert!(!project.path(".proofmark/latest/server.log").exists());
}

#[test]
fn a_file_that_is_no_program_cannot_be_the_command() {
    let project = Project::new("true");
    project.script("notes.txt", "#!/no/such/interpreter\n");
    let ran = project.run(&["run", "--quiet", "--", "./notes.txt"]).ends_with(3);
    expect![[r#"
        fatal: nothing was observed: the command `./notes.txt` could not be started
          because: No such file or directory (os error 2)
        help: is it a program for this machine, or a script whose interpreter is installed?
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn a_suite_that_never_connects_is_told_the_likeliest_reasons() {
    let project = Project::new("true");
    let ran = project.run(&["run", "--quiet"]).ends_with(3);
    let out = ran.out();
    let head: Vec<&str> = out.lines().take(9).collect();
    expect![[r#"
        ────────────
             NOTHING the suite never connected through the proxy; nothing is known about 12 promises
                     the most likely reasons:
                     1. the suite takes its database from elsewhere: a file, a constant, another variable
                        let it read DATABASE_URL, or name its variable as `env` of the database in proofmark.toml
                     2. the suite starts a database of its own, such as a container
                        switch that off when DATABASE_URL is set
                     3. no test ran, or none of those that ran needs a database
                        run the command alone and count its tests
    "#]].assert_eq(&format!("{}\n", head.join("\n")));
    assert_eq!(project.latest("report.txt"), ran.out);
    assert_eq!(project.report()["outcome"], "nothing-observed");
}

#[test]
fn a_command_of_the_command_line_runs_where_it_was_typed() {
    let project = Project::new("true").file("deep/inside/here.txt", "");
    let mut command = project.command(&["run", "--quiet", "--", "sh", "-c", "pwd > ../place"]);
    command.current_dir(project.path("deep/inside"));
    project.start(&mut command).finish().ends_with(3);
    assert!(project.text("deep/place").trim().ends_with("deep/inside"));

    project.script("deep/inside/suite", "#!/bin/sh\npwd >../second\n");
    let mut command = project.command(&["run", "--quiet", "--", "./suite"]);
    command.current_dir(project.path("deep/inside"));
    project.start(&mut command).finish().ends_with(3);
    assert!(project.text("deep/second").trim().ends_with("deep/inside"));
}

#[test]
fn the_command_reads_our_standard_input() {
    let project = Project::new("true").file("input", "from outside\n");
    let mut command = project.command(&["run", "--quiet", "--", "sh", "-c", "cat >copy"]);
    let input = std::fs::File::open(project.path("input")).unwrap();
    let status = command.stdin(input).stdout(std::process::Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(3));
    assert_eq!(project.text("copy"), "from outside\n");
}
