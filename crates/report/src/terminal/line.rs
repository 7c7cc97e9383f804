//! The grammar of lines: a verb, a time, what it is about.
//!
//! In: one of the known [`Verb`]s and a text. Out: one line with the verb right-aligned in twelve
//! columns, as nextest and cargo write theirs.
//!
//! **Invariant:** all lines of progress and report come from here, so that they align; a new line
//! means a new verb here and in the one snapshot that covers them.

use std::time::Duration;

use super::style::Tone;
use crate::Kind;

/// Columns of the verb.
const VERB_COLUMNS: usize = 12;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Leftovers of a killed run were removed.
    Swept,
    /// A server or a part of it is being fetched.
    Fetching,
    /// A server is starting or was joined.
    PostgreSql,
    /// Migrations are being applied.
    Migrating,
    /// A template is ready.
    Template,
    /// The proxy takes connections.
    Listening,
    /// The command is starting.
    Running,
    /// So many leases so far.
    Leased,
    /// Something takes longer than it should.
    Slow,
    /// A signal came in.
    Interrupted,
    /// Databases or a server are being taken back.
    Stopping,
    /// The suite passed.
    Passed,
    /// The suite, or a test, failed.
    Failed,
    /// A failed test's database was kept.
    Kept,
    /// Something never tried.
    Gap,
    /// How many promises were refused.
    Refused,
    /// The same for one kind of promise.
    Kind(Kind),
    /// The slowest leases.
    Slowest,
    /// What a test left outside its database.
    Left,
    /// What must be known before trusting the numbers.
    Note,
    /// Nothing was observed.
    Nothing,
    /// The result in one line.
    Summary,
    /// Where the trace or a report was written.
    Wrote,
    /// What to do next.
    Next,
}

impl Verb {
    /// Every verb once, kinds included.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = [
            Self::Swept,
            Self::Fetching,
            Self::PostgreSql,
            Self::Migrating,
            Self::Template,
            Self::Listening,
            Self::Running,
            Self::Leased,
            Self::Slow,
            Self::Interrupted,
            Self::Stopping,
            Self::Passed,
            Self::Failed,
            Self::Kept,
            Self::Gap,
            Self::Refused,
            Self::Slowest,
            Self::Left,
            Self::Note,
            Self::Nothing,
            Self::Summary,
            Self::Wrote,
            Self::Next,
        ];
        plain.into_iter().chain(Kind::ALL.map(Self::Kind))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Swept => "Swept",
            Self::Fetching => "Fetching",
            Self::PostgreSql => "PostgreSQL",
            Self::Migrating => "Migrating",
            Self::Template => "Template",
            Self::Listening => "Listening",
            Self::Running => "Running",
            Self::Leased => "Leased",
            Self::Slow => "SLOW",
            Self::Interrupted => "Interrupted",
            Self::Stopping => "Stopping",
            Self::Passed => "Passed",
            Self::Failed => "FAILED",
            Self::Kept => "Kept",
            Self::Gap => "GAP",
            Self::Refused => "Refused",
            Self::Kind(kind) => kind.heading(),
            Self::Slowest => "Slowest",
            Self::Left => "LEFT",
            Self::Note => "Note",
            Self::Nothing => "NOTHING",
            Self::Summary => "Summary",
            Self::Wrote => "Wrote",
            Self::Next => "Next",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Slow | Self::Interrupted | Self::Gap | Self::Left | Self::Note => Tone::Warning,
            Self::Failed | Self::Nothing => Tone::Bad,
            Self::Kind(_) | Self::Next | Self::Kept => Tone::Heading,
            _ => Tone::Good,
        }
    }
}

/// One line, without a line feed: `     Summary [  41.2s] 118 of 131 promises ...`.
///
/// `text` is written as it is; names from outside go through [`visible`](super::visible()) first.
pub fn line(color: bool, verb: Verb, time: Option<Duration>, text: &str) -> String {
    toned(color, verb, verb.tone(), time, text)
}

/// [`line`] in another tone than the verb's own, where the text is worse or better than usual.
pub(super) fn toned(
    color: bool,
    verb: Verb,
    tone: Tone,
    time: Option<Duration>,
    text: &str,
) -> String {
    let verb = tone.paint(color, &format!("{:>VERB_COLUMNS$}", verb.word()));
    match time {
        Some(time) => format!("{verb} [{:>6.1}s] {text}", time.as_secs_f64()),
        None => format!("{verb} {text}"),
    }
}

/// A line that continues the one above it: the text under its text.
pub fn under(text: &str) -> String {
    format!("{:VERB_COLUMNS$} {text}", "")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;

    use super::{Verb, line, under};

    #[test]
    fn every_line_aligns_its_verb() {
        let mut lines: Vec<String> =
            Verb::all().map(|verb| line(false, verb, None, "what it is about")).collect();
        let times = [0.04, 41.23, 3_725.0].map(Duration::from_secs_f64);
        lines.extend(times.map(|time| line(false, Verb::Summary, Some(time), "with a time")));
        lines.push(under("what belongs to the line above"));
        lines.push(format!("{:?}", line(true, Verb::Failed, None, "in colour")));
        expect![[r#"
                   Swept what it is about
                Fetching what it is about
              PostgreSQL what it is about
               Migrating what it is about
                Template what it is about
               Listening what it is about
                 Running what it is about
                  Leased what it is about
                    SLOW what it is about
             Interrupted what it is about
                Stopping what it is about
                  Passed what it is about
                  FAILED what it is about
                    Kept what it is about
                     GAP what it is about
                 Refused what it is about
                 Slowest what it is about
                    LEFT what it is about
                    Note what it is about
                 NOTHING what it is about
                 Summary what it is about
                   Wrote what it is about
                    Next what it is about
                   CHECK what it is about
                  UNIQUE what it is about
             PRIMARY KEY what it is about
             FOREIGN KEY what it is about
                 EXCLUDE what it is about
                  DOMAIN what it is about
                 TRIGGER what it is about
                NOT NULL what it is about
                    ENUM what it is about
                 Summary [   0.0s] with a time
                 Summary [  41.2s] with a time
                 Summary [3725.0s] with a time
                         what belongs to the line above
            "\u{1b}[1m\u{1b}[31m      FAILED\u{1b}[0m in colour"
        "#]]
        .assert_eq(&(lines.join("\n") + "\n"));
    }
}
