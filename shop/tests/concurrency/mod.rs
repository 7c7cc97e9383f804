//! Two operations at the same time, in every order with one preemption.
//!
//! Each operation runs through the gate of `proofmark`, which interrupts it between its statements;
//! what must hold is looked at when both are done.

mod stock;

use proofmark::race::Race;
use sqlx::PgPool;

use crate::make::Make;

impl Make {
    /// The same clock, ids and actor on another way to the database.
    pub fn through(&self, db: &PgPool) -> Self {
        Self { db: db.clone(), ..self.clone() }
    }

    /// A race on the test's database.
    pub fn race(&self) -> Race {
        Race::new(&self.lease)
    }
}
