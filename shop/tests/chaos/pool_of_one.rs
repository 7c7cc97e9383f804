//! One connection is enough for everything: nobody holds one while they wait for another.

use std::time::Duration;

use chrono::TimeDelta;
use shop::event::{NotifyPublisher, publish_batch};
use shop::order::{self, OrderState, PAYMENT_WAIT, Wanted};
use shop::payment::provider::fake::{Behaviour, Finish};
use shop::payment::{Outcome, expire_due};
use sqlx::postgres::PgPoolOptions;

use crate::make::Make;
use crate::make::payment::{eur, token};
use crate::orders::stage::units;
use crate::workflows::Workflow;

#[proofmark::test]
async fn whole_workflows_run_on_one_connection(make: Make) {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(10));
    let pool = pool.connect(make.lease.url()).await.unwrap();
    let make = make.through(&pool);
    let (db, context) = (&make.db, &make.context);
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(9).await;

    // Bought by a customer with two carts, paid in two parts, partly cancelled, partly sent back.
    let mut at_home = flow.customer().await;
    at_home.take(mug, 1).await;
    let mut on_the_phone = flow.guest();
    on_the_phone.take(mug, 3).await;
    let (ada, login) = on_the_phone.log_in(at_home.customer().unwrap()).await;
    assert!(login.merged);
    let bought = ada.check_out().await;
    bought.pay_with_gift_card(eur(1_500)).await;
    let card = bought.pay_part(eur(2_500)).await;
    let cancelled = bought.cancel(Some(vec![units(bought.lines[0], 1)])).await;
    bought.refund(card, &cancelled.units, eur(0), None).await;
    bought.ship(Wanted::Everything).await;
    let (returned, receipt) = bought.send_back(vec![units(bought.lines[0], 1)], true).await;
    bought.refund(card, &receipt.units, eur(0), Some(returned)).await;
    assert_eq!(flow.kept(card), 500);

    // Paid without an answer, which recovery and a notice bring.
    let mut guest = flow.guest();
    guest.take(mug, 1).await;
    let bought = guest.check_out().await;
    flow.fake.script([Behaviour::TimeOutAfter]);
    let kind = shop::payment::MethodType::Card;
    let (_, _, outcome) = bought.ask(kind, eur(600), token()).await;
    assert_eq!(outcome, Outcome::Unknown);
    assert_eq!(flow.recover().await.settled, 1);
    flow.fake.script([Behaviour::Pend]);
    let (_, attempt, outcome) = bought.ask(kind, eur(400), token()).await;
    assert_eq!(outcome, Outcome::Pending);
    flow.fake.finish(shop::id::Id::uuid(attempt), &Finish::Succeed);
    flow.hear().await;
    assert_eq!(bought.state().await, OrderState::Confirmed);
    bought.deliver().await;

    // Everything that runs in the background.
    let mut forgetful = flow.guest();
    forgetful.take(mug, 1).await;
    let forgotten = forgetful.check_out().await;
    let mut slow = flow.guest();
    slow.take(mug, 1).await;
    slow.begin_checkout().await;
    make.clock.advance(PAYMENT_WAIT + TimeDelta::hours(1));
    assert_eq!(shop::inventory::sweep(db, context, 100).await.unwrap().expired, 1);
    expire_due(db, context, &flow.fake, 100).await.unwrap();
    let expired = order::expire_unpaid(db, context, PAYMENT_WAIT, 100).await.unwrap();
    assert_eq!(expired, [forgotten.id]);
    shop::cart::expire_due(db, context, 100).await.unwrap();
    publish_batch(db, context, &NotifyPublisher::default(), 1_000).await.unwrap();
    assert_eq!(flow.stock(mug).await, (6, 0, 0), "9, less 3 sent, plus 1 back, less 1 sent");
    flow.adds_up().await;
    pool.close().await;
}
