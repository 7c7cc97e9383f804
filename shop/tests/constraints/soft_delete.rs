//! Soft delete: what a deleted row frees, and what keeps a row from being deleted.

use sqlx::PgPool;

use crate::cases::{must, rules, then};
use crate::factories::{self, Made, make};

rules! {
    a_product_with_live_variants_is_not_deleted: "variant" => [
        then("variant_of_a_live_product", &["UPDATE product SET deleted_at = now()"]),
    ];
    a_variant_in_an_open_cart_is_not_deleted: "cart_line" => [
        then("cart_line_of_a_live_variant", &["UPDATE variant SET deleted_at = now()"]),
    ];
    a_deleted_variant_is_not_put_into_a_cart: "cart_line" => [
        then("cart_line_of_a_live_variant", &[
            "DELETE FROM cart_line",
            "UPDATE variant SET deleted_at = now()",
            "INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id,
                                    unit_price, price_min_quantity, quantity)
             VALUES ({cart}, {variant}, 'EUR', true, {price}, 1000, 2, 2)",
        ]),
    ];
    a_customer_with_an_open_cart_is_not_deleted: "cart" => [
        then("cart_of_a_live_customer", &["UPDATE customer SET deleted_at = now()"]),
    ];
    a_customer_with_a_stored_method_is_not_deleted: "payment_method" => [
        then("payment_method_of_a_live_customer", &["UPDATE customer SET deleted_at = now()"]),
    ];
    a_location_with_stock_is_not_deleted: "stock_movement" => [
        then("stock_level_in_use_at_a_live_location", &[
            "UPDATE location SET deleted_at = now()",
        ]),
    ];
}

/// Makes `factory`, runs the statements and commits.
async fn committed(db: &PgPool, factory: &str, statements: &[&str]) {
    let mut db = db.acquire().await.expect("a connection");
    must(&mut db, "BEGIN").await;
    make(&mut db, factory, &mut Made::default()).await;
    for sql in statements {
        must(&mut db, sql).await;
    }
    must(&mut db, "COMMIT").await;
}

#[proofmark::test]
async fn the_email_of_a_deleted_customer_is_free_again(db: PgPool) {
    committed(
        &db,
        "customer",
        &[
            "UPDATE customer SET deleted_at = now()",
            "INSERT INTO customer (id, email) VALUES ({other_customer}, 'ada@example.com')",
        ],
    )
    .await;
}

#[proofmark::test]
async fn the_sku_of_a_deleted_variant_is_free_again(db: PgPool) {
    committed(
        &db,
        "variant",
        &[
            "UPDATE variant SET deleted_at = now()",
            "INSERT INTO variant (id, product_id, sku, title)
         VALUES ({other_variant}, {product}, 'MUG-1', 'New mug')",
        ],
    )
    .await;
}

#[proofmark::test]
async fn the_code_of_a_deleted_voucher_is_free_again(db: PgPool) {
    committed(
        &db,
        "voucher",
        &[
            "UPDATE voucher SET deleted_at = now()",
            "INSERT INTO voucher (id, promotion_id, code)
         VALUES ({other_voucher}, {promotion}, 'welcome')",
        ],
    )
    .await;
}

#[proofmark::test]
async fn the_code_of_a_deleted_location_is_free_again(db: PgPool) {
    committed(
        &db,
        "stock_level",
        &[
            "UPDATE location SET deleted_at = now()",
            "INSERT INTO location (id, code, name, country)
         VALUES ({other_location}, 'main', 'New', 'DE')",
        ],
    )
    .await;
}

#[proofmark::test]
async fn a_deleted_card_can_be_stored_again(db: PgPool) {
    let card = factories::insert("payment_method", &[("id".into(), "{other}".into())]);
    committed(&db, "payment_method", &["UPDATE payment_method SET deleted_at = now()", &card])
        .await;
}

#[proofmark::test]
async fn a_product_is_deleted_after_its_variants(db: PgPool) {
    committed(
        &db,
        "variant",
        &["UPDATE variant SET deleted_at = now()", "UPDATE product SET deleted_at = now()"],
    )
    .await;
}

#[proofmark::test]
async fn a_variant_in_a_closed_cart_is_deleted(db: PgPool) {
    committed(&db, "closed_cart", &["UPDATE variant SET deleted_at = now()"]).await;
}

#[proofmark::test]
async fn a_customer_whose_carts_are_closed_is_deleted(db: PgPool) {
    committed(
        &db,
        "cart",
        &[
            "INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor)
         VALUES ({cart}, 1, 'active', 'expired', 'sweeper')",
            "UPDATE cart SET state = 'expired', state_seq = 1",
            "UPDATE customer SET deleted_at = now()",
        ],
    )
    .await;
}

#[proofmark::test]
async fn a_location_is_deleted_once_it_is_empty(db: PgPool) {
    committed(
        &db,
        "stock_movement",
        &[
            "INSERT INTO stock_movement (location_id, variant_id, kind, quantity, reason,
                                     operation_id, actor)
         VALUES ({location}, {variant}, 'write_off', 10, 'closed down', {other}, 'test')",
            "UPDATE location SET deleted_at = now()",
        ],
    )
    .await;
}
