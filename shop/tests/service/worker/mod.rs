//! The worker: what is due is done by itself, by any number of workers, and stops between steps.

use std::sync::Arc;
use std::time::Duration as Wait;

use chrono::Duration;
use shop::cart;
use shop::event::webhook::{Reach, Sender};
use shop::inventory::{Strategy, sweep};
use shop::telemetry::Metrics;
use shop::worker::{self, Work};
use tokio::sync::watch;

use crate::make::Make;

/// Waits until a query counts what is expected.
async fn until(make: &Make, what: &str, sql: &'static str, expected: i64) {
    let mut seen = -1;
    for _ in 0..1200 {
        seen = sqlx::query_scalar(sql).fetch_one(&make.db).await.unwrap();
        if seen == expected {
            return;
        }
        tokio::time::sleep(Wait::from_millis(50)).await;
    }
    panic!("{what}: {seen} instead of {expected}");
}

fn work(make: &Make) -> Work {
    Work {
        pool: make.db.clone(),
        context: make.context.clone(),
        providers: vec![Arc::new(make.fake())],
        sender: Sender::new(Reach::Public).unwrap(),
        metrics: Arc::new(Metrics::new()),
    }
}

/// Carts in checkout, each with one unit of a variant of its own.
async fn held_carts(make: &Make, count: usize) {
    for _ in 0..count {
        let price = crate::make::payment::eur(1000);
        let variant = make.variant().in_stock(5).priced(price).await;
        let cart = make.cart().with(variant, 1).await;
        cart::begin_checkout(&make.db, &make.context, &cart.request(), Strategy::MostStock)
            .await
            .unwrap();
    }
}

#[proofmark::test]
async fn what_is_due_is_done_by_itself(make: Make) {
    held_carts(&make, 3).await;
    make.clock.advance(Duration::days(400));
    let (stop, told) = watch::channel(false);
    let running = [work(&make), work(&make)].map(|work| {
        let mut told = told.clone();
        tokio::spawn(worker::run(work, async move {
            drop(told.wait_for(|stop| *stop).await);
        }))
    });
    until(&make, "holds", "SELECT count(*) FROM reservation WHERE state = 'active'", 0).await;
    until(&make, "carts", "SELECT count(*) FROM cart WHERE state = 'expired'", 3).await;
    until(&make, "events", "SELECT count(*) FROM outbox WHERE published_at IS NULL", 0).await;
    stop.send_replace(true);
    // Told to stop, each duty ends after the step that it is at.
    for (number, running) in running.into_iter().enumerate() {
        let ended = tokio::time::timeout(Wait::from_mins(1), running).await;
        assert!(ended.is_ok(), "worker {number} goes on");
    }
    let twice: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT reservation_id FROM reservation_history
                                GROUP BY reservation_id HAVING count(*) <> 1) AS twice",
    )
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!(twice, 0);
}

/// Sweepers side by side end each hold once, whatever they pass over.
#[proofmark::test]
async fn sweepers_side_by_side_end_each_hold_once(make: Make) {
    held_carts(&make, 12).await;
    make.clock.advance(Duration::hours(2));
    let mut ended = 0;
    loop {
        let (one, two, three) = tokio::join!(
            sweep(&make.db, &make.context, 3),
            sweep(&make.db, &make.context, 3),
            sweep(&make.db, &make.context, 3),
        );
        let round = one.unwrap().expired + two.unwrap().expired + three.unwrap().expired;
        if round == 0 {
            break;
        }
        ended += round;
    }
    assert_eq!(ended, 12);
    let reserved: i64 = sqlx::query_scalar("SELECT sum(reserved)::bigint FROM stock_level")
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(reserved, 0);
}
