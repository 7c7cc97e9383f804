//! Rows of `0011_event.sql`.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "event_type",
        &[],
        &[("type", "'order.tested'"), ("version", "1"), ("schema", "'{\"type\": \"object\"}'")],
    ),
    Factory::row(
        "outbox",
        &["event_type"],
        &[
            ("id", "{outbox}"),
            ("aggregatetype", "'order'"),
            ("aggregateid", "{aggregate}"),
            ("seq", "1"),
            ("type", "'order.tested'"),
            ("version", "1"),
            ("payload", "'{}'"),
            ("published_at", "now()"),
        ],
    ),
    Factory::row("inbox", &[], &[("consumer", "'mailer'"), ("event_id", "{outbox}")]),
    Factory::row(
        "webhook_endpoint",
        &[],
        &[("id", "{webhook_endpoint}"), ("url", "'https://example.com/hooks'")],
    ),
    Factory::row(
        "webhook_secret",
        &["webhook_endpoint"],
        &[
            ("id", "{webhook_secret}"),
            ("endpoint_id", "{webhook_endpoint}"),
            ("secret", "sha256('secret')"),
        ],
    ),
    Factory::row(
        "former_webhook_secret",
        &["webhook_endpoint"],
        &[
            ("id", "{former_webhook_secret}"),
            ("endpoint_id", "{webhook_endpoint}"),
            ("secret", "sha256('former')"),
            ("expires_at", "now() + interval '1 day'"),
        ],
    )
    .in_table("webhook_secret"),
    Factory::row(
        "webhook_subscription",
        &["webhook_endpoint", "event_type"],
        &[("endpoint_id", "{webhook_endpoint}"), ("type", "'order.tested'"), ("version", "1")],
    ),
    Factory::row(
        "webhook_delivery",
        &["webhook_endpoint", "outbox"],
        &[
            ("id", "{webhook_delivery}"),
            ("endpoint_id", "{webhook_endpoint}"),
            ("event_id", "{outbox}"),
            ("next_attempt_at", "now()"),
        ],
    ),
    Factory::row(
        "webhook_attempt",
        &["webhook_delivery"],
        &[
            ("delivery_id", "{webhook_delivery}"),
            ("number", "1"),
            ("duration_ms", "12"),
            ("response_status", "503"),
        ],
    ),
    Factory::row(
        "webhook_received",
        &["payment"],
        &[
            ("provider", "'fake'"),
            ("event_id", "'evt_1'"),
            ("type", "'payment.captured'"),
            ("payload", "'{}'"),
            ("payment_id", "{payment}"),
            ("next_attempt_at", "now()"),
        ],
    ),
];
