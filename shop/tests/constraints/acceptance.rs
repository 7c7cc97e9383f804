//! Acceptance: for every promise a row that it accepts although it could have been refused.
//!
//! A refused row shows that a promise bites; a row with a value in every column that the promise is
//! about shows that it does not bite too much. The rows of the factories and the walks of the
//! machines are asked; the tests of the other modules commit the same rows.
//!
//! **Invariant**: what counts as accepted is read from the catalogue, not listed here.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::cases::must;
use crate::factories::{self, Made};
use crate::machines;

/// The questions that are still open: by table, the promise and its question.
struct Open(BTreeMap<String, BTreeMap<String, String>>);

impl Open {
    async fn read(db: &mut PgConnection) -> Self {
        let rows: Vec<(String, String, String)> = sqlx::query_as(include_str!("acceptance.sql"))
            .fetch_all(db)
            .await
            .expect("the catalogue can be read");
        assert!(rows.len() > 600, "only {} questions", rows.len());
        let mut open = BTreeMap::<String, BTreeMap<_, _>>::new();
        for (table, promise, question) in rows {
            open.entry(table).or_default().insert(promise, question);
        }
        Self(open)
    }

    /// Asks the open questions of a table and closes those that are answered with yes.
    async fn ask(&mut self, db: &mut PgConnection, table: &str) {
        let Some(questions) = self.0.get_mut(table) else { return };
        let mut answered = BTreeSet::new();
        for (promise, question) in questions.iter() {
            let yes: bool = sqlx::query_scalar(AssertSqlSafe(question.clone()))
                .fetch_one(&mut *db)
                .await
                .unwrap_or_else(|error| panic!("{promise}: {error}\n{question}"));
            if yes {
                answered.insert(promise.clone());
            }
        }
        questions.retain(|promise, _| !answered.contains(promise));
    }

    fn promises(&self) -> Vec<&str> {
        self.0.values().flat_map(|questions| questions.keys()).map(String::as_str).collect()
    }
}

#[proofmark::test]
async fn every_promise_is_accepted_with_a_value(db: PgPool) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let mut open = Open::read(db).await;
    for factory in factories::all() {
        must(db, "BEGIN").await;
        let mut made = Made::default();
        factories::make_whole(db, factory.name, &mut made).await;
        must(db, "SET CONSTRAINTS ALL IMMEDIATE").await;
        for table in made.tables() {
            open.ask(db, table).await;
        }
        must(db, "ROLLBACK").await;
    }
    for table in machines::tables() {
        must(db, "BEGIN").await;
        machines::walk(db, table).await;
        must(db, "SET CONSTRAINTS ALL IMMEDIATE").await;
        for part in ["", "_state", "_transition", "_history"] {
            open.ask(db, &format!("{table}{part}")).await;
        }
        must(db, "ROLLBACK").await;
    }
    let never = open.promises();
    assert!(never.is_empty(), "no row has a value for {never:#?}");
}
