//! Sends webhooks.

use std::time::Duration;

use super::{Duty, DutyError, Work};
use crate::event::webhook;

/// Sends what is due to endpoints.
#[derive(Debug)]
pub struct Deliveries(webhook::Deliveries);

impl Deliveries {
    /// With the sender of the work.
    pub fn new(work: Work) -> Self {
        let context = work.acting(Self::NAME);
        Self(webhook::Deliveries::new(work.pool, context, work.sender, work.metrics))
    }
}

impl Duty for Deliveries {
    const NAME: &'static str = "deliveries";
    const PAUSE: Duration = Duration::from_millis(200);

    async fn step(&mut self) -> Result<bool, DutyError> {
        Ok(self.0.step().await? > 0)
    }

    async fn finish(&mut self) {
        self.0.finish().await;
    }
}
