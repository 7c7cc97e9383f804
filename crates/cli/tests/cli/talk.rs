//! Quiet, colour, and where output goes.

use crate::project::Project;

#[test]
fn quiet_says_nothing_but_the_report() {
    let ran = Project::new("true").run(&["run", "--quiet"]).ends_with(3);
    assert_eq!(ran.err, "");
    assert!(!ran.out.is_empty());
}

#[test]
fn a_pipe_gets_no_colours() {
    let ran = Project::new("true").run(&["run"]).ends_with(3);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{}{}", ran.out, ran.err);
}

#[test]
fn colours_can_be_forced_and_files_have_none() {
    let project = Project::new("true");
    let ran = project.run(&["run", "--color", "always"]).ends_with(3);
    assert!(ran.out.contains("\u{1b}["), "{}", ran.out);
    assert!(ran.err.contains("\u{1b}["), "{}", ran.err);
    assert!(!project.latest("report.txt").contains('\u{1b}'));
    let ran = project.run(&["report", "--color", "always"]).ends_with(3);
    assert!(ran.out.contains("\u{1b}["), "{}", ran.out);
}

#[test]
fn an_argument_outweighs_no_color_and_never_is_never() {
    let project = Project::new("true").env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1");
    let ran = project.run(&["run", "--color", "never"]).ends_with(3);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{}{}", ran.out, ran.err);
    let project = Project::empty().env("CLICOLOR_FORCE", "1");
    let ran = project.run(&["run", "--color", "never"]).ends_with(2);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
    let project = Project::empty().env("NO_COLOR", "1");
    let ran = project.run(&["run"]).ends_with(2);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
}
