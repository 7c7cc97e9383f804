//! The version of what is shown (`ETag`), and of what shall be changed (`If-Match`).

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use super::{AppState, Code, Problem};

/// The entity tag of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) i64);

impl IntoResponseParts for Tag {
    type Error = Response;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Response> {
        let value = format!("\"{}\"", self.0)
            .parse()
            .map_err(|_| Problem::new(Code::Internal).into_response())?;
        parts.headers_mut().insert(ETAG, value);
        Ok(parts)
    }
}

/// The version that the caller has seen; none where they did not say, or said `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen(pub(crate) Option<i64>);

impl Seen {
    /// The version, where one is needed.
    pub(crate) fn version(self) -> Result<i64, Problem> {
        self.0.ok_or_else(|| Problem::new(Code::VersionMissing))
    }
}

impl FromRequestParts<AppState> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let malformed = || Problem::new(Code::HeaderInvalid).with("header", "If-Match");
        let mut all = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = all.next() else { return Ok(Self(None)) };
        let value = value.to_str().map_err(|_| malformed())?.trim();
        if all.next().is_some() {
            return Err(malformed());
        }
        if value == "*" {
            return Ok(Self(None));
        }
        let digits = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        digits.and_then(|digits| digits.parse().ok()).map(Some).map(Self).ok_or_else(malformed)
    }
}

impl utoipa::IntoParams for Seen {
    fn into_params(
        _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
        use utoipa::openapi::{Object, Required, Type};
        let header = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The entity tag that was seen; 412 when it is another by now."))
            .schema(Some(Object::with_type(Type::String)));
        vec![header.build()]
    }
}
