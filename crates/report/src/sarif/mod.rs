//! The findings as SARIF, for code scanning: an alert on the line of the migration.
//!
//! In: a report. Out: a SARIF 2.1.0 log
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
//!
//! **Invariant:** paths are relative to the repository; a finding keeps its fingerprint from run
//! to run, so that an alert is neither closed nor opened by a change elsewhere.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::terminal::visible;
use crate::{Excerpt, Finding, Outcome, Report, Severity};

/// The report as a SARIF log.
#[expect(clippy::missing_panics_doc, reason = "it cannot: see the expectation")]
pub fn render(report: &Report) -> String {
    let rules: Vec<&str> = report
        .findings
        .iter()
        .map(|f| f.check.as_str())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Proofmark",
                "version": visible(&report.run.proofmark),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|check| rule(check)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "SRCROOT": {
                "description": { "text": "The directory of proofmark.toml" }
            } },
            "invocations": [{
                "executionSuccessful": !matches!(report.outcome, Outcome::CutOff | Outcome::NothingObserved),
            }],
            "results": report.findings.iter().map(|f| result(f, &rules)).collect::<Vec<_>>(),
        }],
    });
    let text = serde_json::to_string_pretty(&log);
    text.expect("the log has only string keys and whole numbers") + "\n"
}

fn rule(check: &str) -> Value {
    json!({
        "id": visible(check),
        "shortDescription": { "text": visible(&check.replace('-', " ")) },
        "helpUri": format!("{}/blob/main/docs/findings/{}.md", env!("CARGO_PKG_REPOSITORY"), encoded(check)),
    })
}

fn result(finding: &Finding, rules: &[&str]) -> Value {
    let mut text = vec![visible(&finding.title).into_owned(), visible(&finding.label).into_owned()];
    text.extend(finding.notes.iter().map(|note| visible(note).into_owned()));
    let mut result = json!({
        "ruleId": visible(&finding.check),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": { "text": text.join(". ") + "." },
        "locations": finding.declared.iter().map(location).collect::<Vec<_>>(),
        "partialFingerprints": { "proofmarkFinding/v1": visible(&finding.id) },
    });
    let index = rules.iter().position(|check| *check == finding.check);
    if let (Some(index), Some(fields)) = (index, result.as_object_mut()) {
        fields.insert("ruleIndex".to_owned(), index.into());
        if let Some(accepted) = &finding.accepted {
            let why = visible(&accepted.reason);
            let suppression =
                json!([{ "kind": "external", "status": "accepted", "justification": why }]);
            fields.insert("suppressions".to_owned(), suppression);
        }
    }
    result
}

fn location(excerpt: &Excerpt) -> Value {
    let start = place(excerpt, excerpt.start);
    let end = place(excerpt, excerpt.end);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": path(&excerpt.path), "uriBaseId": "SRCROOT" },
        "region": {
            "startLine": start.0,
            "startColumn": start.1,
            "endLine": end.0,
            "endColumn": end.1,
        },
    } })
}

/// Line and column of a byte of the excerpt, both counted from 1, columns in characters.
fn place(excerpt: &Excerpt, at: usize) -> (usize, usize) {
    let before = excerpt.text.get(..at).unwrap_or(&excerpt.text);
    let line = excerpt.first_line + before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (line.max(1), column + 1)
}

/// A path as a relative URI: never absolute, never above the root.
fn path(path: &str) -> String {
    let parts = path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    parts.map(encoded).collect::<Vec<_>>().join("/")
}

/// RFC 3986, section 2.3: everything but unreserved characters as `%` and two digits.
fn encoded(text: &str) -> String {
    let mut uri = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            uri.push(char::from(byte));
        } else {
            let digit = |of: u8| char::from(b"0123456789ABCDEF"[usize::from(of)]);
            uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_root_and_is_a_uri() {
        assert_eq!(path("/etc/../a b/ü.sql"), "etc/a%20b/%C3%BC.sql");
        assert_eq!(path("./migrations/1.sql"), "migrations/1.sql");
        assert_eq!(path("c:\\x\\1.sql"), "c%3A/x/1.sql");
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let text = "é a\n  check".to_owned();
        let end = text.len();
        let at = Excerpt { path: String::new(), first_line: 7, line: 7, text, start: 3, end };
        assert_eq!((place(&at, at.start), place(&at, at.end)), ((7, 3), (8, 8)));
    }
}
