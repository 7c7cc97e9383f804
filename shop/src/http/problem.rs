//! What went wrong, as clients are told: problem details (RFC 9457) with a stable code.
//!
//! In: the error of an operation, of the database, or of reading a request. Out: a [`Problem`].
//! What a code means never changes; the text beside it may.
//!
//! **Invariant**: nothing the database says reaches a client; the cause stays inside.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Code;
use super::constraint::of_constraint;
use crate::database::{DatabaseError, OperationError};
use crate::telemetry::Refusal;
use crate::telemetry::log::Described;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A request that was not done, and why.
#[derive(Debug)]
pub struct Problem(Box<Inside>);

#[derive(Debug)]
struct Inside {
    code: Code,
    detail: Option<String>,
    members: Map<String, Value>,
    retry_after: Option<u32>,
    refused: Option<(String, &'static str)>,
    cause: Option<DatabaseError>,
}

impl Problem {
    /// A problem of this meaning.
    pub fn new(code: Code) -> Self {
        let members = Map::new();
        let (detail, retry_after, refused, cause) = (None, None, None, None);
        Self(Box::new(Inside { code, detail, members, retry_after, refused, cause }))
    }

    /// With what is wrong this time. Never text that somebody sent.
    #[must_use]
    pub fn saying(mut self, detail: impl std::fmt::Display) -> Self {
        self.0.detail = Some(detail.to_string());
        self
    }

    /// With a member of its own, for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl serde::Serialize) -> Self {
        self.0.members.insert(name.to_owned(), json!(value));
        self
    }

    /// To be tried again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// For a field that is not valid: which, and why, in a word of this code.
    #[must_use]
    pub fn refusing(mut self, path: &str, reason: &'static str) -> Self {
        let name = path.rsplit('.').next().unwrap_or(path);
        let name = name.split('[').next().unwrap_or(name);
        self.0.refused = Some((name.to_owned(), reason));
        self
    }

    /// Its meaning.
    pub fn code(&self) -> Code {
        self.0.code
    }
}

impl OperationError for Problem {
    fn database(&self) -> Option<&DatabaseError> {
        self.0.cause.as_ref()
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        let mut problem = match &error {
            DatabaseError::Conflict(_) => Self::new(Code::Busy).retry_after(1),
            DatabaseError::Unavailable(_) => Self::new(Code::Unavailable).retry_after(1),
            DatabaseError::Refused { constraint, .. } => {
                Self::new(of_constraint(constraint).unwrap_or(Code::Internal))
            }
            DatabaseError::Nul(_) | DatabaseError::Value(_) => Self::new(Code::ValueRefused),
            DatabaseError::Other(_) => Self::new(Code::Internal),
        };
        problem.0.cause = Some(error);
        problem
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inside { code, detail, members: mut body, retry_after, refused, cause } = *self.0;
        let status = code.status();
        if let Some(cause) = &cause
            && status.is_server_error()
        {
            tracing::error!(code = code.as_str(), error = %Described(cause), "not done");
        }
        body.insert("type".into(), json!(format!("/problems/{}", code.as_str())));
        body.insert("title".into(), json!(code.title()));
        body.insert("status".into(), json!(status.as_u16()));
        body.insert("code".into(), json!(code.as_str()));
        if let Some(detail) = detail {
            body.insert("detail".into(), json!(detail));
        }
        let mut response = (status, Value::Object(body).to_string()).into_response();
        response.extensions_mut().insert(Refusal { code: code.as_str(), field: refused });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Says which code each variant of an operation's error has; every variant is named.
///
/// Variants behind `inside` carry an error that has a map of its own, as `Database` always does.
/// The text of the error is the detail.
macro_rules! problems {
    ($error:ty { $($pattern:pat => $code:ident),* $(,)? } $(inside $($inner:ident),+)?) => {
        impl From<$error> for $crate::http::Problem {
            fn from(error: $error) -> Self {
                type E = $error;
                let code = match &error {
                    $($pattern => $crate::http::Code::$code,)*
                    E::Database(_) $($(| E::$inner(_))+)? => $crate::http::Code::Internal,
                };
                match error {
                    E::Database(inside) => inside.into(),
                    $($(E::$inner(inside) => inside.into(),)+)?
                    #[allow(unreachable_patterns, reason = "an enum may have no other variant")]
                    error => $crate::http::Problem::new(code).saying(error),
                }
            }
        }
    };
}
pub(crate) use problems;
