//! Every way in which the server says no, attributed on every major version.

use std::cell::Cell;

use anyhow::{Context as _, Result, bail, ensure};
use proofmark_catalog::{Attribution, Catalog, RefusalFields, read};
use tokio_postgres::Client;
use tokio_postgres::error::DbError;

use crate::servers::{on_every_major, say_skipped};
use crate::violations::{
    DOMAINS, FOREIGN_KEYS, NAMELESS, ONE_TABLE, RAISED, SINCE_18, TREES, Violation,
};

#[tokio::test]
async fn errors_of_one_table_name_their_constraint() -> Result<()> {
    attributed(ONE_TABLE).await
}

#[tokio::test]
async fn errors_of_foreign_keys_name_the_referring_side() -> Result<()> {
    attributed(FOREIGN_KEYS).await
}

#[tokio::test]
async fn errors_of_a_child_table_are_the_promise_of_its_root() -> Result<()> {
    attributed(TREES).await
}

#[tokio::test]
async fn errors_of_a_domain_are_the_promise_of_the_domain_that_declares_it() -> Result<()> {
    attributed(DOMAINS).await
}

#[tokio::test]
async fn errors_that_name_nothing_are_not_guessed() -> Result<()> {
    attributed(NAMELESS).await
}

#[tokio::test]
async fn errors_of_functions_count_by_the_name_they_give() -> Result<()> {
    attributed(RAISED).await
}

#[tokio::test]
async fn errors_of_new_features_are_attributed_where_they_exist() -> Result<()> {
    attributed(SINCE_18).await
}

async fn attributed(violations: &[Violation]) -> Result<()> {
    let tried = Cell::new(0_usize);
    on_every_major(async |running| {
        let client = running.database(&running.fixture()).await?;
        let catalog = read(&client).await?;
        let mut wrong = Vec::new();
        for violation in violations.iter().filter(|one| one.since <= running.major) {
            tried.set(tried.get() + 1);
            let error = refuse(&client, violation).await?;
            let actual = attribute(&catalog, &error);
            if actual != violation.expected {
                wrong.push(format!(
                    "{}\n  expected {}\n  actual   {actual}\n  {error:?}",
                    violation.sql, violation.expected
                ));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    })
    .await?;
    if tried.get() == 0 {
        say_skipped("violations of features that no server here has");
    }
    Ok(())
}

async fn refuse(client: &Client, violation: &Violation) -> Result<DbError> {
    client.batch_execute("BEGIN").await?;
    client.batch_execute(violation.given).await.with_context(|| violation.given.to_owned())?;
    let refused = client.batch_execute(violation.sql).await;
    client.batch_execute("ROLLBACK").await?;
    let Err(error) = refused else { bail!("not refused: {}", violation.sql) };
    error.as_db_error().cloned().with_context(|| format!("{error}: {}", violation.sql))
}

fn attribute(catalog: &Catalog, error: &DbError) -> String {
    let fields = RefusalFields {
        sqlstate: error.code().code(),
        schema: error.schema(),
        table: error.table(),
        column: error.column(),
        datatype: error.datatype(),
        constraint: error.constraint(),
        routine: error.routine(),
    };
    match catalog.attribute(&fields) {
        Attribution::Promise(id) => id.as_str().to_owned(),
        Attribution::Unattributable(why) => kebab(&format!("{why:?}")),
    }
}

/// `NoPartition` as the violations write it.
fn kebab(variant: &str) -> String {
    let mut out = String::new();
    for (at, letter) in variant.char_indices() {
        if letter.is_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
