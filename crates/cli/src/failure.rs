//! How a failure is told.
//!
//! In: an error of any crate. Out: `fatal: <state>`, the chain of causes, what to do, and the exit
//! code.
//!
//! **Invariant**: the one place where a chain of errors becomes text.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use proofmark::bench::BenchError;
use proofmark::config::ConfigError;
use proofmark_pool::{BuildError, MigrationError, TargetError};
use proofmark_postgres::SnapshotError;

use crate::exit::Exit;
use crate::say::Say;

/// An error, with what it means for the run.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    state: String,
    causes: Vec<String>,
    help: Vec<String>,
    snippet: Option<Box<MigrationError>>,
}

impl Failure {
    /// A failure in `state` that has no cause but itself.
    pub(crate) fn new(exit: Exit, state: impl Into<String>) -> Self {
        Self { exit, state: state.into(), causes: Vec::new(), help: Vec::new(), snippet: None }
    }

    /// A failure in `state`, caused by `error`.
    pub(crate) fn because(
        exit: Exit,
        state: impl Into<String>,
        error: &dyn std::error::Error,
    ) -> Self {
        let mut failure = Self::new(exit, state);
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            let (text, help) = text.split_once("; help: ").unwrap_or((&text, ""));
            // Drivers repeat their source in their own text.
            if failure.causes.last().is_none_or(|last| !last.ends_with(text)) {
                failure.causes.push(text.to_owned());
            }
            if !help.is_empty() {
                failure.help.push(help.to_owned());
            }
            next = error.source();
        }
        failure
    }

    /// Adds what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Tells it on standard error and gives the exit code.
    pub(crate) fn show(&self, say: &Say) -> Exit {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let cyan = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
        say.text(&format!("{red}fatal{red:#}: {}\n", self.state));
        for cause in &self.causes {
            say.text(&format!("  because: {}\n", cause.replace('\n', "\n    ")));
        }
        if let Some(error) = &self.snippet {
            say.text(&format!("{}\n", snippet(error)));
        }
        for help in &self.help {
            say.text(&format!("{cyan}help{cyan:#}: {help}\n"));
        }
        self.exit
    }
}

/// The place in the migration, in the look of the compiler's own errors.
fn snippet(error: &MigrationError) -> String {
    let start = error.offset.min(error.text.len());
    let rest = &error.text[start..];
    let word =
        rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '"').unwrap_or(rest.len());
    let end = start + word.max(rest.chars().next().map_or(0, char::len_utf8));
    let title = match error.sqlstate.as_str() {
        "" => Level::ERROR.primary_title(error.message.as_str()),
        sqlstate => Level::ERROR.primary_title(error.message.as_str()).id(sqlstate),
    };
    let mut group = title.element(
        Snippet::source(error.text.as_str())
            .path(error.path.as_str())
            .annotation(AnnotationKind::Primary.span(start..end)),
    );
    if let Some(detail) = &error.detail {
        group = group.element(Level::NOTE.message(detail.as_str()));
    }
    if let Some(hint) = &error.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    Renderer::styled().render(&[group])
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::because(Exit::Usage, "no tests were run", &error)
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        let state = "no tests were run";
        match error {
            BenchError::Find(error) => {
                Self::because(Exit::ServerUnusable, state, error.as_ref()).help(error.help())
            }
            BenchError::Build { database, source } => match *source {
                BuildError::Migration(error) => {
                    let mut failure = Self::new(Exit::Usage, state);
                    failure.causes.push(format!("a migration of `{database}` failed"));
                    failure.snippet = Some(error);
                    failure
                }
                other => Self::because(Exit::Usage, state, &other),
            },
            error @ (BenchError::Load { .. }
            | BenchError::Invariants { .. }
            | BenchError::States { .. }) => Self::because(Exit::Usage, state, &error),
            error => {
                let help = server_help(&error);
                let unusable = help.is_some() || matches!(error, BenchError::Target(_));
                let failure = if unusable {
                    Self::because(Exit::ServerUnusable, state, &error)
                } else {
                    Self::because(Exit::Internal, "the run could not be finished", &error)
                };
                match help {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            }
        }
    }
}

/// What to do about a server that cannot be used; `None` where the error itself says it, or is
/// none about servers.
fn server_help(error: &BenchError) -> Option<String> {
    match error {
        BenchError::External { source, .. } => Some(source.help()),
        BenchError::Start(error) => Some(error.help()),
        BenchError::Image(error) => Some(error.help()),
        BenchError::Snapshot(error) => Some(match error.as_ref() {
            SnapshotError::Image(error) => error.help(),
            SnapshotError::Start(error) => error.help(),
            SnapshotError::Shared | SnapshotError::Stop(_) => "run it again".to_owned(),
        }),
        BenchError::Cache(_) => {
            Some("set PROOFMARK_CACHE to a directory where you may write".to_owned())
        }
        BenchError::Target(TargetError::Connect(_)) => Some(
            "is the server of that URL running? `proofmark run --server private` starts one of \
             its own"
                .to_owned(),
        ),
        _ => None,
    }
}
