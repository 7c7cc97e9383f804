//! Vouchers in carts: which count, and why the others do not.

use chrono::Duration;
use shop::cart::enter_voucher;
use shop::id::{CartId, VoucherId};
use shop::pricing::{
    LimitVoucherError, VoucherLimits, VoucherRefusal, delete_promotion, delete_voucher,
    limit_voucher,
};
use shop::value::Country;

use super::{eur, priced};
use crate::make::{MadeCart, MadeVoucher, Make};

/// A cart of 10.00 EUR with a voucher.
async fn cart_with(make: &Make, cart: crate::make::CartBuilder, voucher: &MadeVoucher) -> MadeCart {
    let mug = make.variant().priced(eur(1000)).await;
    let cart = cart.with(mug, 1).await;
    enter_voucher(&make.db, &make.context, &cart.request(), &voucher.code).await.unwrap();
    cart
}

async fn outcome(make: &Make, cart: CartId) -> (i64, Vec<VoucherId>, Vec<VoucherRefusal>) {
    let quote = priced(make, cart, None).await.unwrap();
    let refused = quote.refused.into_iter().map(|(_, refusal)| refusal).collect();
    (quote.totals.lines_discount.minor(), quote.redemptions, refused)
}

#[proofmark::test]
async fn a_voucher_unlocks_its_promotion(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let voucher = make.voucher().await;
    let without = make.cart().with(make.variant().priced(eur(1000)).await, 1).await;
    assert_eq!(outcome(&make, without.id).await, (0, vec![], vec![]));
    let cart = cart_with(&make, make.cart(), &voucher).await;
    assert_eq!(outcome(&make, cart.id).await, (100, vec![voucher.id], vec![]));
    let quote = priced(&make, cart.id, None).await.unwrap();
    let adjustment = &quote.lines[0].adjustments[0];
    assert_eq!(adjustment.kind.as_str(), "voucher");
    assert_eq!(adjustment.promotion, Some(voucher.promotion));
    assert_eq!(adjustment.voucher, Some(voucher.id));
}

#[proofmark::test]
async fn a_voucher_that_ends_while_it_is_in_the_cart_is_refused_by_its_reason(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    make.clock.advance(Duration::minutes(10));
    let now = make.context.now();
    let until = Some(now + Duration::minutes(5));
    let of_a_time = make.voucher().valid(now, until).await;
    let of_a_promotion = make.voucher().unlocking(|promotion| promotion.valid(now, until)).await;
    let withdrawn = make.voucher().await;
    let abandoned = make.voucher().await;
    let mut carts = Vec::new();
    for voucher in [&of_a_time, &of_a_promotion, &withdrawn, &abandoned] {
        let cart = cart_with(&make, make.cart(), voucher).await;
        assert_eq!(outcome(&make, cart.id).await, (100, vec![voucher.id], vec![]));
        carts.push(cart.id);
    }
    delete_voucher(&make.db, &make.context, withdrawn.id).await.unwrap();
    delete_promotion(&make.db, &make.context, abandoned.promotion).await.unwrap();
    make.clock.advance(Duration::minutes(5));
    let reasons = [
        VoucherRefusal::Expired,
        VoucherRefusal::Expired,
        VoucherRefusal::Unknown,
        VoucherRefusal::Unknown,
    ];
    for (cart, reason) in carts.iter().zip(reasons) {
        assert_eq!(outcome(&make, *cart).await, (0, vec![], vec![reason]));
    }
    make.clock.advance(Duration::minutes(-6));
    assert_eq!(outcome(&make, carts[0]).await, (0, vec![], vec![VoucherRefusal::NotYetValid]));
}

#[proofmark::test]
async fn a_voucher_for_another_currency_or_a_larger_cart_lowers_nothing(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let francs = shop::money::Money::new(100, shop::money::Currency::CHF).unwrap();
    let swiss = make.voucher().unlocking(|promotion| promotion.amounts(&[francs])).await;
    let cart = cart_with(&make, make.cart(), &swiss).await;
    assert_eq!(outcome(&make, cart.id).await, (0, vec![], vec![VoucherRefusal::OtherCurrency]));
    let large = make.voucher().unlocking(|promotion| promotion.at_least(eur(1001))).await;
    let cart = cart_with(&make, make.cart(), &large).await;
    let below = VoucherRefusal::BelowMinimum { minimum: eur(1001) };
    assert_eq!(outcome(&make, cart.id).await, (0, vec![], vec![below]));
}

/// Writes the order and the redemption that would use a voucher up; what placing an order does.
async fn redeem(make: &Make, voucher: VoucherId, customer: shop::id::CustomerId) {
    let order: shop::id::OrderId = make.context.id();
    let mut transaction = make.db.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO orders (id, customer_id, currency, tax_included, lines_subtotal, grand_total,
                             placed_at)
         VALUES ($1, $2, 'EUR', true, 0, 0, $3)",
    )
    .bind(order)
    .bind(customer)
    .bind(make.context.now())
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO voucher_redemption (order_id, voucher_id, limited_per_customer, customer_id,
                                         redeemed_at)
         SELECT $1, id, limited_per_customer, $3, $4 FROM voucher WHERE id = $2",
    )
    .bind(order)
    .bind(voucher)
    .bind(customer)
    .bind(make.context.now())
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
}

#[proofmark::test]
async fn a_voucher_that_is_used_up_says_so(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let (one, other) = (make.customer().await, make.customer().await);
    let voucher = make.voucher().limited_to(1).await;
    let cart = cart_with(&make, make.cart().of(other), &voucher).await;
    redeem(&make, voucher.id, one).await;
    assert_eq!(outcome(&make, cart.id).await, (0, vec![], vec![VoucherRefusal::UsedUp]));
}

#[proofmark::test]
async fn the_uses_of_one_customer_are_not_those_of_another(make: Make) {
    make.tax("standard", Country::DE, 19).await;
    let (one, other) = (make.customer().await, make.customer().await);
    let voucher = make.voucher().per_customer(1).await;
    let theirs = cart_with(&make, make.cart().of(one), &voucher).await;
    let others = cart_with(&make, make.cart().of(other), &voucher).await;
    redeem(&make, voucher.id, one).await;
    let used = VoucherRefusal::UsedUpByCustomer;
    assert_eq!(outcome(&make, theirs.id).await, (0, vec![], vec![used]));
    assert_eq!(outcome(&make, others.id).await, (100, vec![voucher.id], vec![]));
}

#[proofmark::test]
async fn limits_change_within_what_was_used(make: Make) {
    let (one, other) = (make.customer().await, make.customer().await);
    let counted = make.voucher().limited_to(2).per_customer(2).await.id;
    for customer in [one, one] {
        redeem(&make, counted, customer).await;
    }
    let free = make.voucher().await.id;
    redeem(&make, free, other).await;
    let limits = |total, per_customer| VoucherLimits { total, per_customer };
    let change =
        async |voucher, limits| limit_voucher(&make.db, &make.context, voucher, limits).await;
    for (voucher, limits, expected) in [
        (counted, limits(Some(1), Some(2)), "UsedMoreOften"),
        (counted, limits(Some(2), Some(1)), "UsedMoreOften"),
        (counted, limits(Some(2), None), "CountedOtherwise"),
        (free, limits(None, Some(1)), "CountedOtherwise"),
    ] {
        let error = change(voucher, limits).await.unwrap_err();
        let found = match error {
            LimitVoucherError::UsedMoreOften => "UsedMoreOften",
            LimitVoucherError::CountedOtherwise => "CountedOtherwise",
            other => panic!("{limits:?}: {other:?}"),
        };
        assert_eq!(found, expected, "{limits:?}");
    }
    change(counted, limits(Some(4), Some(3))).await.unwrap();
    redeem(&make, counted, one).await;
    change(counted, limits(None, Some(3))).await.unwrap();
    change(free, limits(Some(1), None)).await.unwrap();
}
