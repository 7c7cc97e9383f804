//! What went wrong, and what to do about it.

use std::error::Error;
use std::fmt::Write as _;

use super::say;

/// Something that ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    help: Option<String>,
}

impl Failure {
    /// An error with everything that led to it.
    pub(crate) fn of(what: &str, error: &dyn Error) -> Self {
        let mut text = format!("{what}: {error}");
        let mut last = error.to_string();
        let mut next = error.source();
        while let Some(error) = next {
            // An error that shows its source as itself does not say it twice.
            if error.to_string() != last {
                last = error.to_string();
                // A string takes all.
                let _ = write!(text, ": {last}");
            }
            next = error.source();
        }
        Self { what: text, help: None }
    }

    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn show(&self) {
        say::failure(&self.what, self.help.as_deref());
    }
}

/// Makes an error of any kind one that ends the command: `.or_fail("cannot ...")?`.
pub(crate) trait OrFail<T> {
    fn or_fail(self, what: &str) -> Result<T, Failure>;
}

impl<T, E: Error> OrFail<T> for Result<T, E> {
    fn or_fail(self, what: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::of(what, &error))
    }
}
