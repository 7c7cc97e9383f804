//! What a receiver gets: `{"type", "timestamp", "data"}` of Standard Webhooks.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::id::EventId;

/// The recommendation is "less than 20 kB".
pub const MOST_BYTES: usize = 20_000;

/// The body of an event: the same bytes at every try.
///
/// A payload that would make it too large is left out, and the receiver asks for it:
/// `GET /v1/events/<event>`.
pub fn body(
    event: EventId,
    kind: &str,
    version: i16,
    occurred_at: DateTime<Utc>,
    payload: &serde_json::Value,
) -> Vec<u8> {
    let with = |data: &serde_json::Value| {
        let body = json!({
            "type": kind,
            "version": version,
            "timestamp": occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "event": event.to_string(),
            "data": data,
        });
        body.to_string().into_bytes()
    };
    let whole = with(payload);
    if whole.len() > MOST_BYTES { with(&serde_json::Value::Null) } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id as _;

    #[test]
    fn a_body_stays_small() {
        let event = EventId::from_uuid(uuid::Uuid::nil());
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let small = body(event, "order.placed", 1, at, &json!({"order": "ord_1"}));
        expect_test::expect![[
            r#"{"data":{"order":"ord_1"},"event":"evt_00000000000000000000000000000000","timestamp":"2023-11-14T22:13:20.000000Z","type":"order.placed","version":1}"#
        ]]
        .assert_eq(&String::from_utf8(small).unwrap());
        let large = body(event, "order.placed", 1, at, &json!({"note": "x".repeat(MOST_BYTES)}));
        assert!(large.len() < 200);
        assert!(String::from_utf8(large).unwrap().contains(r#""data":null"#));
    }
}
