//! `assert_refused!`: a negative test in one line.
//!
//! In: what an operation returned, and the name of what must have refused it. Out: the refusal, or
//! a panic that says what happened instead.
//!
//! **Invariant**: passes for the constraint that was named and for no other.

use std::error::Error;

use super::{Current, Refusal};
use crate::fixture::Lease;

/// Asserts that the database refused, by the constraint of this name, and evaluates to the
/// [`Refusal`](crate::Refusal).
///
/// Takes a `Result` whose error is, or has as one of its sources, an error of `sqlx` or
/// `tokio_postgres`; `anyhow::Error` and `Box<dyn Error + Send + Sync>` will do. A NOT NULL is
/// named by its column, `email:not-null`, as in the report.
///
/// ```
/// # async fn example(db: sqlx::PgPool) {
/// use proofmark::assert_refused;
///
/// let insert = "insert into voucher (code, worth) values ('SPRING', -1)";
/// let refused = assert_refused!(sqlx::query(insert).execute(&db).await, "voucher_worth_positive");
/// assert_eq!(refused.table(), Some("voucher"));
/// # }
/// ```
///
/// On the direct lane it also tells the report what was refused (see [`Lane`](crate::Lane)). It
/// knows the test by the thread it runs on; where a test holds several databases, or asserts on a
/// thread of its own making, the lease is named:
/// `assert_refused!(result, "voucher_worth_positive", lease)`.
///
/// # Panics
/// When the operation succeeded, failed for a reason that is no database's, or was refused by
/// something else.
#[macro_export]
macro_rules! assert_refused {
    ($result:expr, $by:expr $(,)?) => {
        $crate::assert_refused!(@ $result, $by, $crate::expanded::refused, )
    };
    ($result:expr, $by:expr, $lease:expr $(,)?) => {
        $crate::assert_refused!(@ $result, $by, $crate::expanded::refused_on, &$lease,)
    };
    (@ $result:expr, $by:expr, $asserted:path, $($lease:expr,)?) => {{
        #[allow(unused_imports, reason = "each type of error needs one of them")]
        use $crate::expanded::{ByAsRef as _, ByError as _};
        match &$result {
            ::core::result::Result::Ok(_) => $crate::expanded::accepted($by),
            ::core::result::Result::Err(error) => {
                $asserted((&&$crate::expanded::Asserted(error)).error(), $by, $($lease)?)
            }
        }
    }};
}

/// An error of whatever type, for [`assert_refused!`](crate::assert_refused).
#[derive(Debug)]
pub struct Asserted<'a, E>(pub &'a E);

/// Of a type that is an error.
pub trait ByError {
    /// The error.
    fn error(&self) -> &(dyn Error + 'static);
}

impl<E: Error + 'static> ByError for &Asserted<'_, E> {
    fn error(&self) -> &(dyn Error + 'static) {
        self.0
    }
}

/// Of a type that holds one: `anyhow::Error`, `Box<dyn Error + Send + Sync>`.
pub trait ByAsRef {
    /// The error.
    fn error(&self) -> &(dyn Error + 'static);
}

impl<E: AsRef<dyn Error + Send + Sync + 'static>> ByAsRef for Asserted<'_, E> {
    fn error(&self) -> &(dyn Error + 'static) {
        self.0.as_ref()
    }
}

/// Nothing was refused.
///
/// # Panics
/// Always.
#[track_caller]
pub fn accepted(by: &str) -> ! {
    panic!("expected a refusal by `{by}`, but it was accepted")
}

/// Judges an error in the test that runs on this thread.
///
/// # Panics
/// When it is no refusal by `by`.
#[track_caller]
pub fn refused(error: &(dyn Error + 'static), by: &str) -> Refusal {
    let shown = match Current::lease() {
        Some(lease) => lease.saw(error),
        None => Refusal::of(error),
    };
    judge(shown, error, by)
}

/// The same for a lease that is given.
///
/// # Panics
/// When it is no refusal by `by`.
#[track_caller]
pub fn refused_on(error: &(dyn Error + 'static), by: &str, lease: &Lease) -> Refusal {
    judge(lease.saw(error), error, by)
}

#[track_caller]
fn judge(refusal: Option<Refusal>, error: &(dyn Error + 'static), by: &str) -> Refusal {
    let Some(refusal) = refusal else {
        let why = crate::run::describe(error);
        panic!("expected a refusal by `{by}`, but this is no refusal of a database: {why}");
    };
    match refusal.by() {
        Some(found) if found == by => refusal,
        Some(found) => panic!("expected a refusal by `{by}`, but `{found}` refused: {refusal}"),
        None => {
            panic!("expected a refusal by `{by}`, but nothing that has a name refused: {refusal}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(constraint: Option<&str>, column: Option<&str>) -> Refusal {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Refusal {
            sqlstate: "23502".to_owned(),
            message: "no".to_owned(),
            constraint: owned(constraint),
            column: owned(column),
            ..Refusal::default()
        }
    }

    fn judged(refusal: Option<Refusal>, by: &str) -> Result<Refusal, String> {
        let error = std::io::Error::other("disk full");
        let judged = std::panic::AssertUnwindSafe(|| judge(refusal, &error, by));
        std::panic::catch_unwind(judged)
            .map_err(|panic| crate::run::message(panic.as_ref()).unwrap_or_default().to_owned())
    }

    #[test]
    fn a_constraint_is_named_by_itself_and_a_not_null_by_its_column() {
        assert_eq!(
            judged(Some(of(Some("a"), None)), "a").map(|refusal| refusal.by()),
            Ok(Some("a".to_owned()))
        );
        assert!(judged(Some(of(None, Some("email"))), "email:not-null").is_ok());
    }

    #[test]
    fn whatever_else_happened_is_said() {
        let says = |refusal, text: &str| {
            let said = judged(refusal, "a").unwrap_err();
            assert!(said.contains(text), "{said}");
        };
        says(
            Some(of(Some("b"), None)),
            "expected a refusal by `a`, but `b` refused: no (SQLSTATE 23502)",
        );
        says(Some(of(None, None)), "but nothing that has a name refused: no");
        says(None, "but this is no refusal of a database: disk full");
    }

    #[test]
    #[should_panic(expected = "expected a refusal by `a`, but it was accepted")]
    fn what_was_accepted_was_not_refused() {
        assert_refused!(Ok::<(), std::io::Error>(()), "a");
    }

    #[test]
    #[should_panic(expected = "but this is no refusal of a database: disk full")]
    fn errors_in_boxes_are_read() {
        let boxed: Box<dyn Error + Send + Sync> = Box::new(std::io::Error::other("disk full"));
        assert_refused!(Err::<(), _>(boxed), "a");
    }
}
