//! The forms of a report, and the files that hold them.
//!
//! In: a report. Out: its text in one form, or a file for each form that is wanted.
//!
//! **Invariant**: a file is either the old one or the new one, never a part of one.

use std::io;
use std::path::{Path, PathBuf};

use proofmark::config::ReportFormat;
use proofmark_report::{
    Report, badge, html, junit, lcov, markdown, prometheus, sarif, terminal, to_json,
};

use crate::args::Format;

impl Format {
    /// The form that `proofmark.toml` names.
    pub(crate) fn named(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Html => Self::Html,
            ReportFormat::Json => Self::Json,
            ReportFormat::Junit => Self::Junit,
            ReportFormat::Sarif => Self::Sarif,
            ReportFormat::Markdown => Self::Markdown,
            ReportFormat::Lcov => Self::Lcov,
            ReportFormat::Prometheus => Self::Prometheus,
            ReportFormat::Badge => Self::Badge,
        }
    }

    /// The name of a run's file in this form.
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Text => "report.txt",
            Self::Json => "report.json",
            Self::Html => "report.html",
            Self::Junit => "junit.xml",
            Self::Sarif => "report.sarif",
            Self::Markdown => "report.md",
            Self::Lcov => "lcov.info",
            Self::Prometheus => "report.prom",
            Self::Badge => "badge.svg",
        }
    }
}

/// The report in one form; `base` is only compared where the form has a place for that.
pub(crate) fn text(
    report: &Report,
    format: Format,
    options: &terminal::Options,
    base: Option<&Report>,
) -> String {
    match format {
        Format::Text => terminal::render(report, options),
        Format::Json => to_json(report),
        Format::Html => html::render(report),
        Format::Junit => junit::render(report),
        Format::Sarif => sarif::render(report),
        Format::Markdown => markdown::render(report, base),
        Format::Lcov => lcov::render(report),
        Format::Prometheus => prometheus::render(report),
        Format::Badge => badge::render(report),
    }
}

/// Writes `text` to `path` at once.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    replace(path, |file| io::Write::write_all(file, text.as_bytes()))
}

/// Replaces the file at `path` by what `fill` writes, or leaves it as it was. What is no ordinary
/// file (a pipe, `/dev/stdout`) is written to as it is.
pub(crate) fn replace(
    path: &Path,
    fill: impl FnOnce(&mut std::fs::File) -> io::Result<()>,
) -> io::Result<()> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return fill(&mut std::fs::OpenOptions::new().write(true).open(path)?);
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.tmp", std::process::id()));
    let partial = PathBuf::from(partial);
    let written = std::fs::File::create(&partial)
        .and_then(|mut file| fill(&mut file))
        .and_then(|()| std::fs::rename(&partial, path));
    if written.is_err() {
        // What could not be created is not there; what is there is half a file.
        drop(std::fs::remove_file(&partial));
    }
    written
}
