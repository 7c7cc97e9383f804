//! Publishes events as they are committed.

use std::time::Duration;

use super::{Duty, DutyError, Work};
use crate::event::{Worker, webhook::Fan};
use crate::telemetry::CountingPublisher;

/// Publishes the outbox, 20 times a second at most while a batch holds all there is.
#[derive(Debug)]
pub struct Outbox {
    work: Work,
    worker: Worker<CountingPublisher<Fan>>,
}

impl Outbox {
    /// To PostgreSQL's own `NOTIFY`, and to webhooks.
    pub fn new(work: Work) -> Self {
        let metrics = std::sync::Arc::clone(&work.metrics);
        let publisher = CountingPublisher::new(Fan::new(work.acting(Self::NAME)), metrics);
        Self { worker: Worker::new(publisher), work }
    }
}

impl Duty for Outbox {
    const NAME: &'static str = "outbox";
    const PAUSE: Duration = Duration::from_millis(50);

    async fn step(&mut self) -> Result<bool, DutyError> {
        let context = self.work.acting(Self::NAME);
        let batch = self.worker.step(&self.work.pool, &context).await?;
        for stuck in &batch.stuck {
            tracing::warn!(event = %stuck.event, "an event could not be published");
        }
        Ok(batch.full)
    }
}
