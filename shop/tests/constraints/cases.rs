//! Cases: what is written, and which promise must refuse it.
//!
//! In: the name of a factory and a list of [`Case`]. Out: a test that runs every refused case in a
//! savepoint of its own, and then commits the rows that must be accepted. All cases that went wrong
//! are reported together, each by the name of its promise.
//!
//! **Invariant**: a case is only ever counted as refused by the promise that it names.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::factories::{self, Made};
use crate::refusal::Promises;

/// Changes to the row of a factory: column and SQL expression.
pub(crate) type Changes<'a> = &'a [(&'a str, &'a str)];

/// One thing that a promise must refuse.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) promise: String,
    what: What,
    when: When,
}

/// When the refusal comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// With the last statement.
    Now,
    /// When the transaction ends.
    AtCommit,
}

#[derive(Debug, Clone)]
enum What {
    /// The factory's row with changes.
    Row(Vec<(String, String)>),
    /// The factory's row, then again with changes.
    Again(Vec<(String, String)>),
    /// The factory's row, then statements of which the last is refused.
    Then(Vec<String>),
}

fn owned(changes: Changes<'_>) -> Vec<(String, String)> {
    changes.iter().map(|(column, value)| ((*column).into(), (*value).into())).collect()
}

impl Case {
    fn new(promise: impl Into<String>, what: What) -> Self {
        Self { promise: promise.into(), what, when: When::Now }
    }

    /// The refusal comes when the transaction ends, not with the statement.
    pub(crate) fn at_commit(self) -> Self {
        Self { when: When::AtCommit, ..self }
    }
}

/// The row of the factory with changes is refused.
pub(crate) fn row(promise: impl Into<String>, changes: Changes<'_>) -> Case {
    Case::new(promise, What::Row(owned(changes)))
}

/// The row of the factory is accepted, and refused when it comes again with changes.
pub(crate) fn again(promise: impl Into<String>, changes: Changes<'_>) -> Case {
    Case::new(promise, What::Again(owned(changes)))
}

/// After the row of the factory, the last of the statements is refused.
pub(crate) fn then(promise: impl Into<String>, statements: &[&str]) -> Case {
    Case::new(promise, What::Then(statements.iter().map(|sql| (*sql).into()).collect()))
}

impl What {
    /// What has to work, and the statement that is refused.
    fn statements(&self, factory: &str) -> (Vec<String>, String) {
        match self {
            Self::Row(changes) => (Vec::new(), factories::insert(factory, changes)),
            Self::Again(changes) => {
                (vec![factories::insert(factory, &[])], factories::insert(factory, changes))
            }
            Self::Then(statements) => {
                let (last, before) = statements.split_last().expect("a case has a statement");
                let mut given = vec![factories::insert(factory, &[])];
                given.extend(before.iter().map(|sql| factories::with_ids(sql)));
                (given, factories::with_ids(last))
            }
        }
    }
}

/// Runs SQL that may hold several statements.
pub(crate) async fn run(db: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(db).await.map(drop)
}

/// Runs SQL in which `{name}` stands for the id of that name; panics when it is refused.
pub(crate) async fn must(db: &mut PgConnection, sql: &str) {
    let sql = factories::with_ids(sql);
    if let Err(error) = run(db, &sql).await {
        panic!("refused: {error}\n{sql}");
    }
}

/// Tries every case, then commits the factory's row with everything it needs.
pub(crate) async fn check(db: &PgPool, factory: &str, cases: Vec<Case>) {
    let mut connection = db.acquire().await.expect("a connection");
    let db = &mut *connection;
    let promises = Promises::read(db).await;
    let mut wrong = Vec::new();

    must(db, "BEGIN").await;
    factories::make_parents(db, factory, &mut Made::default()).await;
    for case in cases.iter().filter(|case| case.when == When::Now) {
        must(db, "SAVEPOINT before_case").await;
        wrong.extend(try_now(db, &promises, factory, case).await.err());
        must(db, "ROLLBACK TO before_case").await;
    }
    must(db, "ROLLBACK").await;

    for case in cases.iter().filter(|case| case.when == When::AtCommit) {
        if wrong.is_empty() {
            must(db, "BEGIN").await;
            wrong.extend(try_at_commit(db, &promises, factory, case).await.err());
            must(db, "ROLLBACK").await;
        }
    }
    assert!(wrong.is_empty(), "{} cases went wrong:\n  {}", wrong.len(), wrong.join("\n  "));

    must(db, "BEGIN").await;
    factories::make_whole(db, factory, &mut Made::default()).await;
    if let Err(error) = run(db, "COMMIT").await {
        panic!("{factory}: the valid rows are refused: {error}");
    }
}

async fn try_now(
    db: &mut PgConnection,
    promises: &Promises,
    factory: &str,
    case: &Case,
) -> Result<(), String> {
    let (given, when) = case.what.statements(factory);
    for sql in given {
        run(db, &sql).await.map_err(|error| {
            format!("{}: refused before it came to that: {error}\n    {sql}", case.promise)
        })?;
    }
    let result = run(db, &when).await;
    promises.refused(result, &case.promise).map_err(|wrong| format!("{wrong}\n    {when}"))
}

async fn try_at_commit(
    db: &mut PgConnection,
    promises: &Promises,
    factory: &str,
    case: &Case,
) -> Result<(), String> {
    let What::Then(statements) = &case.what else {
        return Err(format!("{}: a case at commit is written with `then`", case.promise));
    };
    factories::make_whole(db, factory, &mut Made::default()).await;
    for sql in statements {
        let sql = factories::with_ids(sql);
        run(db, &sql).await.map_err(|error| {
            format!("{}: refused before the commit: {error}\n    {sql}", case.promise)
        })?;
    }
    promises.refused(run(db, "COMMIT").await, &case.promise)
}

/// Declares tests as `name: "factory" => [cases]` and lists the promises that they refuse.
///
/// The list that [`completeness`](crate::completeness) reads is made from the same cases that the
/// tests run, so nothing can be claimed that is not tried.
macro_rules! rules {
    ($($(#[$doc:meta])* $test:ident: $factory:literal => [$($case:expr),* $(,)?];)+) => {
        $(
            $(#[$doc])*
            #[proofmark::test]
            async fn $test(db: sqlx::PgPool) {
                crate::cases::check(&db, $factory, vec![$($case),*]).await;
            }
        )+

        /// The promises that the tests of this module refuse.
        pub(crate) fn refused() -> Vec<String> {
            let cases: Vec<crate::cases::Case> = vec![$($($case,)*)+];
            cases.into_iter().map(|case| case.promise).collect()
        }
    };
}
pub(crate) use rules;
