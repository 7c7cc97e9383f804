//! Reads refusals out of the errors of drivers.
//!
//! In: one error. Out: the refusal, if it is a database's.
//!
//! **Invariant**: knows drivers' types, and none of their texts.

use std::error::Error;

use tokio_postgres::error::DbError;

use super::Refusal;

/// The refusal that `error` itself is.
pub(super) fn of_one(error: &(dyn Error + 'static)) -> Option<Refusal> {
    if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
        return error.as_db_error().map(of_tokio);
    }
    if let Some(error) = error.downcast_ref::<DbError>() {
        return Some(of_tokio(error));
    }
    #[cfg(feature = "sqlx")]
    if let Some(refusal) = of_sqlx(error) {
        return Some(refusal);
    }
    None
}

fn of_tokio(error: &DbError) -> Refusal {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Refusal {
        severity: error.severity().to_owned(),
        sqlstate: error.code().code().to_owned(),
        schema: owned(error.schema()),
        table: owned(error.table()),
        column: owned(error.column()),
        datatype: owned(error.datatype()),
        constraint: owned(error.constraint()),
        routine: owned(error.routine()),
        detail: owned(error.detail()),
        statement: None,
        message: error.message().to_owned(),
    }
}

#[cfg(feature = "sqlx")]
fn of_sqlx(error: &(dyn Error + 'static)) -> Option<Refusal> {
    use sqlx::error::DatabaseError;
    use sqlx::postgres::{PgDatabaseError, PgSeverity};

    // As a source it is what an error that is transparent shows in place of `sqlx::Error`.
    let boxed = error.downcast_ref::<Box<dyn DatabaseError>>().map(|error| &**error);
    let found = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    let error = match found.or(boxed) {
        Some(error) => error.try_downcast_ref::<PgDatabaseError>()?,
        None => error.downcast_ref::<PgDatabaseError>()?,
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let severity = match error.severity() {
        PgSeverity::Panic => "PANIC",
        PgSeverity::Fatal => "FATAL",
        _ => "ERROR",
    };
    Some(Refusal {
        severity: severity.to_owned(),
        sqlstate: error.code().to_owned(),
        schema: owned(error.schema()),
        table: owned(error.table()),
        column: owned(error.column()),
        datatype: owned(error.data_type()),
        constraint: owned(error.constraint()),
        routine: owned(error.routine()),
        detail: owned(error.detail()),
        statement: None,
        message: error.message().to_owned(),
    })
}
