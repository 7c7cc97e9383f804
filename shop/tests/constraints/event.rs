//! Refusals of `0011_event.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    an_event_type_is_catalogued_once: "event_type" => [
        row("event_type_well_formed", &[("type", "'Order placed'")]),
        row("event_type_version_positive", &[("version", "0")]),
        row("event_type_schema_is_an_object", &[("schema", "'[]'")]),
        again("event_type_identity", &[]),
    ];
    an_event_keeps_its_rules: "outbox" => [
        row("outbox_aggregatetype_well_formed", &[("aggregatetype", "'Order'")]),
        row("outbox_payload_is_an_object", &[("payload", "'[]'")]),
        row("outbox_published_after_it_occurred", &[("published_at", "now() - interval '1 day'")]),
        row("outbox_seq_positive", &[("seq", "0")]),
        again("outbox_identity", &[("seq", "2")]),
    ];
    only_catalogued_events_are_stored: "outbox" => [
        row("outbox_of_a_catalogued_type", &[("type", "'order.invented'")]),
        row("outbox_of_a_catalogued_type", &[("version", "2")]),
    ];
    an_aggregate_numbers_its_events: "outbox" => [
        again("outbox_seq_once", &[("id", "{other}")]),
    ];
    a_consumer_handles_an_event_once: "inbox" => [
        again("inbox_once", &[]),
    ];
    an_endpoint_keeps_its_rules: "webhook_endpoint" => [
        row("webhook_endpoint_url_encrypted", &[("url", "'http://example.com/'")]),
        row(
            "webhook_endpoint_url_bounded",
            &[("url", "'https://example.com/' || repeat('x', 2000)")],
        ),
        row("webhook_endpoint_explains_why_disabled", &[("disabled_at", "now()")]),
        row(
            "webhook_endpoint_deleted_after_creation",
            &[("deleted_at", "now() - interval '1 day'")],
        ),
        again("webhook_endpoint_url_once", &[("id", "{other}")]),
        again("webhook_endpoint_identity", &[("url", "'https://example.com/other'")]),
    ];
    an_endpoint_has_one_current_secret: "webhook_secret" => [
        row("webhook_secret_long_enough", &[("secret", "'short'")]),
        row("webhook_secret_expires_after_creation", &[("expires_at", "now()")]),
        row("webhook_secret_of_an_endpoint", &[("endpoint_id", "{nobody}")]),
        again("webhook_secret_one_current", &[("id", "{other}")]),
        again("webhook_secret_identity", &[("expires_at", "now() + interval '1 day'")]),
    ];
    an_endpoint_subscribes_to_catalogued_events: "webhook_subscription" => [
        row("webhook_subscription_of_an_endpoint", &[("endpoint_id", "{nobody}")]),
        row("webhook_subscription_to_a_catalogued_type", &[("version", "2")]),
        again("webhook_subscription_identity", &[]),
    ];
    a_delivery_keeps_its_rules: "webhook_delivery" => [
        row("webhook_delivery_attempts_in_range", &[("attempts", "21")]),
        row("webhook_delivery_closed_at_a_time", &[("closed_at", "now()")]),
        row("webhook_delivery_waits_while_pending", &[("next_attempt_at", "NULL")]),
        row(
            "webhook_delivery_state_known",
            &[("state", "'lost'"), ("next_attempt_at", "NULL"), ("closed_at", "now()")],
        ),
        row("webhook_delivery_to_an_endpoint", &[("endpoint_id", "{nobody}")]),
        row("webhook_delivery_of_an_event", &[("event_id", "{nobody}")]),
        again("webhook_delivery_once", &[("id", "{other}")]),
        again("webhook_delivery_identity", &[("event_id", "{nobody}")]),
        then("webhook_delivery_closed_is_final", &[
            "UPDATE webhook_delivery
                SET state = 'delivered', closed_at = now(), next_attempt_at = NULL",
            "UPDATE webhook_delivery
                SET state = 'pending', closed_at = NULL, next_attempt_at = now()",
        ]),
    ];
    an_attempt_to_deliver_has_an_outcome: "webhook_attempt" => [
        row("webhook_attempt_has_an_outcome", &[("response_status", "NULL")]),
        row("webhook_attempt_number_positive", &[("number", "0")]),
        row("webhook_attempt_duration_not_negative", &[("duration_ms", "-1")]),
        row("webhook_attempt_status_of_http", &[("response_status", "99")]),
        row("webhook_attempt_of_a_delivery", &[("delivery_id", "{nobody}")]),
        again("webhook_attempt_identity", &[]),
    ];
    a_webhook_of_a_provider_is_stored_once: "webhook_received" => [
        again("webhook_received_once", &[]),
    ];
    a_webhook_of_a_provider_keeps_its_rules: "webhook_received" => [
        row("webhook_received_type_bounded", &[("type", "''")]),
        row(
            "webhook_received_state_known",
            &[("state", "'lost'"), ("next_attempt_at", "NULL")],
        ),
        row("webhook_received_attempts_not_negative", &[("attempts", "-1")]),
        row("webhook_received_applied_at_a_time", &[("applied_at", "now()")]),
        row("webhook_received_waits_while_open", &[("next_attempt_at", "NULL")]),
        row("webhook_received_from_a_provider", &[("provider", "'nobody'")]),
        row("webhook_received_about_a_payment", &[("payment_id", "{nobody}")]),
        then("webhook_received_applied_is_final", &[
            "UPDATE webhook_received
                SET state = 'applied', applied_at = now(), next_attempt_at = NULL",
            "UPDATE webhook_received SET state = 'failed', applied_at = NULL",
        ]),
    ];
}
