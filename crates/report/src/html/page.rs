//! The page: its parts put into the template.
//!
//! In: a report. Out: HTML.
//!
//! **Invariant:** style and script are part of the page, and the policy names exactly that script.

use std::io::Write as _;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::figures::{Large, Row as KindRow, large, rows};
use super::findings::{Shown, Sum, findings, sums};
use super::migrations::{File, files};
use super::promises::{Group, groups};
use super::runs::{Fact, Slow, environment, slowest_leases, slowest_tests};
use super::states::{Diagram, diagrams};
use super::timeline::{Timeline, timelines};
use super::verdict::{Verdict, verdict};
use crate::Report;
use crate::escape::prose;
use crate::number::{counted, moment};
use crate::terminal::visible;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Bytes of JSON that the page carries, compressed; of more it only says where they are.
const EMBEDDED_MAX: usize = 8 << 20;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    title: String,
    command: String,
    when: String,
    verdict: Verdict,
    large: Vec<Large>,
    kinds: Vec<KindRow>,
    findings: Vec<Shown>,
    more_findings: usize,
    all_findings: usize,
    sums: Vec<Sum>,
    kept: Vec<(String, String)>,
    broken: Vec<(String, String, Vec<String>)>,
    files: Vec<File>,
    groups: Vec<Group>,
    diagrams: Vec<Diagram>,
    timelines: Vec<Timeline>,
    slow_tests: Vec<Slow>,
    slow_leases: Vec<Slow>,
    unattributed: Vec<(String, String, String)>,
    left: Vec<(String, String)>,
    facts: Vec<Fact>,
    notes: Vec<String>,
    json: Option<String>,
}

/// The report as one file of HTML.
#[expect(clippy::missing_panics_doc, reason = "it cannot: see the expectation")]
pub fn render(report: &Report) -> String {
    let (findings, more_findings) = findings(report);
    let shown = |text: &str| visible(text).into_owned();
    let verdict = verdict(report);
    let page = Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        title: format!("{}: {}", verdict.word, shown(&report.run.command)),
        command: shown(&report.run.command),
        when: moment(report.run.started_at_unix_ms),
        verdict,
        large: large(report),
        kinds: rows(report),
        all_findings: findings.len() + more_findings,
        findings,
        more_findings,
        sums: sums(report),
        kept: report.kept.iter().map(|kept| (shown(&kept.test), shell(&kept.database))).collect(),
        broken: broken(report),
        files: files(report),
        groups: groups(report),
        diagrams: diagrams(report),
        timelines: timelines(report),
        slow_tests: slowest_tests(report),
        slow_leases: slowest_leases(report),
        unattributed: unattributed(report),
        left: report.left.iter().map(|left| (shown(&left.test), prose(&left.what))).collect(),
        facts: environment(report),
        notes: report.notes.iter().map(|note| prose(note)).collect(),
        json: embedded(report),
    };
    page.render().expect("the template writes to memory")
}

/// What the page may do: show its own style, run its own script, and nothing else.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The report as JSON, compressed: it is half of what the page weighs otherwise.
fn embedded(report: &Report) -> Option<String> {
    let json = crate::json::to_compact_json(report);
    (json.len() <= EMBEDDED_MAX).then(|| STANDARD.encode(compressed(json.as_bytes())))
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("memory takes every byte")
}

/// A word for a shell to read as it is.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    visible(&format!("'{}'", word.replace('\'', r"'\''"))).into_owned()
}

fn broken(report: &Report) -> Vec<(String, String, Vec<String>)> {
    let broken = report.invariants.broken.iter();
    broken
        .map(|one| {
            let title = prose(&format!("`{}` after {}", one.invariant, one.test));
            let mut rows: Vec<String> = one.rows.iter().map(|row| visible(row).into()).collect();
            rows.extend(one.error.iter().map(|error| visible(error).into_owned()));
            rows.extend(one.more.then(|| "and more rows".to_owned()));
            (title, visible(&one.must_hold).into(), rows)
        })
        .collect()
}

fn unattributed(report: &Report) -> Vec<(String, String, String)> {
    let refusals = report.unattributed.iter();
    refusals
        .map(|refusal| {
            let times = counted(refusal.times, "time", "times");
            let statement = refusal.statement.as_deref().unwrap_or_default();
            (
                format!("{} {times}", visible(&refusal.sqlstate)),
                prose(&refusal.why),
                visible(statement).into(),
            )
        })
        .collect()
}
