//! How the money comes, and how it goes away again.

use chrono::TimeDelta;
use shop::order::{OrderState, Wanted};
use shop::payment::provider::fake::{Behaviour, Finish};
use shop::payment::{DisputeState, Heard, MethodType, Outcome, PaymentState, RefundError, refund};

use super::{Purchase, Workflow, refunding};
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};
use crate::orders::stage::units;

/// A guest orders three mugs at 10.00 each.
async fn three_mugs(flow: &Workflow) -> Purchase {
    let mug = flow.make.variant().priced(eur(1_000)).in_stock(10).await;
    let mut guest = flow.guest();
    guest.take(mug, 3).await;
    guest.check_out().await
}

#[proofmark::test]
async fn a_gift_card_and_a_card_pay_one_order(make: Make) {
    let flow = Workflow::new(&make).await;
    let bought = three_mugs(&flow).await;
    let gift = bought.pay_with_gift_card(eur(1_200)).await;
    assert_eq!(bought.state().await, OrderState::Placed, "a part is not enough");
    let card = bought.pay_part(eur(1_800)).await;
    assert_eq!(bought.state().await, OrderState::Confirmed);
    bought.deliver().await;
    // Two come back; their money goes where it came from, the card first.
    let (returned, receipt) = bought.send_back(vec![units(bought.lines[0], 2)], true).await;
    assert_eq!(receipt.money_back, eur(2_000));
    let mut by_card = refunding(card, &receipt.units, eur(0), None);
    by_card.amount = Some(eur(1_800));
    by_card.lines[0].amount = eur(1_800);
    by_card.for_return = None;
    bought.give_back(&flow.fake, &by_card).await;
    let mut by_gift = by_card.clone();
    (by_gift.payment, by_gift.amount) = (gift, Some(eur(200)));
    by_gift.lines[0].amount = eur(200);
    by_gift.for_return = Some(returned);
    bought.give_back(&flow.internal(), &by_gift).await;
    assert_eq!(make.state_of(card).await, PaymentState::Refunded);
    assert_eq!(make.state_of(gift).await, PaymentState::PartiallyRefunded);
    assert_eq!(bought.owed().await, (eur(0), eur(0)));
    flow.adds_up().await;
}

#[proofmark::test]
async fn each_of_two_parcels_is_paid_when_it_leaves(make: Make) {
    let flow = Workflow::new(&make).await;
    let bought = three_mugs(&flow).await;
    let payment = bought.authorize().await;
    bought.ship(Wanted::Units(vec![units(bought.lines[0], 1)])).await;
    bought.capture(payment, eur(1_000)).await;
    assert_eq!(make.state_of(payment).await, PaymentState::PartiallyCaptured);
    assert_eq!(bought.state().await, OrderState::PartiallyFulfilled);
    bought.ship(Wanted::Everything).await;
    bought.capture(payment, eur(2_000)).await;
    assert_eq!(make.state_of(payment).await, PaymentState::Captured);
    assert_eq!(bought.state().await, OrderState::Fulfilled);
    flow.adds_up().await;
}

#[proofmark::test]
async fn what_is_cancelled_before_its_capture_is_never_taken(make: Make) {
    let flow = Workflow::new(&make).await;
    let bought = three_mugs(&flow).await;
    let payment = bought.authorize().await;
    let cancelled = bought.cancel(Some(vec![units(bought.lines[0], 1)])).await;
    assert_eq!(cancelled.money_back, eur(1_000));
    bought.ship(Wanted::Everything).await;
    bought.capture(payment, eur(2_000)).await;
    let rest = shop::payment::Void { payment, amount: None };
    let given_up = shop::payment::void(&make.db, &make.context, &flow.fake, rest).await.unwrap();
    assert_eq!((given_up.outcome, given_up.amount), (Outcome::Succeeded, eur(1_000)));
    assert_eq!(make.state_of(payment).await, PaymentState::Captured);
    assert_eq!(flow.kept(payment), 2_000);
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_bank_debit_is_returned_after_the_goods_have_left(make: Make) {
    let flow = Workflow::new(&make).await;
    let bought = three_mugs(&flow).await;
    flow.fake.script([Behaviour::Pend]);
    let (payment, attempt, outcome) =
        bought.ask(MethodType::BankDebit, bought.total, token()).await;
    assert_eq!(outcome, Outcome::Pending);
    assert_eq!(bought.state().await, OrderState::Placed, "nothing leaves before the money is here");
    let key = shop::id::Id::uuid(attempt);
    flow.fake.finish(key, &Finish::Succeed);
    assert!(flow.hear().await.contains(&Heard::Applied));
    assert_eq!(bought.state().await, OrderState::Confirmed);
    bought.deliver().await;
    flow.fake.finish(key, &Finish::Fail("insufficient_funds".parse().unwrap()));
    assert_eq!(flow.hear().await, [Heard::Applied]);
    assert_eq!(make.state_of(payment).await, PaymentState::Failed);
    assert_eq!(flow.kept(payment), 0);
    // The goods are gone, the order is open to be paid again, and only once.
    let again = bought.pay_part(bought.total).await;
    assert_eq!(flow.kept(again), 3_000);
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_dispute_is_lost_after_a_part_was_given_back(make: Make) {
    let flow = Workflow::new(&make).await;
    let bought = three_mugs(&flow).await;
    let payment = bought.pay().await;
    bought.deliver().await;
    let (returned, receipt) = bought.send_back(vec![units(bought.lines[0], 1)], true).await;
    bought.refund(payment, &receipt.units, eur(0), Some(returned)).await;
    flow.hear().await;
    flow.fake.dispute(payment, eur(2_000), "dp_1", TimeDelta::days(7));
    assert_eq!(flow.hear().await, [Heard::Applied]);
    assert_eq!(make.state_of(payment).await, PaymentState::Disputed);
    // What the bank has cannot be given back a second time.
    let more = refund_of(payment, eur(1));
    let refused = refund(&make.db, &make.context, &flow.fake, &more).await;
    assert!(
        matches!(refused, Err(RefundError::WrongState(_) | RefundError::ExceedsCaptured)),
        "{refused:?}"
    );
    flow.fake.decide("dp_1", DisputeState::Lost);
    assert_eq!(flow.hear().await, [Heard::Applied]);
    assert_eq!(make.state_of(payment).await, PaymentState::ChargedBack);
    let (refunded, disputed): (i64, i64) =
        sqlx::query_as("SELECT refunded::bigint, disputed::bigint FROM payment WHERE id = $1")
            .bind(payment)
            .fetch_one(&make.db)
            .await
            .unwrap();
    assert_eq!((refunded, disputed), (1_000, 2_000));
    flow.adds_up().await;
}
