//! What a rule reports.
//!
//! In: a place, a sentence, an advice. Out: a [`Finding`] that prints as `file:line: rule: message`
//! with the advice below it.
//!
//! **Invariant:** a finding always says what to do.

use std::fmt;

/// One place that breaks one rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) rule: &'static str,
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, message, help } = self;
        write!(f, "{path}:{line}: {rule}: {message}\n    help: {help}")
    }
}

/// Makes the findings of one rule, so that a rule names itself once.
#[derive(Clone, Copy)]
pub(crate) struct Reporter(pub(crate) &'static str);

impl Reporter {
    pub(crate) fn at(
        self,
        path: &str,
        line: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Finding {
        Finding {
            path: path.to_owned(),
            line,
            rule: self.0,
            message: message.into(),
            help: help.into(),
        }
    }
}
