//! From the shelf to the door.

use chrono::TimeDelta;
use shop::cart::CartState;
use shop::money::{Currency, Money};
use shop::order::{self, OrderState, PAYMENT_WAIT, Wanted};
use shop::payment::provider::{ManualProvider, Source};
use shop::payment::{Capture, CaptureMode, MethodType, Outcome, PaymentState, authorize, capture};

use super::purchase::like;
use super::{Purchase, Workflow, all_of};
use crate::make::payment::eur;
use crate::make::{MadeVoucher, Make};

#[proofmark::test]
async fn a_guest_buys_and_gets_it(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(5).await;
    let post = make.shipping_rate().await.method;
    let mut guest = flow.guest();
    let shown = guest.browse(mug).await;
    assert_eq!((shown.amount, shown.available), (eur(1_000), Some(5)));
    guest.take(mug, 2).await;
    let bought =
        guest.check_out_with(|place| order::Place { shipping_method: Some(post), ..place }).await;
    assert_eq!(bought.total, eur(2_490));
    assert_eq!(flow.stock(mug).await, (5, 2, 0));
    let payment = bought.pay().await;
    assert_eq!(flow.kept(payment), 2_490);
    bought.deliver().await;
    assert_eq!(flow.stock(mug).await, (3, 0, 0));
    assert_eq!(bought.owed().await, (eur(0), eur(0)));
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_customer_with_two_carts_logs_in_and_buys_with_a_voucher(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(9).await;
    let pot = make.variant().priced(eur(2_000)).in_stock(9).await;
    let voucher = make.voucher().limited_to(1).await;
    let mut at_home = flow.customer().await;
    at_home.take(mug, 1).await;
    let mut on_the_phone = flow.guest();
    on_the_phone.take(mug, 2).await;
    on_the_phone.take(pot, 1).await;

    let (ada, login) = on_the_phone.log_in(at_home.customer().unwrap()).await;
    assert!(login.merged && login.left.is_empty() && login.changes.is_empty(), "{login:?}");
    assert_eq!(login.cart, at_home.cart().cart);
    ada.enter(&voucher.code).await;
    let bought = ada.check_out().await;
    assert_eq!(bought.total, eur(4_500), "3 × 10.00 + 20.00, less a tenth");
    assert_eq!(uses(&make, &voucher).await, 1);
    bought.pay().await;
    bought.deliver().await;
    assert_eq!((flow.stock(mug).await, flow.stock(pot).await), ((6, 0, 0), (8, 0, 0)));
    flow.adds_up().await;
}

async fn uses(make: &Make, voucher: &MadeVoucher) -> i64 {
    sqlx::query_scalar("SELECT used::bigint FROM voucher WHERE id = $1")
        .bind(voucher.id)
        .fetch_one(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn an_order_that_nobody_pays_gives_its_stock_and_its_voucher_back(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(2).await;
    let voucher = make.voucher().limited_to(1).await;
    let buy = async || -> Purchase {
        let mut guest = flow.guest();
        guest.take(mug, 2).await;
        guest.enter(&voucher.code).await;
        guest.check_out().await
    };
    let forgotten = buy().await;
    assert_eq!((flow.stock(mug).await, uses(&make, &voucher).await), ((2, 2, 0), 1));
    // The customer tried to pay, and could not.
    let (declined, _, outcome) = {
        let code = "insufficient_funds".parse().unwrap();
        flow.fake.script([shop::payment::provider::fake::Behaviour::Decline(code)]);
        let token = crate::make::payment::token();
        forgotten.ask(MethodType::Card, forgotten.total, token).await
    };
    assert!(matches!(outcome, Outcome::Declined { .. }), "{outcome:?}");
    make.clock.advance(PAYMENT_WAIT + TimeDelta::minutes(1));
    let expire =
        async || order::expire_unpaid(&make.db, &make.context, PAYMENT_WAIT, 10).await.unwrap();
    assert_eq!(expire().await, [], "a payment that may still succeed claims it");
    shop::payment::cancel(&make.db, &make.context, &flow.fake, declined).await.unwrap();
    assert_eq!(expire().await, [forgotten.id]);
    assert_eq!(forgotten.state().await, OrderState::Expired);
    assert_eq!((flow.stock(mug).await, uses(&make, &voucher).await), ((2, 0, 0), 0));
    // Somebody else has both.
    let bought = buy().await;
    bought.pay().await;
    bought.deliver().await;
    assert_eq!((flow.stock(mug).await, uses(&make, &voucher).await), ((0, 0, 0), 1));
    flow.adds_up().await;
}

#[proofmark::test]
async fn every_number_of_digits_is_bought_and_given_back_exactly(make: Make) {
    let flow = Workflow::new(&make).await;
    for (currency, minor) in [
        (Currency::JPY, 1_001),
        (Currency::EUR, 1_001),
        (Currency::KWD, 10_010),
        (Currency::CLF, 10_001),
    ] {
        for tax_included in [true, false] {
            let at = format!("{currency}, tax included: {tax_included}");
            let price = Money::new(minor, currency).unwrap();
            let mug = make.variant().in_stock(3);
            let mug = if tax_included {
                mug.priced(price).await
            } else {
                mug.priced_without_tax(price).await
            };
            let guest = flow.guest().in_currency(currency);
            let mut guest = if tax_included { guest } else { guest.without_tax() };
            guest.take(mug, 3).await;
            let bought = guest.check_out().await;
            let net = if tax_included { 0 } else { bought.quote.totals.lines_tax.minor() };
            assert_eq!(bought.total.minor(), 3 * minor + net, "{at}");
            assert_eq!(net > 0, !tax_included, "{at}");
            let payment = bought.pay().await;
            bought.deliver().await;
            let (returned, receipt) = bought.send_back(all_of(&bought), true).await;
            assert_eq!(receipt.money_back, bought.total, "{at}");
            let nothing = like(bought.total, 0);
            bought.refund(payment, &receipt.units, nothing, Some(returned)).await;
            assert_eq!(flow.kept(payment), 0, "{at}");
            assert_eq!(flow.stock(mug).await, (3, 0, 0), "{at}");
        }
    }
    flow.adds_up().await;
}

#[proofmark::test]
async fn the_courier_takes_swiss_francs_in_coins(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(Money::new(1_013, Currency::CHF).unwrap()).in_stock(2).await;
    let mut guest = flow.guest().in_currency(Currency::CHF);
    guest.take(mug, 1).await;
    let cash = |place| order::Place { payment_is_cash: true, ..place };
    let bought = guest.check_out_with(cash).await;
    assert_eq!((bought.total.minor(), bought.quote.totals.rounding.minor()), (1_015, 2));
    let mode = CaptureMode::Manual;
    let payment = bought.start(MethodType::CashOnDelivery, bought.total, mode).await;
    let (db, context) = (&make.db, &make.context);
    let source = Some(Source::Customer);
    let promised = authorize(db, context, &ManualProvider, payment, source).await.unwrap();
    assert_eq!(promised.outcome, Outcome::Authorized);
    assert_eq!(bought.state().await, OrderState::Confirmed, "a promise to pay is enough");
    let parcels = bought.ship(Wanted::Everything).await;
    order::deliver(db, context, parcels[0]).await.unwrap();
    let all = Capture { payment, amount: None };
    let taken = capture(db, context, &ManualProvider, all).await.unwrap();
    assert_eq!((taken.outcome, taken.amount), (Outcome::Succeeded, bought.total));
    assert_eq!(make.state_of(payment).await, PaymentState::Captured);
    assert_eq!(flow.stock(mug).await, (1, 0, 0));
    flow.adds_up().await;
}

#[proofmark::test]
async fn a_cart_that_is_left_in_checkout_holds_nothing_any_more(make: Make) {
    let flow = Workflow::new(&make).await;
    let mug = make.variant().priced(eur(1_000)).in_stock(1).await;
    let mut slow = flow.guest();
    slow.take(mug, 1).await;
    slow.begin_checkout().await;
    let place = slow.placing(|place| place).await;
    make.clock.advance(TimeDelta::hours(1));
    shop::inventory::sweep(&make.db, &make.context, 100).await.unwrap();
    assert_eq!(flow.stock(mug).await, (1, 0, 0));
    let mut quick = flow.guest();
    quick.take(mug, 1).await;
    let bought = quick.check_out().await;
    bought.pay().await;
    let late = order::place(&make.db, &make.context, &place).await;
    assert!(late.is_err(), "its stock is another's: {late:?}");
    bought.deliver().await;
    assert_eq!(flow.stock(mug).await, (0, 0, 0));
    let state: CartState = sqlx::query_scalar("SELECT state::text FROM cart WHERE id = $1")
        .bind(place.cart.cart)
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_ne!(state, CartState::Converted);
    flow.adds_up().await;
}
