//! The one assertion of a negative test: which promise refused, and in which way.
//!
//! In: the result of a statement and the name that should have refused. Out: nothing, or a
//! description of what happened instead. Main type: [`Promises`], what the database declares.
//!
//! **Invariant**: "some error" is never enough; name, SQLSTATE and table must all be right.

use std::collections::HashMap;

use sqlx::postgres::PgDatabaseError;
use sqlx::{PgConnection, Row};

/// How a promise of one kind shows itself in an error.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// The SQLSTATE that its kind answers with.
    pub(crate) sqlstate: &'static str,
    /// Its table; `None` for a domain, whose errors name no table.
    pub(crate) table: Option<String>,
}

/// Every promise that the migrated database declares, by name.
#[derive(Debug)]
pub(crate) struct Promises(HashMap<String, Shape>);

impl Promises {
    /// Reads constraints and unique indexes without a constraint.
    ///
    /// NOT NULL is left out: it has no name before PostgreSQL 18.
    pub(crate) async fn read(db: &mut PgConnection) -> Self {
        let rows = sqlx::query(include_str!("promises.sql"))
            .fetch_all(db)
            .await
            .expect("the catalogue can be read");
        let shapes = rows.into_iter().map(|row| {
            let kind: String = row.get("kind");
            let shape = Shape { sqlstate: sqlstate_of(&kind), table: row.get("table") };
            (row.get("name"), shape)
        });
        Self(shapes.collect())
    }

    /// The names, in no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Name and shape of each promise, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.0.iter().map(|(name, shape)| (name.as_str(), shape))
    }

    /// Whether `result` is the refusal of the promise `name`.
    ///
    /// # Errors
    /// What happened instead, for a person to read.
    pub(crate) fn refused<T>(
        &self,
        result: Result<T, sqlx::Error>,
        name: &str,
    ) -> Result<(), String> {
        let Some(expected) = self.0.get(name) else {
            return Err(format!("{name}: the schema declares no promise of this name"));
        };
        let Err(error) = result else {
            return Err(format!("{name}: accepted"));
        };
        let Some(refusal) =
            error.as_database_error().and_then(|e| e.try_downcast_ref::<PgDatabaseError>())
        else {
            return Err(format!("{name}: not a refusal by the database: {error}"));
        };
        let as_expected = refusal.constraint() == Some(name)
            && refusal.code() == expected.sqlstate
            && refusal.table() == expected.table.as_deref();
        if as_expected { Ok(()) } else { Err(describe(name, expected, refusal)) }
    }
}

fn describe(name: &str, expected: &Shape, refusal: &PgDatabaseError) -> String {
    format!(
        "{name}: expected {} of {}, but {} of {} ({}) refused: {}",
        expected.sqlstate,
        expected.table.as_deref().unwrap_or("a domain"),
        refusal.code(),
        refusal.table().unwrap_or("no table"),
        refusal.constraint().unwrap_or("no name"),
        refusal.message(),
    )
}

/// PostgreSQL's `errcodes.txt`, class 23.
fn sqlstate_of(kind: &str) -> &'static str {
    match kind {
        "foreign key" => "23503",
        "unique" => "23505",
        "check" | "guard" => "23514",
        "exclude" => "23P01",
        other => panic!("promises.sql gave the unknown kind {other}"),
    }
}

/// Panics unless `result` is the refusal of `name`; for tests that are written out by hand.
pub(crate) async fn assert_refused<T>(
    db: &mut PgConnection,
    result: Result<T, sqlx::Error>,
    name: &str,
) {
    let promises = Promises::read(db).await;
    if let Err(what_happened) = promises.refused(result, name) {
        panic!("{what_happened}");
    }
}
