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

/// What a line says, with its word and its usual tone.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident $word:literal $tone:ident,)*) => {
        /// What a line says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Verb {
            $($(#[$doc])* $name,)*
            /// How many promises of a kind were refused and accepted.
            Kind(Kind),
        }

        impl Verb {
            /// Every verb once, kinds included.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$name),*].into_iter().chain(Kind::ALL.map(Self::Kind))
            }

            fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                    Self::Kind(kind) => kind.heading(),
                }
            }

            fn tone(self) -> Tone {
                match self {
                    $(Self::$name => Tone::$tone,)*
                    Self::Kind(_) => Tone::Good,
                }
            }
        }
    };
}

verbs! {
    /// An invariant does not hold.
    Broken "Broken" Bad,
    /// How often invariants were checked.
    Invariants "Invariants" Good,
    /// Leftovers of a killed run were removed.
    Swept "Swept" Good,
    /// Which configuration is read.
    Config "Config" Good,
    /// Which command would be run.
    Command "Command" Good,
    /// Where traces and reports go.
    Output "Output" Good,
    /// Where templates and fetched servers are.
    Cache "Cache" Good,
    /// Which database would be handed out.
    Database "Database" Good,
    /// A place where a server was looked for.
    Tried "Tried" Good,
    /// A server or a part of it is being fetched.
    Fetching "Fetching" Good,
    /// A server is starting or was joined.
    Server "Server" Good,
    /// Which PostgreSQL is used.
    PostgreSql "PostgreSQL" Good,
    /// Migrations are being applied.
    Migrating "Migrating" Good,
    /// A template is ready.
    Template "Template" Good,
    /// The proxy takes connections.
    Listening "Listening" Good,
    /// The command is starting.
    Running "Running" Good,
    /// What was seen so far.
    Observing "Observing" Good,
    /// So many leases were given.
    Leased "Leased" Good,
    /// What became of the databases that came back.
    Isolation "Isolation" Good,
    /// Something takes longer than it should.
    Slow "SLOW" Warning,
    /// A signal came in.
    Interrupted "Interrupted" Warning,
    /// Databases or a server are being taken back.
    Stopping "Stopping" Good,
    /// The suite passed.
    Passed "Passed" Good,
    /// The suite, or a test, failed.
    Failed "FAILED" Bad,
    /// A failed test's database was kept.
    Kept "Kept" Heading,
    /// A kept database is being opened.
    Opening "Opening" Good,
    /// Something never tried.
    Gap "GAP" Warning,
    /// What the configured rules say.
    Gate "Gate" Good,
    /// How many promises were refused.
    Refused "Refused" Good,
    /// The slowest leases.
    Slowest "Slowest" Warning,
    /// What a test left outside its database.
    Left "LEFT" Warning,
    /// What must be known before trusting the numbers.
    Note "Note" Warning,
    /// Nothing was observed.
    Nothing "NOTHING" Bad,
    /// The result in one line.
    Summary "Summary" Good,
    /// Something was there already.
    Found "Found" Good,
    /// Something is not there.
    Missing "Missing" Warning,
    /// A file was written.
    Wrote "Wrote" Good,
    /// What to do about a failure.
    Help "Help" Heading,
    /// What to do next.
    Next "Next" Heading,
}

/// One line, without a line feed: `     Summary [  41.2s] 118 of 131 promises ...`.
///
/// `text` is written as it is; names from outside go through [`visible`](super::visible()) first.
pub fn line(color: bool, verb: Verb, time: Option<Duration>, text: &str) -> String {
    toned(color, verb, verb.tone(), time, text)
}

/// [`line()`] in another tone than the verb's own, where the text is worse or better than usual.
pub fn toned(color: bool, verb: Verb, tone: Tone, time: Option<Duration>, text: &str) -> String {
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
                  Broken what it is about
              Invariants what it is about
                   Swept what it is about
                  Config what it is about
                 Command what it is about
                  Output what it is about
                   Cache what it is about
                Database what it is about
                   Tried what it is about
                Fetching what it is about
                  Server what it is about
              PostgreSQL what it is about
               Migrating what it is about
                Template what it is about
               Listening what it is about
                 Running what it is about
               Observing what it is about
                  Leased what it is about
               Isolation what it is about
                    SLOW what it is about
             Interrupted what it is about
                Stopping what it is about
                  Passed what it is about
                  FAILED what it is about
                    Kept what it is about
                 Opening what it is about
                     GAP what it is about
                    Gate what it is about
                 Refused what it is about
                 Slowest what it is about
                    LEFT what it is about
                    Note what it is about
                 NOTHING what it is about
                 Summary what it is about
                   Found what it is about
                 Missing what it is about
                   Wrote what it is about
                    Help what it is about
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
