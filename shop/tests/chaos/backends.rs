//! Every backend of the database is terminated in the middle of a step.

use std::pin::pin;
use std::time::{Duration, Instant};

use shop::id::Id;
use shop::order::{self, OrderState, Shipment, Wanted};
use shop::payment::provider::fake::{Behaviour, Gate};
use shop::payment::{CaptureMode, MethodType, Recovered, purchase, refund};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection};

use crate::make::Make;
use crate::make::payment::{eur, token};
use crate::orders::stage::units;
use crate::workflows::{Workflow, refunding};

const LOCK_CART: &str = "SELECT FROM cart WHERE id = $1 FOR UPDATE";
const LOCK_PAYMENT: &str = "SELECT FROM payment WHERE id = $1 FOR UPDATE";
const LOCK_STOCK: &str = "SELECT FROM stock_level WHERE variant_id = $1 FOR UPDATE";

/// Somebody with a connection of their own who locks rows and terminates everybody else.
struct Operator(PgConnection);

impl Operator {
    async fn new(make: &Make) -> Self {
        Self(PgConnection::connect(make.lease.url()).await.unwrap())
    }

    /// Waits until a query gives this number.
    async fn until(&mut self, number: impl Fn(i64) -> bool, sql: &'static str) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            // A transaction sees the sessions as they were when it first looked.
            let forget = "SELECT pg_stat_clear_snapshot()";
            sqlx::query(forget).execute(&mut self.0).await.unwrap();
            let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut self.0).await.unwrap();
            if number(found) {
                return;
            }
            assert!(Instant::now() < end, "waited in vain: {sql}");
            tokio::task::yield_now().await;
        }
    }

    /// Terminates all other backends of the database; they are gone when this returns.
    async fn terminate(&mut self) {
        let terminate = "
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
               AND backend_type = 'client backend'";
        let ended: i64 = sqlx::query_scalar(terminate).fetch_one(&mut self.0).await.unwrap();
        assert!(ended > 0, "there was somebody to terminate");
        self.until(
            |left| left == 0,
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type = 'client backend'",
        )
        .await;
    }

    /// Terminates everybody while the operation waits for rows that are locked here.
    async fn interrupt<T>(
        &mut self,
        lock: &'static str,
        id: impl Id,
        operation: impl Future<Output = T>,
    ) -> T {
        sqlx::query("BEGIN").execute(&mut self.0).await.unwrap();
        sqlx::query(lock).bind(id.uuid()).execute(&mut self.0).await.unwrap();
        let mut operation = pin!(operation);
        let waiting = self.until(
            |waiting| waiting > 0,
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        tokio::select! {
            () = waiting => {}
            _ = &mut operation => panic!("the operation did not come to the rows"),
        }
        self.terminate().await;
        sqlx::query("ROLLBACK").execute(&mut self.0).await.unwrap();
        operation.await
    }
}

#[proofmark::test]
async fn a_workflow_survives_the_end_of_every_backend(make: Make) {
    let mut operator = Operator::new(&make).await;
    let pool = PgPoolOptions::new().max_connections(4).connect(make.lease.url()).await.unwrap();
    let make = make.through(&pool);
    let (db, context) = (&make.db, &make.context);
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(3).await;
    let mut guest = flow.guest();
    guest.take(mug, 3).await;
    guest.begin_checkout().await;
    let place = guest.placing(|place| place).await;

    let placing = order::place(db, context, &place);
    let failed = operator.interrupt(LOCK_CART, place.cart.cart, placing).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(flow.stock(mug).await, (3, 0, 3), "still held, not promised");
    let bought = guest.bought(order::place(db, context, &place).await.unwrap());

    let payment = bought.start(MethodType::Card, bought.total, CaptureMode::Automatic).await;
    let paying = purchase(db, context, &flow.fake, payment, token());
    let failed = operator.interrupt(LOCK_PAYMENT, payment, paying).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(flow.fake.asked(), 0, "the provider is not asked for what is not written");
    assert_eq!(flow.recover().await, Recovered::default());

    // Now the provider has acted, and every backend ends before the answer is here.
    let gate = Gate::default();
    flow.fake.script([Behaviour::HoldAfter(gate.clone())]);
    let mut paying = pin!(purchase(db, context, &flow.fake, payment, token()));
    let acted = async {
        while flow.kept(payment) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = acted => {}
        result = &mut paying => panic!("it did not wait for the provider: {result:?}"),
    }
    operator.terminate().await;
    gate.open();
    // The pool notices that its connections are gone and opens another, or the caller is told.
    drop(paying.await);
    flow.recover().await;
    assert_eq!((bought.state().await, flow.kept(payment)), (OrderState::Confirmed, 3_000));

    let parcel = order::fulfil(db, context, bought.id, &Wanted::Everything).await.unwrap();
    let parcel = parcel[0].fulfilment;
    let shipment = Shipment::default();
    let shipping = order::ship(db, context, parcel, &shipment);
    let failed = operator.interrupt(LOCK_STOCK, mug, shipping).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(flow.stock(mug).await, (3, 3, 0), "nothing has left");
    order::ship(db, context, parcel, &shipment).await.unwrap();

    let (returned, receipt) = bought.send_back(vec![units(bought.lines[0], 1)], true).await;
    let wanted = refunding(payment, &receipt.units, eur(0), Some(returned));
    let giving = refund(db, context, &flow.fake, &wanted);
    let failed = operator.interrupt(LOCK_PAYMENT, payment, giving).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(flow.recover().await, Recovered::default());
    bought.give_back(&flow.fake, &wanted).await;
    assert_eq!((flow.kept(payment), flow.stock(mug).await), (2_000, (1, 0, 0)));
    flow.adds_up().await;
    pool.close().await;
}
