//! Rows of `0012_access.sql`.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row("api_scope", &[], &[("code", "'tests.run'"), ("description", "'Run tests'")]),
    Factory::row(
        "old_api_key",
        &[],
        &[
            ("id", "{old_api_key}"),
            ("name", "'Till of last year'"),
            ("prefix", "'sk_old'"),
            ("secret_hash", "sha256('old')"),
        ],
    )
    .in_table("api_key"),
    Factory::row(
        "api_key",
        &["old_api_key"],
        &[
            ("id", "{api_key}"),
            ("name", "'Till'"),
            ("prefix", "'sk_new'"),
            ("secret_hash", "sha256('new')"),
            ("replaces_id", "{old_api_key}"),
            ("rate_limit_per_minute", "600"),
            ("revoked_at", "now()"),
            ("expires_at", "now() + interval '1 year'"),
        ],
    ),
    Factory::row(
        "api_key_scope",
        &["api_key"],
        &[("api_key_id", "{api_key}"), ("scope", "'orders.read'")],
    ),
    Factory::row(
        "idempotency_key",
        &[],
        &[
            ("scope", "'key 1 POST /v1/orders'"),
            ("key", "'abc'"),
            ("request_hash", "sha256('request')"),
            ("resource", "'ref_1'"),
            ("locked_until", "now() + interval '1 minute'"),
            ("expires_at", "now() + interval '1 day'"),
        ],
    ),
    Factory::steps(
        "answered_request",
        &["idempotency_key"],
        &["UPDATE idempotency_key SET state = 'completed', response_status = 201"],
    ),
    Factory::row(
        "rate_limit_window",
        &[],
        &[("subject", "'key 1'"), ("starts_at", "now()"), ("allowed", "600"), ("used", "600")],
    ),
];
