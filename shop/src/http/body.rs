//! Reading a request: its body, its path, its query.
//!
//! In: bytes of anybody. Out: a typed value, or the problem that says what is wrong and where;
//! never what was sent.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderValue;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{AppState, Code, Problem};

/// A body of JSON, and what it came to once it was read.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let bytes = read_typed(request, state.limits.body_bytes).await?;
        parse(&bytes).map(Self)
    }
}

/// The JSON of a body; nothing at all is an object without members.
pub(super) async fn read_json(request: Request, most: usize) -> Result<Value, Problem> {
    if !request.headers().contains_key(CONTENT_TYPE) {
        let bytes = read(request, most).await?;
        let nothing = bytes.is_empty().then(|| Value::Object(serde_json::Map::new()));
        return nothing.ok_or_else(|| Problem::new(Code::MediaTypeUnsupported));
    }
    parse(&read_typed(request, most).await?)
}

/// What JSON says in a form.
pub(super) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        invalid(&path, &error.into_inner().to_string())
    })
}

/// The bytes of a body that says it is JSON.
async fn read_typed(request: Request, most: usize) -> Result<Bytes, Problem> {
    let is_json = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok()?.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if is_json { read(request, most).await } else { Err(Problem::new(Code::MediaTypeUnsupported)) }
}

/// The bytes of a body of bounded size.
pub(crate) async fn read(request: Request, most: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(request.into_body(), most).await.map_err(|error| {
        let too_large = matches!(
            std::error::Error::source(&error),
            Some(source) if source.is::<http_body_util::LengthLimitError>()
        );
        if too_large {
            Problem::new(Code::BodyTooLarge).saying(format!("at most {most} bytes"))
        } else {
            Problem::new(Code::BodyNotJson).saying("the body ended early")
        }
    })
}

/// Reads JSON of a form.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => invalid(&path, &inner.to_string()),
            _ => Problem::new(Code::BodyNotJson).saying(format!(
                "line {}, column {}",
                inner.line(),
                inner.column()
            )),
        }
    })?;
    json.end()
        .map_err(|_| Problem::new(Code::BodyNotJson).saying("something follows the value"))?;
    Ok(value)
}

/// What is wrong with a body, and where. Values that were sent are not repeated: one may be secret.
fn invalid(path: &str, message: &str) -> Problem {
    let path: String = path.chars().filter(|c| !c.is_control()).take(100).collect();
    let message = message.split(" at line ").next().unwrap_or_default();
    let (reason, named) = reason(message);
    let problem = Problem::new(Code::BodyInvalid).refusing(named.unwrap_or(&path), reason);
    let problem = problem.with("field", path);
    if message.starts_with("invalid ") || message.chars().any(char::is_control) {
        problem.saying("a value is of another type than this field has")
    } else {
        problem.saying(message.chars().take(300).collect::<String>())
    }
}

/// Why a field is refused, in a word for the metrics, and its name where the message has it.
fn reason(message: &str) -> (&'static str, Option<&str>) {
    let named = message.split('`').nth(1);
    match message {
        _ if message.starts_with("missing field") => ("missing", named),
        _ if message.starts_with("unknown field") => ("unknown", named),
        _ if message.starts_with("duplicate field") => ("duplicate", named),
        _ if message.starts_with("unknown variant") => ("not_listed", None),
        _ if message.starts_with("invalid type") => ("type", None),
        _ => ("form", None),
    }
}

/// Reads a text by how its type parses it.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = <Option<String> as serde::Deserialize>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// Answers 406 to who takes no JSON.
pub(super) async fn acceptable(request: Request, next: Next) -> Response {
    let takes_json = |value: &HeaderValue| {
        value.to_str().is_ok_and(|value| {
            value.split(',').any(|range| {
                let mut parts = range.split(';').map(str::trim);
                let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
                let refused = parts.any(|part| {
                    part.replace(' ', "").starts_with("q=0")
                        && !part.contains(|c: char| matches!(c, '1'..='9'))
                });
                !refused && matches!(kind.as_str(), "*/*" | "application/*" | "application/json")
            })
        })
    };
    let mut ranges = request.headers().get_all(ACCEPT).iter().peekable();
    if ranges.peek().is_none() || ranges.any(takes_json) {
        next.run(request).await
    } else {
        Problem::new(Code::NotAcceptable).into_response()
    }
}

/// A part of the path, such as an id.
#[derive(Debug, Clone, Copy)]
pub struct Segment<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Segment<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::new(Code::PathInvalid)),
        }
    }
}

/// The query.
#[derive(Debug, Clone, Copy)]
pub struct Search<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Search<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::new(Code::QueryInvalid)),
        }
    }
}
