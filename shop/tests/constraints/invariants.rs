//! Invariants: what no constraint can say is declared as SQL in `shop/invariants.sql`.
//!
//! In: every query of that file. Out: no row for any situation the factories make, and at least
//! one row for a shop that was broken on purpose, with the triggers switched off.
//!
//! **Invariant**: an invariant without a way to break it fails the tests; a check that cannot find
//! anything is not a check.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::cases::must;
use crate::factories::{self, Made, make, make_whole};

/// For each invariant: a factory, and what breaks its rows.
const BREAKS: &[(&str, &str, &str)] = &[
    ("cart_converted_has_one_order", "cart", "UPDATE cart SET state = 'converted', state_seq = 1"),
    (
        "fulfilment_shipped_left_the_stock",
        "fulfilment_line",
        "UPDATE fulfilment SET state = 'shipped', state_seq = 1",
    ),
    ("order_equals_its_lines", "whole_order", "DELETE FROM order_line WHERE id = {order_line}"),
    ("order_equals_its_lines", "whole_order", "DELETE FROM order_adjustment"),
    ("order_line_equals_its_rows", "whole_order", "UPDATE order_line SET fulfilled = 1"),
    ("order_line_equals_its_rows", "refund_line", "DELETE FROM refund_line"),
    ("orders_payment_claim_equals_its_payments", "payment", "DELETE FROM payment"),
    (
        "outbox_has_no_gap",
        "outbox",
        "INSERT INTO outbox (id, aggregatetype, aggregateid, seq, type, payload)
         SELECT {other}, aggregatetype, aggregateid, 3, type, payload FROM outbox",
    ),
    ("payment_equals_its_rows", "capture", "UPDATE capture SET state = 'failed', state_seq = 1"),
    ("payment_equals_its_rows", "dispute", "DELETE FROM dispute"),
    (
        "payment_state_agrees_with_its_amounts",
        "payment",
        "UPDATE payment SET state = 'captured', state_seq = 1",
    ),
    ("refund_equals_its_lines", "refund_line", "UPDATE refund SET assigned = 0"),
    ("reservation_equals_its_rows", "order_cancellation", "UPDATE reservation SET withdrawn = 0"),
    (
        "reservation_is_held_for_an_open_cart",
        "reservation",
        "UPDATE cart SET state = 'expired', state_seq = 1",
    ),
    (
        "state_is_head_of_history",
        "cart",
        "INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor)
         VALUES ({cart}, 1, 'active', 'checkout', 'test')",
    ),
    ("stock_level_equals_its_movements", "stock_movement", "UPDATE stock_level SET on_hand = 9"),
    ("stock_level_equals_its_reservations", "reservation", "UPDATE stock_level SET reserved = 1"),
    ("store_credit_equals_its_entries", "issued_credit", "UPDATE store_credit SET issued = 999"),
    ("voucher_equals_its_redemptions", "whole_order", "UPDATE voucher SET used = 0"),
    ("voucher_equals_its_redemptions", "whole_order", "UPDATE voucher_customer SET used = 0"),
];

/// The SQL of every invariant, comments included, by its name.
fn invariants() -> BTreeMap<String, String> {
    let file = include_str!("../../invariants.sql");
    let parts = file.split("-- invariant: ").skip(1);
    parts
        .map(|part| part.split_once('\n').expect("a name on a line of its own"))
        .map(|(name, sql)| (name.to_owned(), sql.trim_end().trim_end_matches(';').to_owned()))
        .collect()
}

/// Subject and problem of each violation.
async fn violations(db: &mut PgConnection, sql: &str) -> Vec<(String, String)> {
    sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_all(db).await.expect("an invariant is SQL")
}

#[proofmark::test]
async fn every_invariant_holds_for_what_the_factories_make(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let invariants = invariants();
    for factory in factories::all() {
        must(db, "BEGIN").await;
        make_whole(db, factory.name, &mut Made::default()).await;
        // A cart whose order is placed is converted by the application; the factories leave it.
        must(db, "SET LOCAL session_replication_role = replica").await;
        must(db, "UPDATE cart SET state = 'converted' WHERE id IN (SELECT cart_id FROM orders)")
            .await;
        for (name, sql) in &invariants {
            let found = violations(db, sql).await;
            assert!(found.is_empty(), "{name} after {}: {found:?}", factory.name);
        }
        must(db, "ROLLBACK").await;
    }
}

#[proofmark::test]
async fn every_invariant_finds_a_broken_shop(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let invariants = invariants();
    for (name, factory, damage) in BREAKS {
        let sql = invariants.get(*name).unwrap_or_else(|| panic!("no invariant is called {name}"));
        must(db, "BEGIN").await;
        make(db, factory, &mut Made::default()).await;
        must(db, "SET LOCAL session_replication_role = replica").await;
        must(db, damage).await;
        assert!(!violations(db, sql).await.is_empty(), "{name} does not notice: {damage}");
        must(db, "ROLLBACK").await;
    }
    let unbroken: Vec<_> =
        invariants.keys().filter(|name| BREAKS.iter().all(|(broken, ..)| broken != name)).collect();
    assert!(unbroken.is_empty(), "nothing breaks {unbroken:?}");
}

#[test]
fn every_invariant_says_what_must_hold_and_why_no_constraint_can() {
    for (name, sql) in invariants() {
        assert!(sql.starts_with("-- Must hold: "), "{name} does not say what must hold");
        assert!(sql.contains("-- Why no constraint says it: "), "{name} does not say why");
    }
}
