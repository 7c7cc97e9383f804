//! The refusals of one lease on the direct lane.
//!
//! In: what was seen on our own connections, and what a test showed. Out: each once, as the
//! console takes it. Main type: [`Seen`].
//!
//! **Invariant**: at most [`SEEN_MAX`] are kept, and nothing that is longer than the console takes.

use std::sync::{Mutex, PoisonError};

use super::Refusal;

/// Refusals that are kept of one lease.
const SEEN_MAX: usize = 1000;
/// Longest detail that is kept; a longer one is left out whole, because half a row is none.
const DETAIL_KEPT: usize = 8 * 1024;

/// What one lease was refused.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Vec<One>>);

#[derive(Debug)]
struct One {
    refusal: Refusal,
    /// Whether the test has shown it as well, or nobody else.
    is_shown: bool,
}

impl Seen {
    /// One that went by on a connection of ours.
    pub(super) fn passed_by(&self, refusal: Refusal) {
        self.keep(refusal, false);
    }

    /// One that the test shows; it may have gone by on a connection of ours.
    pub(crate) fn shown(&self, refusal: Refusal) {
        {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let known = all.iter_mut().find(|one| !one.is_shown && one.refusal.is_same(&refusal));
            if let Some(known) = known {
                known.is_shown = true;
                return;
            }
        }
        self.keep(refusal, true);
    }

    fn keep(&self, mut refusal: Refusal, is_shown: bool) {
        refusal.detail = refusal.detail.filter(|detail| detail.len() <= DETAIL_KEPT);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < SEEN_MAX {
            all.push(One { refusal, is_shown });
        }
    }

    /// All of them, in their order.
    pub(crate) fn take(&self) -> Vec<Refusal> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter().map(|one| one.refusal).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(constraint: &str, statement: Option<&str>) -> Refusal {
        Refusal {
            sqlstate: "23514".to_owned(),
            constraint: Some(constraint.to_owned()),
            statement: statement.map(str::to_owned),
            ..Refusal::default()
        }
    }

    fn taken(seen: &Seen) -> Vec<String> {
        seen.take().into_iter().filter_map(|refusal| refusal.by()).collect()
    }

    #[test]
    fn what_went_by_and_is_shown_counts_once() {
        let seen = Seen::default();
        seen.passed_by(refusal("a", Some("insert")));
        seen.shown(refusal("a", None));
        seen.shown(refusal("b", None));
        assert_eq!(taken(&seen), ["a", "b"]);
        assert_eq!(taken(&seen), [""; 0]);
    }

    #[test]
    fn what_was_refused_twice_counts_twice() {
        let seen = Seen::default();
        for _ in 0..2 {
            seen.passed_by(refusal("a", None));
            seen.shown(refusal("a", None));
        }
        seen.shown(refusal("a", None));
        assert_eq!(taken(&seen), ["a"; 3]);
    }

    #[test]
    fn half_a_row_is_left_out() {
        let seen = Seen::default();
        let detail = Some(format!("({})", "x".repeat(DETAIL_KEPT)));
        seen.shown(Refusal { detail, ..refusal("a", None) });
        assert_eq!(seen.take()[0].detail, None);
    }
}
