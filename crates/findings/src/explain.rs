//! What a person may ask about a check, as a page.
//!
//! In: a check. Out: Markdown: the page `docs/findings/<id>.md` and what `proofmark explain`
//! prints.
//!
//! **Invariant:** every page has the same parts in the same order, and says nothing that is not in
//! the check's own file.

use std::fmt::Write as _;

use crate::{CHECKS, Check, Scenario, Severity};

/// The page of a check, ending in a line feed.
pub fn page(check: &Check) -> String {
    let severity = match check.severity {
        Severity::Error => "An error.",
        Severity::Warning => "A warning: it counts for `new_findings` of the gate.",
        Severity::Note => "A note: it does not count for the gate.",
    };
    let mut page = format!("# {}\n\n{}.\n{severity}\n", check.id, check.what);
    let parts = [
        ("Why it matters", check.why),
        ("Example", check.example),
        ("What to do", check.what_to_do),
        ("Limits", check.limits),
    ];
    for (title, text) in parts {
        write_part(&mut page, title, text);
    }
    write_scenario(&mut page, &check.scenario);
    write_part(&mut page, "To accept it", check.accept);
    let fence = "sh not-ci=\"needs a finding\"";
    let command = format!(
        "proofmark review --accept '{}:DATABASE:SUBJECT' --reason \"why\" --until 2027-06-30\n",
        check.id
    );
    write_code(&mut page, fence, &command);
    page
}

/// The list of all checks, ending in a line feed.
pub fn index() -> String {
    let mut page = "# Findings\n\nWhat Proofmark reports of a finished run, the worst first.\n\
                    `proofmark explain ID` prints the same pages.\n\n\
                    | finding | severity | what it reports |\n|---|---|---|\n"
        .to_owned();
    for check in CHECKS {
        let severity = match check.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let _ = writeln!(page, "| [{0}]({0}.md) | {severity} | {1} |", check.id, check.what);
    }
    page
}

fn write_scenario(page: &mut String, scenario: &Scenario) {
    let run = match scenario.arguments {
        [] => String::new(),
        arguments => format!(", run with `{}`,", arguments.join(" ")),
    };
    let finds = format!(
        "This schema and this suite{run} lead to the finding `{}`; they run as a test.\n\
         `psql` reads what stands below the name of a test, connected as that test.",
        scenario.finds
    );
    write_part(page, "Scenario", &finds);
    for (language, text) in [
        ("sql", scenario.schema),
        ("sql", scenario.invariants),
        ("sql", scenario.suite),
        ("toml", scenario.configuration),
    ] {
        if !text.is_empty() {
            write_code(page, language, text.trim_start());
        }
    }
}

fn write_part(page: &mut String, title: &str, text: &str) {
    let _ = write!(page, "\n## {title}\n\n{}\n", text.trim_end());
}

fn write_code(page: &mut String, language: &str, text: &str) {
    let _ = write!(page, "\n```{language}\n{}\n```\n", text.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/findings/");

    #[test]
    fn the_committed_pages_are_the_current_ones() {
        let pages = CHECKS.iter().map(|check| (check.id, page(check)));
        for (id, text) in pages.chain([("README", index())]) {
            let path = format!("{DOCS}{id}.md");
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "docs/findings/{id}.md: run: cargo xtask generate");
        }
        let files = std::fs::read_dir(DOCS).unwrap().count();
        assert_eq!(files, CHECKS.len() + 1, "docs/findings/ holds a page of no check");
    }

    #[test]
    fn every_check_says_all_that_is_asked() {
        for check in CHECKS {
            let texts = [
                check.what,
                check.why,
                check.example,
                check.what_to_do,
                check.limits,
                check.accept,
            ];
            assert!(texts.iter().all(|text| text.len() > 10), "{} leaves something out", check.id);
            assert!(!check.what.ends_with('.'), "{}", check.id);
            let scenario = &check.scenario;
            assert!(scenario.finds.starts_with(&format!("{}:", check.id)), "{}", check.id);
            assert!(!scenario.schema.is_empty(), "{} has no scenario", check.id);
            let same = CHECKS.iter().filter(|other| other.id == check.id).count();
            assert_eq!(same, 1, "{} is there twice", check.id);
        }
    }
}
