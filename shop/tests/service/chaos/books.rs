//! What is compared afterwards: what buyers were told, the books, the provider, the shelves.

use std::collections::BTreeSet;

use shop::id::{OrderId, PaymentId, VariantId};
use shop::invariant;
use shop::payment::provider::fake::{FakeProvider, Moved};
use sqlx::PgPool;

use super::buying::Bought;

/// Whoever was told that an order is paid has it, paid once; no order has taken more than it costs.
pub async fn kept(db: &PgPool, bought: &[Bought]) {
    let orders: BTreeSet<_> = bought.iter().map(|one| &one.order).collect();
    assert_eq!(orders.len(), bought.len(), "each visit has an order of its own");
    for one in bought {
        let found: Option<(String, i64, i64)> = sqlx::query_as(
            "SELECT orders.state::text, payment.captured::bigint, grand_total::bigint
               FROM orders JOIN payment ON payment.order_id = orders.id
              WHERE orders.id = $1 AND payment.id = $2",
        )
        .bind(one.order.parse::<OrderId>().unwrap())
        .bind(one.payment.parse::<PaymentId>().unwrap())
        .fetch_optional(db)
        .await
        .unwrap();
        let expected = ("confirmed".to_owned(), one.total, one.total);
        assert_eq!(found, Some(expected), "{one:?}");
    }
    let overpaid: Vec<OrderId> = sqlx::query_scalar(
        "SELECT orders.id FROM orders JOIN payment ON payment.order_id = orders.id
          GROUP BY orders.id HAVING sum(captured) > grand_total",
    )
    .fetch_all(db)
    .await
    .unwrap();
    assert_eq!(overpaid, [], "charged twice");
}

/// The provider has taken what the books say, and nothing twice.
pub async fn agree(db: &PgPool, fake: &FakeProvider) {
    let payments: Vec<(PaymentId, i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT id, amount::bigint, authorized::bigint, captured::bigint, voided::bigint,
                refunded::bigint FROM payment",
    )
    .fetch_all(db)
    .await
    .unwrap();
    for (payment, amount, authorized, captured, voided, refunded) in payments {
        let ours = Moved { authorized, captured, voided, refunded };
        assert_eq!(ours, fake.moved(payment), "{payment}");
        assert!([0, amount].contains(&captured), "{payment}: {captured}");
    }
}

/// Nothing has left the shelf, and what is promised is promised to an order.
pub async fn shelf(db: &PgPool, variant: VariantId, received: i64) {
    let (on_hand, allocated): (i64, i64) = sqlx::query_as(
        "SELECT sum(on_hand)::bigint, sum(allocated)::bigint FROM stock_level
          WHERE variant_id = $1",
    )
    .bind(variant)
    .fetch_one(db)
    .await
    .unwrap();
    let promised: i64 =
        sqlx::query_scalar("SELECT coalesce(sum(quantity - cancelled), 0)::bigint FROM order_line")
            .fetch_one(db)
            .await
            .unwrap();
    assert_eq!((on_hand, allocated), (received, promised));
}

/// No rule of `shop/invariants.sql` is broken.
pub async fn invariants(db: &PgPool) {
    for rule in invariant::all() {
        assert_eq!(rule.broken(db, 5).await.unwrap(), [], "{}", rule.name);
    }
}
