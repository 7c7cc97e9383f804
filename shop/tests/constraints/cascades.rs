//! What a delete or a changed key does to the rows that reference it.

use sqlx::{AssertSqlSafe, PgPool};

use crate::cases::must;
use crate::factories::{Made, make};
use crate::refusal::assert_refused;

/// Makes the factories, runs the statements, commits, and counts the rows of each table.
async fn rows_after<const N: usize>(
    db: &PgPool,
    factories: &[&str],
    statements: &[&str],
    tables: [&str; N],
) -> [i64; N] {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    must(db, "BEGIN").await;
    let mut made = Made::default();
    for factory in factories {
        make(db, factory, &mut made).await;
    }
    for sql in statements {
        must(db, sql).await;
    }
    must(db, "COMMIT").await;
    let mut counts = [0; N];
    for (count, table) in counts.iter_mut().zip(tables) {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        *count = sqlx::query_scalar(sql).fetch_one(&mut *db).await.expect("a count");
    }
    counts
}

#[proofmark::test]
async fn a_deleted_cart_takes_its_lines_sessions_vouchers_and_history(db: PgPool) {
    let left = rows_after(
        &db,
        &["closed_cart", "cart_session", "cart_voucher"],
        &["DELETE FROM cart"],
        ["cart_line", "cart_session", "cart_voucher", "cart_history", "voucher"],
    )
    .await;
    assert_eq!(left, [0, 0, 0, 0, 1]);
}

#[proofmark::test]
async fn a_cart_with_an_order_is_not_deleted(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    must(db, "BEGIN").await;
    make(db, "whole_order", &mut Made::default()).await;
    let result = crate::cases::run(db, "DELETE FROM cart").await;
    must(db, "ROLLBACK").await;
    assert_refused(db, result, "orders_from_a_closed_cart").await;
}

#[proofmark::test]
async fn a_deleted_customer_takes_their_addresses(db: PgPool) {
    let left =
        rows_after(&db, &["address"], &["DELETE FROM customer"], ["customer", "address"]).await;
    assert_eq!(left, [0, 0]);
}

#[proofmark::test]
async fn a_removed_cart_line_leaves_its_closed_reservation_without_a_cart(db: PgPool) {
    let left = rows_after(
        &db,
        &["reservation"],
        &[
            "INSERT INTO reservation_history (reservation_id, seq, from_state, to_state, actor)
             VALUES ({reservation}, 1, 'active', 'released', 'test')",
            "UPDATE reservation SET state = 'released', state_seq = 1, closed_at = now()",
            "DELETE FROM cart_line",
        ],
        ["cart_line", "reservation WHERE cart_id IS NULL AND variant_id IS NOT NULL"],
    )
    .await;
    assert_eq!(left, [0, 1]);
}

#[proofmark::test]
async fn a_purged_reservation_takes_its_history(db: PgPool) {
    let left = rows_after(
        &db,
        &["reservation"],
        &[
            "INSERT INTO reservation_history (reservation_id, seq, from_state, to_state, actor)
             VALUES ({reservation}, 1, 'active', 'expired', 'sweeper')",
            "UPDATE reservation SET state = 'expired', state_seq = 1, closed_at = now()",
            "DELETE FROM reservation",
        ],
        ["reservation", "reservation_history", "stock_level WHERE reserved = 0"],
    )
    .await;
    assert_eq!(left, [0, 0, 1]);
}

#[proofmark::test]
async fn a_deleted_promotion_takes_its_amounts_and_products(db: PgPool) {
    let left = rows_after(
        &db,
        &["promotion_amount", "promotion_product"],
        &["DELETE FROM promotion"],
        ["promotion_amount", "promotion_product", "product"],
    )
    .await;
    assert_eq!(left, [0, 0, 1]);
}

#[proofmark::test]
async fn a_deleted_draft_of_a_transfer_takes_its_lines(db: PgPool) {
    let left = rows_after(
        &db,
        &["stock_transfer_line"],
        &["DELETE FROM stock_transfer"],
        ["stock_transfer", "stock_transfer_line"],
    )
    .await;
    assert_eq!(left, [0, 0]);
}

#[proofmark::test]
async fn a_deleted_endpoint_takes_its_secrets_and_subscriptions(db: PgPool) {
    let left = rows_after(
        &db,
        &["webhook_secret", "webhook_subscription"],
        &["DELETE FROM webhook_endpoint"],
        ["webhook_secret", "webhook_subscription", "event_type"],
    )
    .await;
    assert_eq!(left[..2], [0, 0]);
    assert!(left[2] > 0, "the catalogue stays");
}

#[proofmark::test]
async fn a_deleted_delivery_takes_its_attempts(db: PgPool) {
    let left = rows_after(
        &db,
        &["webhook_attempt"],
        &["DELETE FROM webhook_delivery"],
        ["webhook_delivery", "webhook_attempt", "outbox"],
    )
    .await;
    assert_eq!(left, [0, 0, 1]);
}

#[proofmark::test]
async fn a_deleted_api_key_takes_its_scopes(db: PgPool) {
    let left = rows_after(
        &db,
        &["api_key_scope"],
        &["DELETE FROM api_key WHERE id = {api_key}"],
        ["api_key", "api_key_scope"],
    )
    .await;
    assert_eq!(left, [1, 0]);
}

#[proofmark::test]
async fn a_closed_cart_closes_its_lines_and_reopens_them(db: PgPool) {
    let closed = "cart_line WHERE NOT cart_open AND variant_live IS NULL";
    assert_eq!(rows_after(&db, &["closed_cart"], &[], [closed]).await, [1]);
    let reopened = rows_after(
        &db,
        &[],
        &[
            "INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor)
             VALUES ({cart}, 2, 'checkout', 'active', 'test')",
            "UPDATE cart SET state = 'active', state_seq = 2",
        ],
        ["cart_line WHERE cart_open AND variant_live"],
    )
    .await;
    assert_eq!(reopened, [1]);
}

#[proofmark::test]
async fn a_raised_limit_of_a_voucher_reaches_its_counters(db: PgPool) {
    let raised = rows_after(
        &db,
        &["voucher_customer"],
        &["UPDATE voucher SET per_customer_limit = 5"],
        ["voucher_customer WHERE per_customer_limit = 5"],
    )
    .await;
    assert_eq!(raised, [1]);
}
