//! Two operations at the same time, in every order with one preemption.
//!
//! Each operation runs through the gate of `proofmark`, which interrupts it between its statements;
//! what must hold is looked at when both are done: who won, what the other one was told, and every
//! invariant. In [`half_fixes`] are shapes that look right and are not, which the same exploration
//! catches.

mod addresses;
mod carts;
mod half_fixes;
mod idempotency;
mod orders;
mod outbox;
mod payments;
mod placing;
mod stock;
mod webhooks;

use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::Duration;

use proofmark::race::{Explored, Race};
use proofmark::{FromLease as _, Lease};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::OnceCell;

use crate::make::Make;

impl Make {
    /// The same clock, ids and actor on another way to the database.
    pub fn through(&self, db: &PgPool) -> Self {
        Self { db: db.clone(), ..self.clone() }
    }

    /// Runs two calls in every order with one preemption, each from what `setup` makes.
    ///
    /// The connections of the calls are kept from one schedule to the next: a fresh one would have
    /// to plan every statement and compile every trigger anew, which takes longer than the rest.
    pub async fn explore<S, A, B>(
        &self,
        setup: impl AsyncFn() -> S,
        a: impl AsyncFn(PgPool, &S) -> A,
        b: impl AsyncFn(PgPool, &S) -> B,
        check: impl AsyncFn(&S, &A, &B),
    ) -> Explored {
        let pools = [OnceCell::new(), OnceCell::new()];
        let explored = Race::new(&self.lease)
            .explore(
                async |_: Lease| setup().await,
                async |lease: Lease, on: &S| a(gated(&pools[0], &lease).await, on).await,
                async |lease: Lease, on: &S| b(gated(&pools[1], &lease).await, on).await,
                async |_: Lease, on: &S, one: &A, other: &B| check(on, one, other).await,
            )
            .await;
        for pool in pools.iter().filter_map(OnceCell::get) {
            // The gate is gone, and with it the other end of the connections.
            drop(tokio::time::timeout(Duration::from_millis(100), pool.close()).await);
        }
        explored
    }

    /// Nothing breaks an invariant of the shop.
    pub async fn invariants_hold(&self) {
        let broken: Vec<(String, String, String)> =
            sqlx::query_as(AssertSqlSafe(invariants())).fetch_all(&self.db).await.unwrap();
        assert_eq!(broken, [], "invariants");
    }
}

/// The pool that leads through the gate as `lease` does, made when it is wanted first.
async fn gated(pool: &OnceCell<PgPool>, lease: &Lease) -> PgPool {
    let made = pool.get_or_init(async || {
        let options = PgConnectOptions::from_lease(lease).await.unwrap();
        PgPoolOptions::new().max_connections(4).connect_lazy_with(options)
    });
    made.await.clone()
}

/// All queries of `shop/invariants.sql` as one, with their names.
fn invariants() -> &'static str {
    static ALL: OnceLock<String> = OnceLock::new();
    ALL.get_or_init(|| {
        let named = include_str!("../../invariants.sql").split("-- invariant: ").skip(1);
        let queries = named.map(|part| {
            let (name, query) = part.split_once('\n').unwrap();
            let code = query.lines().filter(|line| !line.starts_with("--"));
            let query = code.collect::<Vec<_>>().join("\n");
            let query = query.trim().trim_end_matches(';');
            format!("SELECT '{name}', subject::text, problem::text FROM ({query}) AS broken")
        });
        queries.collect::<Vec<_>>().join("\nUNION ALL\n")
    })
}

/// No schedule broke anything, and the calls were interrupted in both directions.
#[track_caller]
fn holds(explored: &Explored) {
    explored.assert_holds();
    let (preempted, count) = (explored.preempted(), explored.schedules().len());
    assert!(count == 1 || preempted >= 2, "{preempted} of {count} schedules had a preemption");
}

/// No statement of any schedule was chosen to end a deadlock.
#[track_caller]
fn no_deadlock(explored: &Explored) {
    for ran in explored.schedules() {
        assert!(!ran.to_string().contains("40P01"), "{ran}");
    }
}

/// One of the two calls succeeded; gives what the other was told.
#[track_caller]
fn loser<'r, A: Debug, B: Debug, E: Debug>(a: &'r Result<A, E>, b: &'r Result<B, E>) -> &'r E {
    match (a, b) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
        both => panic!("one of the two succeeds: {both:?}"),
    }
}
