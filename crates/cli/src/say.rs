//! Talking to the person who waits.
//!
//! In: lines. Out: standard error in the grammar of lines that the report has too: a verb of
//! twelve columns, right-aligned, then the rest. Standard output is left to the suite and the
//! report.
//!
//! **Invariant**: colour is never the only sign, and with `--quiet` only failures are heard.

use std::io::{IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};

use crate::args::Color;

/// Where and how to say things.
#[derive(Debug, Clone)]
pub(crate) struct Say {
    quiet: bool,
    choice: anstream::ColorChoice,
}

/// What kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Plain,
    Warning,
    Failure,
}

impl Say {
    pub(crate) fn new(quiet: bool, color: Color) -> Self {
        let choice = match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        Self { quiet, choice }
    }

    /// Whether text on standard output may be coloured.
    pub(crate) fn color_on_stdout(&self) -> bool {
        anstream::AutoStream::new(std::io::stdout(), self.choice).current_choice()
            != anstream::ColorChoice::Never
    }

    /// A progress line: `    Template shop@9c1e built in 412 ms`.
    pub(crate) fn line(&self, verb: &str, text: &str) {
        if !self.quiet {
            self.verb(Mood::Plain, verb, text);
        }
    }

    /// A line that is said even with `--quiet`.
    pub(crate) fn loud(&self, mood: Mood, verb: &str, text: &str) {
        self.verb(mood, verb, text);
    }

    fn verb(&self, mood: Mood, verb: &str, text: &str) {
        let color = match mood {
            Mood::Plain => AnsiColor::Green,
            Mood::Warning => AnsiColor::Yellow,
            Mood::Failure => AnsiColor::Red,
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        self.text(&format!("{style}{verb:>12}{style:#} {text}\n"));
    }

    /// `fatal: ...` and what belongs to it.
    pub(crate) fn text(&self, text: &str) {
        let mut stderr = anstream::AutoStream::new(std::io::stderr().lock(), self.choice);
        // Nobody is left to tell when standard error is closed.
        drop(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()));
    }

    /// The title of the terminal's window, where there is one: progress that does not get between
    /// the lines of the suite.
    pub(crate) fn title(&self, text: &str) {
        if !self.quiet && std::io::stderr().is_terminal() {
            let mut stderr = std::io::stderr().lock();
            drop(write!(stderr, "\x1b]0;{text}\x07").and_then(|()| stderr.flush()));
        }
    }

    /// Whether progress has to come as lines because there is no title to show it in.
    pub(crate) fn progress_in_lines(&self) -> bool {
        !self.quiet && !std::io::stderr().is_terminal()
    }
}
