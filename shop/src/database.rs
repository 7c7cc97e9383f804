//! How operations talk to PostgreSQL: transactions that are retried, and refusals by name.
//!
//! In: a pool and the body of a transaction. Out: what the body returned, once it is committed.
//! Serialization failures and deadlocks are tried again, a bounded number of times; a refusal is
//! the name of a constraint, which each operation turns into an error of its own.
//!
//! **Invariant**: knows no table.

use std::time::Duration;

use sqlx::{PgPool, Postgres, Transaction};

/// How often a transaction is tried before its conflict is returned.
const TRIES: u32 = 8;

/// The wait before the second try; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(1);

/// An error of the database that is none of the domain.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Others changed the same rows, again and again; nothing was written. Asking again is safe.
    #[error("others were changing the same at the same time")]
    Conflict(#[source] sqlx::Error),
    /// No connection, or it was lost. Whether a commit that was under way took place is unknown.
    #[error("the database could not be reached")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused what no operation expects it to: a bug here.
    #[error("the database refused by `{constraint}`")]
    Refused {
        /// The constraint's name.
        constraint: String,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },
    /// A text contains NUL, which PostgreSQL cannot store.
    #[error("a text contains the character NUL")]
    Nul(#[source] sqlx::Error),
    /// A value is out of the range of its column, or not of its form.
    #[error("a value is not one that can be stored")]
    Value(#[source] sqlx::Error),
    /// Anything else.
    #[error("the database failed")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                match code.as_ref() {
                    "40001" | "40P01" => Self::Conflict(error),
                    // Class 08: connection; 57P01-57P03: the server is going down or starting.
                    "57P01" | "57P02" | "57P03" | "53300" => Self::Unavailable(error),
                    "22021" => Self::Nul(error),
                    code if code.starts_with("08") => Self::Unavailable(error),
                    code if code.starts_with("23") => match refusal.constraint() {
                        Some(name) => Self::Refused { constraint: name.to_owned(), source: error },
                        None => Self::Other(error),
                    },
                    code if code.starts_with("22") => Self::Value(error),
                    _ => Self::Other(error),
                }
            }
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Self::Unavailable(error)
            }
            _ => Self::Other(error),
        }
    }
}

/// The constraint by which the database refused, if it did.
pub fn refused_by(error: &sqlx::Error) -> Option<&str> {
    match error {
        sqlx::Error::Database(refusal) => refusal.constraint(),
        _ => None,
    }
}

/// An error of an operation, which may be a conflict worth another try.
pub trait OperationError: From<DatabaseError> {
    /// The error of the database inside, if that is what it is.
    fn database(&self) -> Option<&DatabaseError>;
}

impl OperationError for DatabaseError {
    fn database(&self) -> Option<&DatabaseError> {
        Some(self)
    }
}

/// Derives what every error of an operation has in common.
///
/// The enum has a variant `Database(#[from] DatabaseError)`. Each line says which constraint means
/// which of the other variants; a refusal by a constraint that is not listed stays a
/// [`DatabaseError::Refused`].
///
/// ```
/// # use shop::database::DatabaseError;
/// #[derive(Debug, thiserror::Error)]
/// enum RenameError {
///     #[error("another product has this name")]
///     Taken,
///     #[error(transparent)]
///     Database(#[from] DatabaseError),
/// }
/// shop::refusals!(RenameError {
///     "product_name_once" => RenameError::Taken,
/// });
/// ```
#[macro_export]
macro_rules! refusals {
    ($error:ident { $($constraint:literal => $domain:expr),* $(,)? }) => {
        impl $crate::database::OperationError for $error {
            fn database(&self) -> Option<&$crate::database::DatabaseError> {
                match self {
                    Self::Database(error) => Some(error),
                    #[allow(unreachable_patterns, reason = "an enum may have no other variant")]
                    _ => None,
                }
            }
        }

        impl $error {
            /// The constraints whose refusal is an error of this operation.
            pub const REFUSALS: &'static [&'static str] = &[$($constraint),*];
        }

        impl From<sqlx::Error> for $error {
            fn from(error: sqlx::Error) -> Self {
                match $crate::database::refused_by(&error) {
                    $(Some($constraint) => $domain,)*
                    _ => Self::Database($crate::database::DatabaseError::from(error)),
                }
            }
        }
    };
}

/// Runs a block in a transaction of its own and commits it.
///
/// READ COMMITTED, the default: claims are guarded updates, not reads that are believed later.
/// Serialization failures and deadlocks (40001, 40P01) are tried again up to 8 times, also when
/// the commit itself reports them, so the block may run more than once and must have no effect
/// outside of its connection. An error rolls back. The block is one of `async`, so `?` leaves it
/// and `return` is not to be used in it.
///
/// ```
/// # use shop::database::DatabaseError;
/// # async fn example(pool: &sqlx::PgPool) -> Result<(), DatabaseError> {
/// let one = shop::transact!(pool, DatabaseError, |connection| {
///     let (one,): (i32,) =
///         sqlx::query_as("SELECT 1").fetch_one(&mut *connection).await?;
///     Ok(one)
/// })?;
/// # assert_eq!(one, 1);
/// # Ok(())
/// # }
/// ```
// A macro, because a closure that lends a connection to a future which borrows its surroundings
// gives a future that the compiler cannot prove to be `Send`.
#[macro_export]
macro_rules! transact {
    ($pool:expr, $error:ty, |$connection:ident| $body:block) => {{
        let mut tries = $crate::database::Tries::default();
        loop {
            let begun = tries.begin($pool).await;
            let mut transaction = match begun {
                Ok(transaction) => transaction,
                Err(error) => break Err(<$error>::from(error)),
            };
            let result: ::std::result::Result<_, $error> = async {
                let $connection: &mut ::sqlx::PgConnection = &mut transaction;
                $body
            }
            .await;
            if let Some(result) = tries.end(transaction, result).await {
                break result;
            }
        }
    }};
}

/// Runs a block of one statement, which is a transaction by itself: no round trips to begin and
/// commit one. Conflicts are tried again as [`transact!`](crate::transact) does.
///
/// ```
/// # use shop::database::DatabaseError;
/// # async fn example(pool: &sqlx::PgPool) -> Result<(), DatabaseError> {
/// let one = shop::alone!(pool, DatabaseError, |connection| {
///     let (one,): (i32,) =
///         sqlx::query_as("SELECT 1").fetch_one(&mut *connection).await?;
///     Ok(one)
/// })?;
/// # assert_eq!(one, 1);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! alone {
    ($pool:expr, $error:ty, |$connection:ident| $body:block) => {{
        let mut tries = $crate::database::Tries::default();
        loop {
            let acquired = ::sqlx::PgPool::acquire($pool).await;
            let mut acquired = match acquired {
                Ok(acquired) => acquired,
                Err(error) => break Err(<$error>::from(error)),
            };
            let result: ::std::result::Result<_, $error> = async {
                let $connection: &mut ::sqlx::PgConnection = &mut acquired;
                $body
            }
            .await;
            drop(acquired);
            match result {
                Ok(value) => break Ok(value),
                Err(error) => {
                    if !tries.again(&error).await {
                        break Err(error);
                    }
                }
            }
        }
    }};
}

/// How often a transaction was tried; what [`transact!`](crate::transact) counts with.
#[derive(Debug, Default)]
pub struct Tries {
    failed: u32,
}

impl Tries {
    /// Begins the next try.
    ///
    /// # Errors
    /// No connection.
    pub async fn begin(
        &self,
        pool: &PgPool,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        crate::telemetry::sql::begin(pool).await
    }

    /// Commits or rolls back; none when the transaction shall be tried once more.
    pub async fn end<T, E: OperationError + From<sqlx::Error>>(
        &mut self,
        transaction: Transaction<'static, Postgres>,
        result: Result<T, E>,
    ) -> Option<Result<T, E>> {
        let error = match result {
            Ok(value) => match transaction.commit().await {
                Ok(()) => return Some(Ok(value)),
                Err(error) => E::from(error),
            },
            Err(error) => {
                // A rollback that fails leaves a broken connection, which the pool throws away.
                drop(transaction.rollback().await);
                error
            }
        };
        if self.again(&error).await { None } else { Some(Err(error)) }
    }

    /// Waits, and says whether to try once more after this error.
    pub async fn again<E: OperationError>(&mut self, error: &E) -> bool {
        self.failed += 1;
        if self.failed == TRIES || !matches!(error.database(), Some(DatabaseError::Conflict(_))) {
            return false;
        }
        crate::telemetry::sql::count_retry();
        tokio::time::sleep(FIRST_WAIT * 2_u32.pow(self.failed - 1)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service runs operations in tasks of their own, so their futures must be `Send`.
    #[test]
    fn a_transaction_can_run_in_a_task() {
        async fn operation(pool: &PgPool, name: &str) -> Result<i32, DatabaseError> {
            crate::transact!(pool, DatabaseError, |connection| {
                let (length,): (i32,) = sqlx::query_as("SELECT length($1)")
                    .bind(name)
                    .fetch_one(&mut *connection)
                    .await?;
                Ok(length)
            })
        }
        fn in_a_task(future: impl Future<Output = Result<i32, DatabaseError>> + Send) {
            drop(future);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let pool = PgPool::connect_lazy("postgresql://nobody@127.0.0.1:1/none").expect("a URL");
            in_a_task(async move { operation(&pool, "name").await });
        });
    }
}
