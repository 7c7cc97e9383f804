//! What is seen of one request: its id, its span, its line of log, its rate, errors and duration.
//!
//! In: every request, around everything else that the router does. Out: the header
//! `x-request-id` on every answer, a span that all log lines below carry, the metrics of HTTP, and
//! the [`Tag`] by which its transactions are known.
//!
//! **Invariant**: an id that somebody sent is taken only if it cannot be mistaken for anything
//! else; the route is the pattern that matched, never the path.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

use super::metrics::Metrics;
use super::sql::{Tag, tagged};

/// The header that carries the id, in requests and in answers.
pub const REQUEST_ID: &str = "x-request-id";

/// The route of what matches none.
pub const UNMATCHED: &str = "unmatched";

/// Why a request was refused, in words of this code: the response carries it as an extension, for
/// the log and the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code of the problem.
    pub code: &'static str,
    /// The field that was not valid, as somebody sent it, and the reason.
    pub field: Option<(String, &'static str)>,
}

/// The id of a request; in its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id that somebody sent, if it has 8 to 48 letters, digits, `-` or `_`; else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        match sent.filter(|id| well_formed(id)) {
            Some(id) => Self(id.into()),
            None => Self(Uuid::now_v7().simple().to_string().into()),
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn well_formed(id: &str) -> bool {
    (8..=48).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The `traceparent` of the W3C, if it is one of version 00 and no field of it is zero.
fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut fields = text.split('-');
    let lengths = [2, 32, 16, 2];
    let whole = lengths.into_iter().all(|length| {
        fields.next().is_some_and(|field| {
            field.len() == length && field.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    });
    let (trace, parent) = (text.get(3..35)?, text.get(36..52)?);
    let zero = |field: &str| field.bytes().all(|byte| byte == b'0');
    let valid = whole && fields.next().is_none() && text.starts_with("00-");
    (valid && !zero(trace) && !zero(parent)).then_some(text)
}

/// The method as a label: those that HTTP knows, `_OTHER` for the rest.
pub(super) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// The layer: `Router::layer(middleware::from_fn_with_state(metrics, observe))`, outermost.
pub async fn observe(
    State(metrics): State<Arc<Metrics>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::of(request.headers());
    let method = method_label(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let trace = traceparent(request.headers());
    let tag = Arc::new(Tag::of_request(id.as_str(), route, trace));
    let span = tracing::info_span!(
        "request",
        request_id = id.as_str(),
        method,
        route,
        trace_id = trace.map(|text| &text[3..35]),
    );
    request.extensions_mut().insert(id.clone());
    let mut seen = Seen::begin(&metrics, method, route);
    let work = async {
        let response = tagged(tag.clone(), next.run(request)).await;
        let status = response.status();
        let duration_ms = seen.begun.elapsed().as_secs_f64() * 1e3;
        let refusal = response.extensions().get::<Refusal>();
        let code = refusal.map(|refusal| refusal.code);
        let (status_number, retries) = (status.as_u16(), tag.retries());
        if status.is_server_error() {
            tracing::error!(status = status_number, code, duration_ms, retries, "failed");
        } else {
            tracing::info!(status = status_number, code, duration_ms, retries, "answered");
        }
        if let Some(refusal) = refusal {
            metrics.refused(refusal);
        }
        metrics.retried(retries);
        seen.answered(status_number);
        response
    };
    let mut response = work.instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A request under way. Dropped without an answer, it was abandoned: the client has gone.
struct Seen<'a> {
    metrics: &'a Metrics,
    method: &'static str,
    route: &'a str,
    begun: Instant,
    answered: bool,
}

impl<'a> Seen<'a> {
    fn begin(metrics: &'a Metrics, method: &'static str, route: &'a str) -> Self {
        metrics.request_begun(method);
        Self { metrics, method, route, begun: Instant::now(), answered: false }
    }

    fn answered(&mut self, status: u16) {
        self.answered = true;
        self.metrics.request_answered(self.method, self.route, status, self.begun.elapsed());
    }
}

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        self.metrics.request_ended(self.method);
        if !self.answered {
            self.metrics.request_abandoned(self.method, self.route);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value).expect("a header"));
        headers
    }

    #[test]
    fn an_id_is_taken_only_if_it_cannot_be_anything_else() {
        let long = "a".repeat(48);
        for good in ["12345678", "req_0-9AZ", long.as_str()] {
            assert_eq!(RequestId::of(&headers(REQUEST_ID, good.as_bytes())).as_str(), good);
        }
        let longer = "a".repeat(49);
        for bad in
            ["", "1234567", longer.as_str(), "with space", "quote'quote", "a;b;c;d;e", "é€é€é€é€"]
        {
            let id = RequestId::of(&headers(REQUEST_ID, bad.as_bytes()));
            assert_ne!(id.as_str(), bad);
            assert_eq!(id.as_str().len(), 32, "{bad:?} gives a new one");
        }
        assert_eq!(RequestId::of(&HeaderMap::new()).as_str().len(), 32);
    }

    #[test]
    fn a_trace_is_that_of_the_w3c_or_none() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(traceparent(&headers("traceparent", good.as_bytes())), Some(good));
        for bad in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "",
            "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(traceparent(&headers("traceparent", bad.as_bytes())), None, "{bad}");
        }
    }

    #[test]
    fn a_method_that_nobody_knows_makes_no_label_of_its_own() {
        assert_eq!(method_label(&Method::PATCH), "PATCH");
        let invented = Method::from_bytes(b"INVENTED").expect("a token");
        assert_eq!(method_label(&invented), "_OTHER");
    }
}
