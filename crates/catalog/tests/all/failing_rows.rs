//! The row of an error, read back and tried against every promise of its table.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use expect_test::{Expect, expect};
use proofmark_catalog::{Catalog, TableName, read, split_failing_row, violations_query};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::servers::{Running, same_on_every_major};

/// Rows that are refused, and everything that each of them violates.
const ROWS: &str = "
    INSERT INTO item (id, sku, discount) VALUES (1, 'a', 60)
    INSERT INTO item (id, sku, discount) VALUES (1, 'a', 45)
    INSERT INTO item (price, discount) VALUES (-1, 60)
    INSERT INTO item (id, sku, price) VALUES (1, 'a', 600)
    INSERT INTO item (id, sku, price) VALUES (1, 'with, comma', 0)
    INSERT INTO item (id, sku, price) VALUES (1, repeat('long', 30), 0)
    INSERT INTO item (id, sku, price) VALUES (1, '(odd)', 0)
    INSERT INTO \"Other Schema\".\"Ledger\" VALUES (0)
    INSERT INTO event VALUES (1, NULL, 'bad')
    INSERT INTO event VALUES (1000, '2024-05-05', 'bad')
    INSERT INTO event VALUES (NULL, '2025-05-05', 'bad')
    INSERT INTO event VALUES (1, '2023-05-05', 'bad')
    INSERT INTO event_2023 (id, held_on, kind) VALUES (1, '2023-05-05', 'bad')
    INSERT INTO dog VALUES (NULL, 3, '')
    INSERT INTO animal VALUES ('abstract', 3)";

async fn violated(running: &Running, rows: &str) -> Result<String> {
    let client = running.database(&running.fixture()).await?;
    let catalog = read(&client).await?;
    let mut report = String::new();
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let Err(error) = client.batch_execute(row).await else { bail!("not refused: {row}") };
        let error = error.as_db_error().context("an error of the server")?;
        let table =
            TableName::new(error.schema().context("a schema")?, error.table().context("a table")?);
        let detail = error.detail().unwrap_or_default();
        let found = match violations(&client, &catalog, &table, detail).await? {
            Some(found) => found.join(" "),
            None => "unreadable".to_owned(),
        };
        writeln!(report, "{row}\n  {found}")?;
    }
    Ok(report)
}

async fn violations(
    client: &Client,
    catalog: &Catalog,
    table: &TableName,
    detail: &str,
) -> Result<Option<Vec<String>>> {
    let Some(shape) = catalog.row_shape(table) else { return Ok(None) };
    let Some(values) = split_failing_row(detail, &shape.table.columns) else { return Ok(None) };
    let query = violations_query(shape.table, &shape.promises).context("promises to ask about")?;
    let values: Vec<&(dyn ToSql + Sync)> =
        values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    let answer = client.query_one(&query.sql, &values).await?;
    let violated = query.promises.iter().enumerate().filter(|(at, _)| answer.get(*at));
    Ok(Some(violated.map(|(_, id)| id.to_string()).collect()))
}

async fn check(since: u16, rows: &str, expected: Expect) -> Result<()> {
    let found = same_on_every_major(since, async |running| violated(running, rows).await);
    if let Some(found) = found.await? {
        expected.assert_eq(&found);
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_row_shows_everything_that_it_violates() -> Result<()> {
    check(
        14,
        ROWS,
        expect![[r#"
        INSERT INTO item (id, sku, discount) VALUES (1, 'a', 60)
          public.item.item_a_discount_bounded public.item.item_z_discount_small
        INSERT INTO item (id, sku, discount) VALUES (1, 'a', 45)
          public.item.item_z_discount_small
        INSERT INTO item (price, discount) VALUES (-1, 60)
          public.item.id:not-null public.item.item_a_discount_bounded public.item.item_price_positive public.item.item_z_discount_small public.item.sku:not-null
        INSERT INTO item (id, sku, price) VALUES (1, 'a', 600)
          public.item.item_twice_bounded
        INSERT INTO item (id, sku, price) VALUES (1, 'with, comma', 0)
          unreadable
        INSERT INTO item (id, sku, price) VALUES (1, repeat('long', 30), 0)
          unreadable
        INSERT INTO item (id, sku, price) VALUES (1, '(odd)', 0)
          public.item.item_price_positive
        INSERT INTO "Other Schema"."Ledger" VALUES (0)
          "Other Schema".Ledger.Ledger_Amount_positive
        INSERT INTO event VALUES (1, NULL, 'bad')
          unreadable
        INSERT INTO event VALUES (1000, '2024-05-05', 'bad')
          public.event.event_kind_known public.event_2024.event_2024_small
        INSERT INTO event VALUES (NULL, '2025-05-05', 'bad')
          public.event.event_kind_known public.event.id:not-null
        INSERT INTO event VALUES (1, '2023-05-05', 'bad')
          unreadable
        INSERT INTO event_2023 (id, held_on, kind) VALUES (1, '2023-05-05', 'bad')
          unreadable
        INSERT INTO dog VALUES (NULL, 3, '')
          public.animal.animal_legs_even public.animal.name:not-null public.dog.dog_breed_known
        INSERT INTO animal VALUES ('abstract', 3)
          public.animal.animal_legs_even public.animal.animal_not_abstract
    "#]],
    )
    .await
}

#[tokio::test]
async fn a_virtual_column_is_computed_again() -> Result<()> {
    check(
        18,
        "INSERT INTO relaxed (id, amount, late_required) VALUES (1, 600, 1)
         INSERT INTO relaxed (id, amount) VALUES (1, 600)",
        expect![[r#"
            INSERT INTO relaxed (id, amount, late_required) VALUES (1, 600, 1)
              public.relaxed.relaxed_doubled_bounded
            INSERT INTO relaxed (id, amount) VALUES (1, 600)
              public.relaxed.late_required:not-null public.relaxed.relaxed_doubled_bounded
        "#]],
    )
    .await
}
