//! Ends carts, orders and payments whose time is over, and forgets answers that nobody may ask for
//! again and minutes that nobody counts in.

use std::time::Duration;

use super::{Duty, DutyError, Work};
use crate::http::forget_windows;
use crate::http::idempotency::forget_expired;
use crate::order::PAYMENT_WAIT;
use crate::{cart, order, payment};

/// How many of a kind a step looks at.
const BATCH: u32 = 100;

/// Ends what is over.
#[derive(Debug)]
pub struct Expiry {
    work: Work,
}

impl Expiry {
    /// Looks once a second.
    pub fn new(work: Work) -> Self {
        Self { work }
    }
}

impl Duty for Expiry {
    const NAME: &'static str = "expiry";
    const PAUSE: Duration = Duration::from_secs(1);

    async fn step(&mut self) -> Result<bool, DutyError> {
        let (pool, context) = (&self.work.pool, self.work.acting(Self::NAME));
        let mut ended = cart::expire_due(pool, &context, BATCH).await?.len();
        for provider in &self.work.providers {
            let round = payment::expire_due(pool, &context, provider.as_ref(), BATCH).await?;
            ended += round.ended as usize;
        }
        ended += order::expire_unpaid(pool, &context, PAYMENT_WAIT, BATCH).await?.len();
        let forgotten = forget_expired(pool, &context, BATCH * 10).await?
            + forget_windows(pool, &context, BATCH * 10).await?;
        Ok(ended > 0 || forgotten > 0)
    }
}
