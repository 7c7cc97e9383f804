//! What a load came to.

use std::time::Duration;

/// The times of what was done, and how much was refused.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) times: Vec<Duration>,
    /// Answered with 503 and when to come again.
    pub(super) shed: usize,
    /// Answered otherwise, or not at all.
    pub(super) failed: Vec<String>,
    pub(super) elapsed: Duration,
}

impl Measured {
    pub(super) fn take(&mut self, other: Self) {
        self.times.extend(other.times);
        self.shed += other.shed;
        self.failed.extend(other.failed);
    }

    /// The time below which `percent` stayed, in milliseconds.
    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    #[expect(clippy::cast_precision_loss, reason = "a measurement")]
    pub(super) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }
}
