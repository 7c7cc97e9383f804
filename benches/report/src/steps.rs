//! From a trace to every form of its report, step by step.
//!
//! In: a trace. Out: on standard output a line for every step, its milliseconds last, and the
//! most memory that the process held; the files.
//!
//! **Invariant**: the same calls as `proofmark report`, in one process and in its order.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use proofmark_coverage::cover;
use proofmark_findings::{Finished, Rules, Settings};
use proofmark_report::{
    Report, badge, html, junit, lcov, markdown, prometheus, sarif, terminal, to_json,
};
use proofmark_trace::Trace;

/// Writes a report in one form.
type Form = fn(&Report) -> String;

/// Writes all forms of the report of `trace` into the directory `output`.
#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
pub(crate) fn all(trace: &Path, output: &Path) -> Result<()> {
    std::fs::create_dir_all(output)?;
    let begun = Instant::now();
    let bytes = std::fs::metadata(trace)?.len();
    let trace = step("read the trace", || Trace::read(trace))?;
    let coverage = step("match it with the promises", || cover(&trace));
    let report = step("check and judge", || {
        let finished = Finished::with(&trace, &coverage, Settings::default());
        Report::judged(&finished, &Rules::default())
    });
    let forms: [(&str, Form); 9] = [
        ("report.txt", |report| terminal::render(report, &terminal::Options::default())),
        ("report.html", html::render),
        ("report.json", to_json),
        ("junit.xml", junit::render),
        ("report.sarif", sarif::render),
        ("report.md", |report| markdown::render(report, None)),
        ("lcov.info", lcov::render),
        ("report.prom", prometheus::render),
        ("badge.svg", badge::render),
    ];
    let mut written = Vec::new();
    for (name, form) in forms {
        step(&format!("write {name}"), || {
            let text = form(&report);
            written.push((name, text.len()));
            std::fs::write(output.join(name), text)
        })?;
    }
    println!("all, in ms {}", begun.elapsed().as_millis());
    println!("most memory, in MiB {}", most_memory_kib()? / 1024);
    println!("the trace, in KiB {}", bytes / 1024);
    for (name, bytes) in written {
        println!("{name}, in KiB {}", bytes / 1024);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program that prints measurements")]
fn step<T>(what: &str, take: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = take();
    println!("{what}, in ms {}", begun.elapsed().as_millis());
    result
}

/// The most memory that this process has held: `VmHWM` of proc(5).
fn most_memory_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("the kernel does not say how much memory was held")?.parse()?)
}
