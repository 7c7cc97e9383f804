//! Refusals of `0012_access.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    a_scope_is_defined_once: "api_scope" => [
        again("api_scope_identity", &[]),
    ];
    an_api_key_keeps_its_rules: "api_key" => [
        row("api_key_prefix_well_formed", &[("prefix", "'SK'")]),
        row("api_key_rate_limit_positive", &[("rate_limit_per_minute", "0")]),
        row("api_key_expires_after_creation", &[("expires_at", "now()")]),
        row("api_key_revoked_after_creation", &[("revoked_at", "now() - interval '1 day'")]),
        row("api_key_never_replaces_itself", &[("replaces_id", "{api_key}")]),
        row("api_key_replaces_another", &[("replaces_id", "{nobody}")]),
        again("api_key_prefix_once", &[
            ("id", "{other}"), ("secret_hash", "sha256('x')"), ("replaces_id", "NULL"),
        ]),
        again("api_key_secret_once", &[
            ("id", "{other}"), ("prefix", "'sk_other'"), ("replaces_id", "NULL"),
        ]),
        again("api_key_replaced_once", &[
            ("id", "{other}"), ("prefix", "'sk_other'"), ("secret_hash", "sha256('x')"),
        ]),
        again("api_key_identity", &[
            ("prefix", "'sk_other'"), ("secret_hash", "sha256('x')"), ("replaces_id", "NULL"),
        ]),
    ];
    a_key_has_a_scope_once: "api_key_scope" => [
        row("api_key_scope_belongs_to_one", &[("api_key_id", "{nobody}")]),
        row("api_key_scope_grants_a_scope", &[("scope", "'world.write'")]),
        again("api_key_scope_identity", &[]),
    ];
    an_idempotency_key_is_claimed_once: "idempotency_key" => [
        again("idempotency_key_once", &[]),
    ];
    an_idempotency_key_keeps_its_rules: "idempotency_key" => [
        row("idempotency_key_scope_named", &[("scope", "''")]),
        row("idempotency_key_length_in_range", &[("key", "repeat('x', 256)")]),
        row("idempotency_key_expires_after_creation", &[("expires_at", "now()")]),
        row("idempotency_key_resource_bounded", &[("resource", "''")]),
        row("idempotency_key_state_known", &[("state", "'lost'")]),
        row(
            "idempotency_key_status_of_http",
            &[("state", "'completed'"), ("response_status", "600")],
        ),
        row("idempotency_key_completed_with_an_answer", &[("state", "'completed'")]),
        then("idempotency_key_answer_is_final", &[
            "UPDATE idempotency_key SET state = 'completed', response_status = 201",
            "UPDATE idempotency_key SET response_status = 500",
        ]),
    ];
    a_rate_limit_is_never_exceeded: "rate_limit_window" => [
        row("rate_limit_window_never_exceeded", &[("used", "601")]),
        row("rate_limit_window_used_not_negative", &[("used", "-1")]),
        row("rate_limit_window_allows_something", &[("allowed", "0"), ("used", "0")]),
        again("rate_limit_window_identity", &[]),
    ];
}
