//! Talking to the person: results to standard output, progress and failures to standard error.

use std::io::Write as _;

use clap::builder::styling::{AnsiColor, Style};

/// A line of the result.
pub(crate) fn result(text: &str) {
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    // Nobody is left to tell when standard output is closed.
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// A line of the result with a name in front: `    API  http://127.0.0.1:8080/v1`.
pub(crate) fn named(name: &str, text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    result(&format!("{style}{name:>10}{style:#}  {text}"));
}

/// A line of progress.
pub(crate) fn progress(verb: &str, text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    error_line(&format!("{style}{verb:>10}{style:#}  {text}"));
}

/// Why the command ends, and what to do about it.
pub(crate) fn failure(what: &str, help: Option<&str>) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    error_line(&format!("{style}{:>10}{style:#}  {what}", "failed"));
    if let Some(help) = help {
        error_line(&format!("{:>10}  {help}", "help"));
    }
}

fn error_line(text: &str) {
    let mut error = anstream::AutoStream::auto(std::io::stderr().lock());
    // As above.
    drop(writeln!(error, "{text}").and_then(|()| error.flush()));
}
