//! Gives back stock that is held for longer than it may be.

use std::time::Duration;

use super::{Duty, DutyError, Work};
use crate::inventory::sweep;

/// Holds that one statement ends. Its transaction locks their levels, and checkouts wait for
/// those, so it is kept short.
const BATCH: u16 = 500;

/// Ends holds whose time is over.
#[derive(Debug)]
pub struct Sweeper {
    work: Work,
}

impl Sweeper {
    /// Looks four times a second.
    pub fn new(work: Work) -> Self {
        Self { work }
    }
}

impl Duty for Sweeper {
    const NAME: &'static str = "sweeper";
    const PAUSE: Duration = Duration::from_millis(250);

    async fn step(&mut self) -> Result<bool, DutyError> {
        let swept = sweep(&self.work.pool, &self.work.acting(Self::NAME), BATCH).await?;
        if swept.expired > 0 {
            self.work.metrics.swept(swept.expired as u64);
        }
        Ok(swept.more)
    }
}
