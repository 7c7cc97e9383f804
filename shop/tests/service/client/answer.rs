//! What the service answered.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the service answered.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when there is none.
    pub body: Value,
    /// The body as it was sent.
    pub text: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text)
    }
}

impl Answer {
    pub(super) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, body, text }
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        &self.body
    }

    /// The text of a member of the body of an answer with this status.
    #[track_caller]
    pub fn text_of(&self, status: u16, member: &str) -> String {
        self.expect(status)[member].as_str().unwrap_or_else(|| panic!("{member}: {self:?}")).into()
    }

    /// A problem with this status and code, in the form of problems.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> &Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{self:?}");
        assert_eq!(body["status"], status, "{self:?}");
        assert_eq!(body["type"], format!("/problems/{code}"), "{self:?}");
        assert!(body["title"].is_string(), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        body
    }

    /// A header, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
