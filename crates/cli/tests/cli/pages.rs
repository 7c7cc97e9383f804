//! `report --base` and `report --open`.

use crate::machine::has;
use crate::project::Project;

const STORES: &str =
    "psql \"$DATABASE_URL~stores\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n";
const REFUSES: &str =
    "! psql \"$DATABASE_URL~refuses\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 0, 1)\"\n";
const ALTERS: &str = "ALTER TABLE shelf ADD CONSTRAINT shelf_short CHECK (length(label) < 9);\n";

#[test]
fn markdown_shows_what_a_branch_has_changed_against_its_base() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(STORES);
    project.run(&["run", "--quiet"]).ends_with(0);
    project.write("main.json", &project.latest("report.json"));
    let markdown = ["report", "--format", "markdown", "--base", "main.json"];
    let ran = project.run(&markdown).ends_with(0);
    assert!(ran.out.contains("Since the base: nothing has changed."), "{}", ran.out);
    project.write("suite.sh", &format!("{STORES}{REFUSES}"));
    project.write("migrations/2_more.sql", ALTERS);
    project.run(&["run", "--quiet"]).ends_with(0);
    let page = project.run(&markdown).ends_with(0).out;
    let since = "1 new finding, 1 no longer there; 1 promise came, 0 went.";
    assert!(page.contains(since), "{page}");
    assert!(page.contains("| CHECK | 1 (+1) | 4 |"), "{page}");
    assert!(page.contains("- <code>public.item.item_quantity_positive</code>"), "{page}");
    assert!(page.contains("- <code>public.shelf.shelf_short</code>"), "{page}");
    // It goes into a file as well, and without a base nothing is compared.
    let output = [&markdown[..], &["--output", "summary.md"]].concat();
    project.run(&output).ends_with(0);
    assert_eq!(project.text("summary.md"), page);
    let alone = project.run(&["report", "--format", "markdown"]).ends_with(0).out;
    assert!(!alone.contains("Since the base"), "{alone}");
}

#[test]
fn a_base_that_is_no_report_of_this_version_is_refused() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(STORES);
    project.run(&["run", "--quiet"]).ends_with(0);
    let report = project.latest("report.json");
    let version = format!("\"version\": {}", project.report()["version"]);
    assert!(report.contains(&version), "the report says its version");
    for (text, why) in [
        ("{}".to_owned(), "it is no report of Proofmark"),
        (report.replacen(&version, "\"version\": 999", 1), "its version is 999"),
        ("{".to_owned(), "the base report main.json cannot be read"),
    ] {
        project.write("main.json", &text);
        let ran = project.run(&["report", "--format", "markdown", "--base", "main.json"]);
        let ran = ran.ends_with(2);
        assert!(ran.err.contains(why) && ran.err.contains("help: give the report.json"), "{why}");
    }
}

#[test]
fn open_writes_the_page_and_shows_it_in_the_browser_of_the_environment() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(STORES);
    project.run(&["run", "--quiet"]).ends_with(0);
    std::fs::remove_file(project.path(".proofmark/latest/report.html")).expect("a run writes it");
    project.script("browser", "#!/bin/sh\nrealpath \"$1\" >opened\n");
    let browser = project.path("browser");
    let open = |browser: &std::path::Path, more: &[&str]| {
        let arguments = [&["report", "--open"], more].concat();
        let mut command = project.command(&arguments);
        project.start(command.env("BROWSER", browser)).finish()
    };
    open(&browser, &[]).ends_with(0);
    let page = project.path(".proofmark/latest/report.html").canonicalize().expect("it is there");
    assert_eq!(project.text("opened").trim(), page.to_string_lossy());
    assert!(project.latest("report.html").starts_with("<!doctype html>"));
    open(&browser, &["--output", "mine.html"]).ends_with(0);
    assert!(project.text("opened").trim().ends_with("/mine.html"));
    assert_eq!(project.text("mine.html"), project.latest("report.html"));
    let ran = open(std::path::Path::new("no-such-browser"), &[]).ends_with(1);
    assert!(ran.err.contains("`no-such-browser` did not open the page"), "{}", ran.err);
    assert!(ran.err.contains("help: open it yourself, or set BROWSER"), "{}", ran.err);
}
