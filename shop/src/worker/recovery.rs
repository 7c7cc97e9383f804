//! Asks providers again about what was not answered, and applies news that had to wait.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Duty, DutyError, Work};
use crate::payment::{apply_due, recover};

/// What is younger is being asked right now.
const YOUNG: TimeDelta = TimeDelta::minutes(1);

/// Closes what was left open.
#[derive(Debug)]
pub struct Recovery {
    work: Work,
}

impl Recovery {
    /// Looks once a second.
    pub fn new(work: Work) -> Self {
        Self { work }
    }
}

impl Duty for Recovery {
    const NAME: &'static str = "recovery";
    const PAUSE: Duration = Duration::from_secs(1);

    async fn step(&mut self) -> Result<bool, DutyError> {
        let (pool, context) = (&self.work.pool, self.work.acting(Self::NAME));
        let heard = apply_due(pool, &context, 100).await?;
        for provider in &self.work.providers {
            let before = context.now() - YOUNG;
            let round = recover(pool, &context, provider.as_ref(), before).await?;
            if round.contradictions > 0 {
                tracing::error!(
                    provider = provider.code(),
                    payments = round.contradictions,
                    "a provider contradicts the books: a person must look"
                );
            }
        }
        Ok(heard.len() == 100)
    }
}
