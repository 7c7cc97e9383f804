//! The catalogue of events: one in Rust, one in the database, and they are the same.

use expect_test::expect_file;
use shop::event::{catalogue, migration};

use crate::make::Make;

#[test]
fn the_migration_is_what_the_types_say() {
    expect_file!["../../migrations/0013_event_catalogue.sql"].assert_eq(&migration(&catalogue()));
}

#[test]
fn a_type_is_named_after_its_aggregate() {
    for kind in catalogue() {
        let of = kind.name.split('.').next();
        assert_eq!(of, Some(kind.aggregate.name()), "{}", kind.name);
    }
}

#[proofmark::test]
async fn the_table_lists_every_type_with_its_schema(make: Make) {
    let rows: Vec<(String, i16, serde_json::Value)> =
        sqlx::query_as("SELECT type, version, schema FROM event_type ORDER BY type, version")
            .fetch_all(&make.db)
            .await
            .unwrap();
    let mut types: Vec<_> = catalogue()
        .into_iter()
        .map(|kind| (kind.name.to_owned(), kind.version, kind.schema))
        .collect();
    types.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    assert_eq!(rows, types);
}
