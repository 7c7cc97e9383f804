//! The connection is cut before and after every statement and every commit of an operation.
//!
//! The operation runs through a gate, which lets the connection end at its n-th step, for every n:
//! either the server never sees the step, or it does it and the client never learns.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proofmark::gate::{Actor, Gate, Step};
use shop::id::{OrderId, PaymentId};
use shop::money::Money;
use shop::order::{self, OrderState, Place};
use shop::payment::provider::fake::Moved;
use shop::payment::{
    Capture, CaptureMode, MethodType, Outcome, PaymentState, Recovered, capture, purchase, refund,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::make::payment::{eur, refund_of, token};
use crate::make::{MadeVoucher, Make};
use crate::workflows::{Purchase, Shopper, Workflow};

/// More steps than any operation has.
const STEPS_MAX: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The server never sees the step.
    Before,
    /// The server does it, and the client never learns.
    After,
}

/// A gate, and a pool of one connection behind it.
struct Line {
    gate: Gate,
    db: PgPool,
}

impl Line {
    async fn new(make: &Make) -> Self {
        let gate = Gate::start(&make.lease.config(), 1).unwrap();
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(20));
        let db = pool.connect(&gate.url(Actor(0))).await.unwrap();
        Self { gate, db }
    }

    /// Runs an operation and cuts the connection at its step of this number; none when it had
    /// fewer.
    async fn cut<T>(
        &self,
        cut: Cut,
        number: usize,
        operation: impl Future<Output = T>,
    ) -> (T, Option<Step>) {
        let count = AtomicUsize::new(0);
        let hold = self.gate.hold_when(move |_| count.fetch_add(1, Ordering::Relaxed) == number);
        let mut operation = pin!(operation);
        let step = tokio::select! {
            step = hold.reached() => step.unwrap(),
            result = &mut operation => return (result, None),
        };
        match cut {
            Cut::Before => hold.cut(),
            Cut::After => hold.run_and_cut(),
        }
        (operation.await, Some(step))
    }
}

/// Steps of all operations that were cut, and those of them that were commits.
#[derive(Debug, Default)]
struct Tried {
    steps: usize,
    commits: usize,
}

impl Tried {
    fn count(&mut self, step: &Step) {
        self.steps += 1;
        self.commits += usize::from(step.is_commit());
    }
}

/// A cart with two units and a voucher that works once, in checkout.
async fn in_checkout(flow: &Workflow) -> (Shopper, Place, MadeVoucher) {
    let make = &flow.make;
    let mug = make.variant().priced(eur(1_000)).in_stock(2).await;
    let voucher = make.voucher().limited_to(1).await;
    let mut guest = flow.guest();
    guest.take(mug, 2).await;
    guest.enter(&voucher.code).await;
    guest.begin_checkout().await;
    let place = guest.placing(|place| place).await;
    (guest, place, voucher)
}

async fn orders_of(make: &Make, place: &Place) -> Vec<OrderId> {
    sqlx::query_scalar("SELECT id FROM orders WHERE cart_id = $1")
        .bind(place.cart.cart)
        .fetch_all(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn an_order_whose_connection_is_cut_anywhere_is_placed_once(make: Make) {
    let flow = Workflow::new(&make).await;
    let line = Line::new(&make).await;
    for cut in [Cut::Before, Cut::After] {
        let mut tried = Tried::default();
        for number in 0..STEPS_MAX {
            let (guest, place, voucher) = in_checkout(&flow).await;
            let variant = guest.variant().await;
            let placing = order::place(&line.db, &make.context, &place);
            let (placed, step) = line.cut(cut, number, placing).await;
            let at = format!("{cut:?} step {number}: {step:?}");
            let found = orders_of(&make, &place).await;
            if let Some(step) = &step {
                tried.count(step);
                assert!(placed.is_err(), "{at}: the client does not believe that it worked");
                assert_eq!(found.len(), usize::from(step.is_commit() && cut == Cut::After), "{at}");
            }
            // Whoever asks again gets the order, or hears that it is there.
            let again = order::place(&make.db, &make.context, &place).await;
            assert_eq!(again.is_ok(), found.is_empty(), "{at}: {again:?}");
            assert_eq!(orders_of(&make, &place).await.len(), 1, "{at}");
            assert_eq!(flow.stock(variant).await, (2, 2, 0), "{at}");
            let uses: i64 = sqlx::query_scalar("SELECT used::bigint FROM voucher WHERE id = $1")
                .bind(voucher.id)
                .fetch_one(&make.db)
                .await
                .unwrap();
            assert_eq!(uses, 1, "{at}");
            if step.is_none() {
                break;
            }
        }
        assert!(tried.steps > 3 && tried.commits == 1, "{cut:?}: {tried:?}");
    }
    flow.adds_up().await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Pay,
    Capture,
    Refund,
}

/// Money that one operation is about to move.
struct Ready {
    bought: Purchase,
    payment: PaymentId,
}

impl Operation {
    async fn prepare(self, flow: &Workflow) -> Ready {
        let mug = flow.make.variant().priced(eur(1_000)).in_stock(3).await;
        let mut guest = flow.guest();
        guest.take(mug, 3).await;
        let bought = guest.check_out().await;
        let payment = match self {
            Self::Pay => bought.start(MethodType::Card, bought.total, CaptureMode::Automatic).await,
            Self::Capture => bought.authorize().await,
            Self::Refund => bought.pay().await,
        };
        Ready { bought, payment }
    }

    /// What it has moved when it has happened once.
    fn moved(self, moved: Moved) -> (i64, i64) {
        match self {
            Self::Pay => (moved.captured, 3_000),
            Self::Capture => (moved.captured, 1_000),
            Self::Refund => (moved.refunded, 1_000),
        }
    }

    async fn run(self, db: &PgPool, flow: &Workflow, ready: &Ready) -> Result<(), String> {
        let (context, fake, payment) = (&flow.make.context, &flow.fake, ready.payment);
        let part: Money = eur(1_000);
        let outcome = match self {
            Self::Pay => purchase(db, context, fake, payment, token())
                .await
                .map(|done| done.outcome)
                .map_err(|error| error.to_string()),
            Self::Capture => capture(db, context, fake, Capture { payment, amount: Some(part) })
                .await
                .map(|done| done.outcome)
                .map_err(|error| error.to_string()),
            Self::Refund => refund(db, context, fake, &refund_of(payment, part))
                .await
                .map(|done| done.outcome)
                .map_err(|error| error.to_string()),
        }?;
        assert_eq!(outcome, Outcome::Succeeded);
        Ok(())
    }
}

/// Cuts everywhere; money moves once, whatever was cut.
async fn cut_everywhere(make: &Make, operation: Operation) {
    let flow = Workflow::new(make).await;
    let line = Line::new(make).await;
    for cut in [Cut::Before, Cut::After] {
        let mut tried = Tried::default();
        let mut done_by_recovery = 0;
        for number in 0..STEPS_MAX {
            let ready = operation.prepare(&flow).await;
            let running = operation.run(&line.db, &flow, &ready);
            let (result, step) = line.cut(cut, number, running).await;
            let at = format!("{operation:?}, {cut:?} step {number}: {step:?}");
            assert_eq!(result.is_err(), step.is_some(), "{at}: {result:?}");
            let round = flow.recover().await;
            assert_eq!(round.waiting, 0, "{at}");
            let (moved, once) = operation.moved(flow.fake.moved(ready.payment));
            assert!(moved == 0 || moved == once, "{at}: {moved} moved");
            done_by_recovery += usize::from(round.settled > 0 && moved == once);
            if moved == 0 {
                operation.run(&make.db, &flow, &ready).await.unwrap();
            }
            assert_eq!(flow.recover().await, Recovered::default(), "{at}: nothing is left");
            let (moved, once) = operation.moved(flow.fake.moved(ready.payment));
            assert_eq!(moved, once, "{at}: in the end");
            assert_eq!(ready.bought.state().await, OrderState::Confirmed, "{at}");
            assert!(
                !matches!(make.state_of(ready.payment).await, PaymentState::Failed),
                "{at}: {operation:?}"
            );
            let Some(step) = step else { break };
            tried.count(&step);
        }
        assert!(tried.steps > 4 && tried.commits == 2, "{cut:?}: {tried:?}");
        assert!(done_by_recovery > 0, "{cut:?}: recovery had something to do");
    }
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_payment_whose_connection_is_cut_anywhere_is_taken_once(make: Make) {
    cut_everywhere(&make, Operation::Pay).await;
}

#[proofmark::test]
async fn a_capture_whose_connection_is_cut_anywhere_is_taken_once(make: Make) {
    cut_everywhere(&make, Operation::Capture).await;
}

#[proofmark::test]
async fn a_refund_whose_connection_is_cut_anywhere_goes_back_once(make: Make) {
    cut_everywhere(&make, Operation::Refund).await;
}
