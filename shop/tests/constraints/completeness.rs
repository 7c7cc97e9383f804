//! What the cases claim, compared with what the database declares.
//!
//! **Invariant**: both sides are read, neither is written down here.

use std::collections::{BTreeMap, BTreeSet};

use crate::refusal::Promises;
use crate::{
    access, cart, catalog, customer, event, foundation, inventory, machines, order, payment,
    pricing, soft_delete,
};

/// Every promise that a case of some module refuses.
fn claimed() -> BTreeSet<String> {
    let modules = [
        foundation::refused(),
        catalog::refused(),
        customer::refused(),
        cart::refused(),
        inventory::refused(),
        pricing::refused(),
        order::refused(),
        payment::refused(),
        event::refused(),
        access::refused(),
        machines::refused(),
        soft_delete::refused(),
    ];
    modules.into_iter().flatten().collect()
}

#[proofmark::test]
async fn every_promise_of_the_schema_is_refused_by_a_case(db: sqlx::PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let promises = Promises::read(&mut connection).await;
    let declared: BTreeSet<String> = promises.names().map(str::to_owned).collect();
    assert!(declared.len() > 600, "promises.sql found only {} promises", declared.len());
    let claimed = claimed();
    let untried: Vec<_> = declared.difference(&claimed).collect();
    let unknown: Vec<_> = claimed.difference(&declared).collect();
    assert!(untried.is_empty(), "no case refuses {untried:#?}");
    assert!(unknown.is_empty(), "cases name promises that do not exist: {unknown:#?}");
}

#[proofmark::test]
async fn every_promise_is_named_after_its_table_and_what_holds(db: sqlx::PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let promises = Promises::read(&mut connection).await;
    let generated = ["_pkey", "_key", "_fkey", "_check", "_excl", "_idx", "_not_null"];
    let badly_named: Vec<&str> = promises
        .iter()
        .filter(|(name, shape)| {
            let by_postgres = name.trim_end_matches(|c: char| c.is_ascii_digit());
            generated.iter().any(|suffix| by_postgres.ends_with(suffix))
                || shape.table.as_ref().is_some_and(|table| {
                    name.strip_prefix(table.as_str()).is_none_or(|rest| !rest.starts_with('_'))
                })
        })
        .map(|(name, _)| name)
        .collect();
    assert!(badly_named.is_empty(), "not named <table>_<what_holds>: {badly_named:#?}");
}

/// The name alone is the error code, so no two promises may share one.
#[proofmark::test]
async fn no_two_promises_have_the_same_name(db: sqlx::PgPool) {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT conname::text FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
            AND conrelid <> coalesce(to_regclass('_sqlx_migrations'), 0)
          UNION ALL
         SELECT indexrelid::regclass::text FROM pg_index
          WHERE indisunique AND indrelid IN (
                    SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
    )
    .fetch_all(&db)
    .await
    .expect("names");
    let mut count = BTreeMap::<&str, usize>::new();
    for name in &names {
        *count.entry(name).or_default() += 1;
    }
    count.retain(|_, count| *count > 1);
    assert!(count.is_empty(), "{count:?}");
}

#[proofmark::test]
async fn every_table_says_what_it_is_for(db: sqlx::PgPool) {
    let silent: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND relname <> '_sqlx_migrations'
            AND obj_description(oid, 'pg_class') IS NULL",
    )
    .fetch_all(&db)
    .await
    .expect("tables");
    assert!(silent.is_empty(), "{silent:?}");
}

#[proofmark::test]
async fn every_amount_of_money_is_a_bigint_that_is_never_null(db: sqlx::PgPool) {
    let wrong: Vec<String> = sqlx::query_scalar(include_str!("money_columns.sql"))
        .fetch_all(&db)
        .await
        .expect("columns");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
