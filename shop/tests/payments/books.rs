//! What is compared after a payment has lived: our books, the provider's, the invariants.

use shop::id::PaymentId;
use shop::payment::provider::fake::{FakeProvider, Moved};
use sqlx::AssertSqlSafe;

use crate::make::Make;

/// Our sums of a payment, as the fake provider keeps them.
pub async fn ours(make: &Make, payment: PaymentId) -> Moved {
    let (authorized, captured, voided, refunded): (i64, i64, i64, i64) =
        sqlx::query_as("SELECT authorized, captured, voided, refunded FROM payment WHERE id = $1")
            .bind(payment)
            .fetch_one(&make.db)
            .await
            .unwrap();
    Moved { authorized, captured, voided, refunded }
}

/// Our sums are the provider's, nothing is open, and every invariant holds.
pub async fn agree(make: &Make, fake: &FakeProvider, payment: PaymentId, at: &str) {
    assert_eq!(ours(make, payment).await, fake.moved(payment), "{at}");
    let open: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM payment_attempt WHERE state = 'pending' AND payment_id = $1)
              + (SELECT count(*) FROM capture WHERE state = 'pending' AND payment_id = $1)
              + (SELECT count(*) FROM payment_void WHERE state = 'pending' AND payment_id = $1)
              + (SELECT count(*) FROM refund WHERE state = 'pending' AND payment_id = $1)",
    )
    .bind(payment)
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!(open, 0, "{at}: rows without an answer");
    hold(make, at).await;
}

/// No query of `shop/invariants.sql` finds anything.
pub async fn hold(make: &Make, at: &str) {
    let invariants = include_str!("../../invariants.sql");
    for invariant in invariants.split("-- invariant: ").skip(1) {
        let name = invariant.lines().next().unwrap_or_default();
        let sql = invariant.split_once('\n').unwrap().1.to_owned();
        let found: Vec<(String, String)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&make.db).await.unwrap();
        assert_eq!(found, [], "{at}: {name}");
    }
}
