//! Whether a test passed.
//!
//! In: how its body ended and what `#[should_panic]` says. Out: [`Outcome`].
//!
//! **Invariant**: agrees with the harness, which judges the same for itself: a database is kept
//! exactly for the tests that the harness reports as failed.

use std::any::Any;
use std::process::ExitCode;

use super::case::Panics;

/// How the body ended.
pub(super) enum Ended {
    /// It returned, and its value reports this.
    Returned(ExitCode),
    /// It panicked with this.
    Panicked(Box<dyn Any + Send>),
}

impl Ended {
    /// Whether the harness will call it passed.
    pub(super) fn passed(&self, panics: Panics) -> bool {
        match (self, panics) {
            (Self::Returned(code), Panics::Never) => *code == ExitCode::SUCCESS,
            (Self::Returned(_), _) | (Self::Panicked(_), Panics::Never) => false,
            (Self::Panicked(_), Panics::Somehow) => true,
            (Self::Panicked(panic), Panics::Saying(expected)) => {
                message(panic.as_ref()).is_some_and(|message| message.contains(expected))
            }
        }
    }
}

/// The text of a panic, if it has one.
pub(crate) fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_passes_as_the_harness_judges() {
        let returned = Ended::Returned(ExitCode::SUCCESS);
        assert!(returned.passed(Panics::Never));
        assert!(!returned.passed(Panics::Somehow));
        assert!(!Ended::Returned(ExitCode::FAILURE).passed(Panics::Never));
        for panicked in [
            Ended::Panicked(Box::new("out of stock")),
            Ended::Panicked(Box::new("out of stock".to_owned())),
        ] {
            assert!(!panicked.passed(Panics::Never));
            assert!(panicked.passed(Panics::Somehow));
            assert!(panicked.passed(Panics::Saying("of stock")));
            assert!(!panicked.passed(Panics::Saying("sold")));
        }
        assert!(!Ended::Panicked(Box::new(7)).passed(Panics::Saying("7")));
    }
}
