//! The help of every verb, which is also the page of the reference.

use std::fmt::Write as _;

use expect_test::expect_file;

use crate::project::Project;

const HEAD: &str = "\
# The command line

What `proofmark --help` and the help of each verb say; a test keeps this page equal to them
(`UPDATE_EXPECT=1 cargo test -p proofmark-cli` writes it).

Exit codes, flags and the JSON report are an interface; what is printed for people is not.
";

#[test]
fn the_reference_shows_the_help_of_every_verb() {
    let project = Project::empty();
    let mut page = HEAD.to_owned();
    let verbs = [
        "", "run", "serve", "init", "report", "merge", "affected", "review", "explain", "doctor",
        "psql", "url",
    ];
    for verb in verbs {
        let arguments: Vec<&str> =
            [verb, "--help"].into_iter().filter(|one| !one.is_empty()).collect();
        let ran = project.run(&arguments).ends_with(0);
        assert_eq!(ran.err, "");
        let title = format!("proofmark {verb}");
        write!(page, "\n## {}\n\n```text\n{}```\n", title.trim(), ran.out()).unwrap();
    }
    expect_file!["../../../../docs/reference/command-line.md"].assert_eq(&page);
}

#[test]
fn the_short_help_and_the_version_are_there() {
    let project = Project::empty();
    assert!(project.run(&["-h"]).ends_with(0).out.contains("proofmark init"));
    let version = project.run(&["--version"]).ends_with(0).out;
    assert_eq!(version.trim(), format!("proofmark {}", env!("CARGO_PKG_VERSION")));
    let ran = project.run(&[]).ends_with(2);
    assert!(ran.err.contains("Usage: proofmark"), "{}", ran.err);
}
