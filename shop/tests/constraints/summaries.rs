//! Summaries: what the rows below a parent do to its counters.
//!
//! The cases of the other modules show that a counter cannot pass its bound; these show that it is
//! moved by the right amount, and given back.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::cases::must;
use crate::factories::{Made, make, with_ids};

/// Opens a transaction in which the factories are made.
async fn given(db: &mut PgConnection, factories: &[&str]) {
    must(db, "BEGIN").await;
    let mut made = Made::default();
    for factory in factories {
        make(db, factory, &mut made).await;
    }
}

/// The only row of a query of bigints.
async fn numbers(db: &mut PgConnection, columns: &str, from: &str) -> Vec<i64> {
    let sql = with_ids(&format!("SELECT ARRAY[{columns}]::bigint[] FROM {from}"));
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await.expect("one row")
}

/// Moves the row of a machine: history and state.
async fn move_to(db: &mut PgConnection, table: &str, seq: u32, from: &str, to: &str, with: &str) {
    must(
        db,
        &format!(
            "INSERT INTO {table}_history ({table}_id, seq, from_state, to_state, actor)
             VALUES ({{{table}}}, {seq}, '{from}', '{to}', 'test');
             UPDATE {table} SET state = '{to}', state_seq = {seq}{with} WHERE id = {{{table}}}"
        ),
    )
    .await;
}

const LEVEL: &str = "on_hand, reserved, allocated";

#[proofmark::test]
async fn a_reservation_moves_the_level_from_hold_to_shipment(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["reservation"]).await;
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [10, 2, 0]);
    must(db, "ROLLBACK").await;
    given(db, &["allocated"]).await;
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [10, 0, 2]);
    must(db, "ROLLBACK").await;
    given(db, &["shipment"]).await;
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [8, 0, 0]);
    assert_eq!(numbers(db, "shipped", "reservation").await, [2]);
    move_to(db, "reservation", 2, "committed", "fulfilled", ", closed_at = now()").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [8, 0, 0]);
}

#[proofmark::test]
async fn a_released_reservation_gives_its_stock_back(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["reservation"]).await;
    move_to(db, "reservation", 1, "active", "expired", ", closed_at = now()").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [10, 0, 0]);
}

#[proofmark::test]
async fn many_reservations_in_one_statement_move_each_level_once(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["stock_movement", "price"]).await;
    let before = numbers(db, "version", "stock_level").await[0];
    must(
        db,
        "INSERT INTO cart (id, currency, tax_included, expires_at)
         SELECT gen_random_uuid(), 'EUR', true, now() + interval '1 day' FROM generate_series(1, 4);
         INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id, unit_price,
                                price_min_quantity, quantity)
         SELECT id, {variant}, 'EUR', true, {price}, 1000, 2, 2 FROM cart;
         INSERT INTO reservation (id, cart_id, variant_id, location_id, quantity, expires_at)
         SELECT gen_random_uuid(), cart_id, variant_id, {location}, 2, now() + interval '1 minute'
           FROM cart_line",
    )
    .await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "reserved, version", "stock_level").await, [8, before + 1]);
}

#[proofmark::test]
async fn a_cancellation_withdraws_what_was_promised(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["order_cancellation"]).await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [10, 0, 1]);
    assert_eq!(numbers(db, "cancelled", "order_line WHERE id = {order_line}").await, [1]);
}

#[proofmark::test]
async fn a_transfer_leaves_one_location_and_arrives_at_the_other(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["transfer_in"]).await;
    must(db, "COMMIT").await;
    let at = |location| format!("stock_level WHERE location_id = {{{location}}}");
    assert_eq!(numbers(db, LEVEL, &at("location")).await, [5, 0, 0]);
    assert_eq!(numbers(db, LEVEL, &at("other_location")).await, [4, 0, 0]);
}

#[proofmark::test]
async fn a_cancelled_fulfilment_gives_its_units_back(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["fulfilment_line"]).await;
    let fulfilled = "order_line WHERE id = {order_line}";
    assert_eq!(numbers(db, "fulfilled", fulfilled).await, [2]);
    move_to(db, "fulfilment", 1, "pending", "cancelled", "").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "fulfilled", fulfilled).await, [0]);
}

#[proofmark::test]
async fn a_rejected_return_gives_its_units_back_and_a_restocked_one_the_stock(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["restocking"]).await;
    let returned = "order_line WHERE id = {order_line}";
    assert_eq!(numbers(db, "returned", returned).await, [2]);
    assert_eq!(numbers(db, LEVEL, "stock_level").await, [9, 0, 0]);
    move_to(db, "order_return", 1, "requested", "rejected", "").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "returned", returned).await, [0]);
}

#[proofmark::test]
async fn a_redemption_counts_in_total_and_per_customer_until_it_is_given_back(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["whole_order"]).await;
    assert_eq!(numbers(db, "used", "voucher").await, [1]);
    assert_eq!(numbers(db, "used", "voucher_customer").await, [1]);
    must(db, "UPDATE voucher_redemption SET state = 'given_back', given_back_at = now()").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "used", "voucher").await, [0]);
    assert_eq!(numbers(db, "used", "voucher_customer").await, [0]);
}

const MONEY: &str =
    "authorized, capture_pending, captured, voided, refund_pending, refunded, disputed";

#[proofmark::test]
async fn money_moves_through_a_payment(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    for (factory, money) in [
        ("payment_attempt", [0, 0, 0, 0, 0, 0, 0]),
        ("authorized_payment", [2400, 0, 0, 0, 0, 0, 0]),
        ("capture", [2400, 2000, 0, 0, 0, 0, 0]),
        ("captured_payment", [2400, 0, 2000, 0, 0, 0, 0]),
        ("payment_void", [2400, 0, 0, 400, 0, 0, 0]),
        ("refund", [2400, 0, 2000, 0, 2000, 0, 0]),
        ("dispute", [2400, 0, 2000, 0, 0, 0, 500]),
    ] {
        given(db, &[factory]).await;
        assert_eq!(numbers(db, MONEY, "payment").await, money, "{factory}");
        must(db, "ROLLBACK").await;
    }
}

#[proofmark::test]
async fn a_refund_that_fails_late_gives_its_money_and_its_line_back(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["refund_line"]).await;
    let refunded = "order_line WHERE id = {order_line}";
    move_to(db, "refund", 1, "pending", "succeeded", "").await;
    assert_eq!(numbers(db, "refund_pending, refunded", "payment").await, [0, 2000]);
    assert_eq!(numbers(db, "refunded", refunded).await, [1900]);
    move_to(db, "refund", 2, "succeeded", "failed", "").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "refund_pending, refunded", "payment").await, [0, 0]);
    assert_eq!(numbers(db, "refunded", refunded).await, [0]);
}

#[proofmark::test]
async fn a_won_dispute_and_a_failed_void_give_their_money_back(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["dispute", "payment_void"]).await;
    move_to(db, "dispute", 1, "opened", "won", "").await;
    must(db, "UPDATE payment_void SET state = 'failed', closed_at = now()").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "voided, disputed", "payment").await, [0, 0]);
}

#[proofmark::test]
async fn a_payment_that_fails_lets_the_order_be_paid_again(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["payment"]).await;
    let claimed = "orders WHERE id = {orders}";
    assert_eq!(numbers(db, "payment_claimed", claimed).await, [2400]);
    move_to(db, "payment", 1, "requires_payment_method", "failed", "").await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "payment_claimed", claimed).await, [0]);
}

#[proofmark::test]
async fn what_is_voided_can_be_paid_another_way(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["payment_void"]).await;
    must(db, "COMMIT").await;
    assert_eq!(numbers(db, "payment_claimed", "orders WHERE id = {orders}").await, [2000]);
}

#[proofmark::test]
async fn a_gift_card_is_issued_held_spent_and_given_back(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    given(db, &["store_credit_entry"]).await;
    assert_eq!(numbers(db, "issued, held, spent", "store_credit").await, [1000, 1000, 0]);
    for (kind, amount, credit) in [
        ("release", 200, [1000, 800, 0]),
        ("spend", 800, [1000, 0, 800]),
        ("give_back", 300, [1000, 0, 500]),
    ] {
        must(
            db,
            &format!(
                "INSERT INTO store_credit_entry (id, store_credit_id, currency, kind, amount,
                                                 payment_id, actor)
                 VALUES (gen_random_uuid(), {{store_credit}}, 'EUR', '{kind}', {amount},
                         {{internal_payment}}, 'test')"
            ),
        )
        .await;
        assert_eq!(numbers(db, "issued, held, spent", "store_credit").await, credit, "{kind}");
    }
    must(db, "COMMIT").await;
}
