//! Refusals of `0009_payment.sql` and `0010_refund.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    a_credit_keeps_its_rules: "store_credit" => [
        row("store_credit_kind_known", &[("kind", "'coupon'"), ("code_hash", "NULL")]),
        row("store_credit_gift_card_has_a_code", &[("code_hash", "NULL")]),
        row(
            "store_credit_belongs_to_somebody",
            &[("kind", "'store_credit'"), ("code_hash", "NULL"), ("customer_id", "NULL")],
        ),
        row("store_credit_expires_after_creation", &[("expires_at", "now()")]),
        row("store_credit_in_a_currency", &[("currency", "'XTS'")]),
        row("store_credit_of_a_customer", &[("customer_id", "{nobody}")]),
        row("store_credit_starts_empty", &[("issued", "1")]),
        then("store_credit_moved_only_by_its_rows", &["UPDATE store_credit SET issued = 1"]),
        again("store_credit_currency_unique", &[("code_hash", "sha256('other')")]),
        again(
            "store_credit_identity",
            &[("currency", "'USD'"), ("code_hash", "sha256('other')")],
        ),
        again("store_credit_code_once", &[("id", "{other}")]),
    ];
    a_gift_card_is_never_overspent: "store_credit_entry" => [
        row("store_credit_never_overspent", &[("amount", "1001")]),
        row("store_credit_entry_kind_known", &[("kind", "'burn'")]),
        row("store_credit_entry_names_its_payment", &[("payment_id", "NULL")]),
        row("store_credit_entry_in_the_currency_of_its_credit", &[
            ("currency", "'USD'"), ("kind", "'issue'"), ("payment_id", "NULL"),
        ]),
        row("store_credit_entry_for_an_internal_payment", &[("payment_id", "{nobody}")]),
        again("store_credit_entry_identity", &[]),
        then("store_credit_entry_append_only", &["UPDATE store_credit_entry SET amount = 1"]),
        then("store_credit_entry_append_only", &["DELETE FROM store_credit_entry"]),
    ];
    a_stored_method_keeps_its_rules: "payment_method" => [
        row("payment_method_type_known", &[("type", "'crypto'")]),
        row("payment_method_card_is_complete", &[("last4", "NULL")]),
        row("payment_method_last4_of_digits", &[("last4", "'42x2'")]),
        row("payment_method_exp_month_in_range", &[("exp_month", "13")]),
        row("payment_method_exp_year_in_range", &[("exp_year", "1999")]),
        row("payment_method_only_cards_expire", &[("type", "'wallet'")]),
        row("payment_method_stores_no_card_number", &[("token", "'4242424242424242'")]),
        row("payment_method_stores_no_card_number", &[("fingerprint", "'4242424242424242'")]),
        row("payment_method_wallet_has_a_token", &[
            ("type", "'wallet'"), ("token", "NULL"), ("exp_month", "NULL"), ("exp_year", "NULL"),
        ]),
        row("payment_method_debit_has_a_mandate", &[
            ("type", "'bank_debit'"), ("exp_month", "NULL"), ("exp_year", "NULL"),
        ]),
        row("payment_method_cash_has_no_token", &[
            ("type", "'cash_on_delivery'"), ("exp_month", "NULL"), ("exp_year", "NULL"),
        ]),
        row("payment_method_credit_names_its_account", &[
            ("type", "'gift_card'"), ("exp_month", "NULL"), ("exp_year", "NULL"),
        ]),
        row("payment_method_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        row("provider_reference_well_formed", &[("token", "'tok 1'")]),
        row("payment_method_of_a_customer", &[
            ("customer_id", "{nobody}"), ("deleted_at", "now()"),
        ]),
        row("payment_method_at_a_provider", &[("provider", "'nobody'")]),
        again("payment_method_type_unique", &[("fingerprint", "'fp_2'"), ("is_default", "false")]),
        again("payment_method_identity", &[
            ("type", "'wallet'"), ("exp_month", "NULL"), ("exp_year", "NULL"),
            ("fingerprint", "NULL"), ("is_default", "false"),
        ]),
    ];
    a_customer_stores_a_card_once_and_has_one_default: "payment_method" => [
        again("payment_method_once_per_customer", &[("id", "{other}"), ("is_default", "false")]),
        again("payment_method_one_default", &[("id", "{other}"), ("fingerprint", "'fp_2'")]),
    ];
    a_gift_card_method_names_its_card: "gift_card_method" => [
        row("payment_method_draws_on_a_credit", &[("store_credit_id", "{nobody}")]),
    ];
    a_payment_keeps_its_rules: "payment" => [
        row("positive_amount_in_range", &[("amount", "0")]),
        row("payment_capture_mode_known", &[("capture_mode", "'later'")]),
        row("payment_authorized_not_negative", &[("authorized", "-1")]),
        row("payment_captured_not_negative", &[("captured", "-1")]),
        row("payment_capture_pending_not_negative", &[("capture_pending", "-1")]),
        row("payment_voided_not_negative", &[("voided", "-1")]),
        row("payment_refunded_not_negative", &[("refunded", "-1")]),
        row("payment_refund_pending_not_negative", &[("refund_pending", "-1")]),
        row("payment_disputed_not_negative", &[("disputed", "-1")]),
        row("payment_expires_after_creation", &[("expires_at", "now()")]),
        row("payment_by_a_method_of_its_type", &[("method_type", "'wallet'")]),
        row("payment_in_a_currency_of_its_provider", &[("provider", "'nobody'")]),
        row("payment_starts_without_money", &[("authorized", "1")]),
        again("payment_terms_unique", &[("provider_ref", "'pi_2'")]),
        again("payment_order_unique", &[("provider", "'stripe'")]),
        again("payment_identity", &[("provider", "'stripe'"), ("order_id", "{nobody}")]),
        again("payment_provider_ref_once", &[("id", "{other}")]),
        then("payment_keeps_its_terms", &["UPDATE payment SET amount = 2300"]),
        then("payment_moved_only_by_its_rows", &["UPDATE payment SET authorized = 1"]),
        then("payment_never_deleted", &["DELETE FROM payment"]),
    ];
    a_payment_is_in_the_currency_of_its_order: "payment" => [
        row("payment_in_the_currency_of_its_order", &[("currency", "'USD'")]),
    ];
    an_order_is_never_paid_twice: "payment" => [
        row("orders_never_paid_twice", &[("amount", "2401")]),
        again("orders_never_paid_twice", &[
            ("id", "{other}"), ("provider_ref", "NULL"), ("amount", "1"),
        ]),
    ];
    no_more_is_authorised_than_the_payment_asks_for: "payment_attempt" => [
        row("payment_authorized_within_amount", &[
            ("amount", "2401"), ("state", "'succeeded'"), ("closed_at", "now()"),
        ]),
    ];
    an_attempt_keeps_its_rules: "payment_attempt" => [
        row("payment_attempt_state_known", &[("state", "'lost'"), ("closed_at", "now()")]),
        row("payment_attempt_closed_at_a_time", &[("closed_at", "now()")]),
        row("payment_attempt_explains_a_decline", &[
            ("state", "'declined'"), ("closed_at", "now()"),
        ]),
        row("payment_attempt_in_terms_of_its_payment", &[("currency", "'USD'")]),
        row("payment_attempt_in_terms_of_its_payment", &[("provider", "'stripe'")]),
        again("payment_attempt_provider_ref_once", &[
            ("id", "{other}"), ("state", "'failed'"), ("closed_at", "now()"),
        ]),
        again("payment_attempt_one_pending", &[("id", "{other}"), ("provider_ref", "NULL")]),
        again("payment_attempt_identity", &[
            ("provider_ref", "NULL"), ("state", "'failed'"), ("closed_at", "now()"),
        ]),
        then("payment_attempt_keeps_its_terms", &["UPDATE payment_attempt SET amount = 1"]),
        then("payment_attempt_never_deleted", &["DELETE FROM payment_attempt"]),
        then("payment_attempt_closed_is_final", &[
            "UPDATE payment_attempt SET state = 'failed', closed_at = now()",
            "UPDATE payment_attempt SET state = 'succeeded'",
        ]),
    ];
    no_more_is_captured_than_was_authorised: "capture" => [
        row("payment_captured_within_authorized", &[("amount", "2401")]),
        again("payment_captured_within_authorized", &[
            ("id", "{other}"), ("provider_ref", "NULL"), ("amount", "401"),
        ]),
    ];
    a_capture_keeps_its_rules: "capture" => [
        row("capture_in_terms_of_its_payment", &[("currency", "'USD'")]),
        row("capture_in_terms_of_its_payment", &[("provider", "'stripe'")]),
        again("capture_identity", &[("provider_ref", "NULL")]),
        again("capture_provider_ref_once", &[("id", "{other}")]),
        then("capture_keeps_its_terms", &["UPDATE capture SET amount = 1"]),
        then("capture_never_deleted", &["DELETE FROM capture"]),
    ];
    no_more_is_voided_than_was_authorised: "payment_void" => [
        row("payment_captured_within_authorized", &[("amount", "2401")]),
    ];
    a_void_keeps_its_rules: "payment_void" => [
        row("payment_void_state_known", &[("state", "'lost'"), ("closed_at", "now()")]),
        row("payment_void_closed_at_a_time", &[("closed_at", "now()")]),
        row("payment_void_in_terms_of_its_payment", &[("currency", "'USD'")]),
        again("payment_void_provider_ref_once", &[("id", "{other}")]),
        again("payment_void_identity", &[("provider_ref", "NULL")]),
        then("payment_void_keeps_its_terms", &["UPDATE payment_void SET amount = 1"]),
        then("payment_void_never_deleted", &["DELETE FROM payment_void"]),
        then("payment_void_closed_is_final", &[
            "UPDATE payment_void SET state = 'succeeded', closed_at = now()",
            "UPDATE payment_void SET state = 'failed'",
        ]),
    ];
    a_refund_never_exceeds_the_capture: "refund" => [
        row("payment_refunded_within_captured", &[("amount", "2001")]),
        again("payment_refunded_within_captured", &[
            ("id", "{other}"), ("provider_ref", "NULL"), ("amount", "1"),
        ]),
    ];
    a_refund_never_precedes_the_capture: "capture" => [
        then("payment_refunded_within_captured", &[
            "INSERT INTO refund (id, payment_id, order_id, currency, provider, amount, reason)
             VALUES ({refund}, {payment}, {orders}, 'EUR', 'fake', 1, 'duplicate')",
        ]),
    ];
    a_refund_keeps_its_rules: "refund" => [
        row("refund_reason_known", &[("reason", "'bored'")]),
        row("refund_explained", &[("reason", "'other'"), ("note", "NULL")]),
        row("note_not_blank", &[("note", "''")]),
        row("note_short_enough", &[("note", "repeat('x', 2001)")]),
        row("refund_in_terms_of_its_payment", &[("currency", "'USD'")]),
        row("refund_for_the_order_of_its_payment", &[
            ("order_id", "{nobody}"), ("return_id", "NULL"),
        ]),
        row("refund_for_a_return_of_its_order", &[("return_id", "{nobody}")]),
        row("refund_starts_unassigned", &[("assigned", "1")]),
        then("refund_moved_only_by_its_rows", &["UPDATE refund SET assigned = 1"]),
        then("refund_keeps_its_terms", &["UPDATE refund SET amount = 1"]),
        then("refund_never_deleted", &["DELETE FROM refund"]),
        again("refund_terms_unique", &[("provider_ref", "NULL")]),
        again("refund_identity", &[("provider_ref", "NULL"), ("order_id", "{nobody}")]),
        again("refund_provider_ref_once", &[("id", "{other}")]),
    ];
    a_line_is_never_refunded_beyond_its_total: "refund_line" => [
        row("order_line_refunds_at_most_its_total", &[("amount", "1901")]),
        row("refund_assigned_within_amount", &[("amount", "2001")]),
        row("refund_line_in_terms_of_its_refund", &[("currency", "'USD'")]),
        row("refund_line_of_a_line_of_its_order", &[("order_line_id", "{nobody}")]),
        again("refund_line_identity", &[("amount", "1")]),
        then("refund_line_append_only", &["UPDATE refund_line SET amount = 1"]),
        then("refund_line_append_only", &["DELETE FROM refund_line"]),
    ];
    a_dispute_keeps_its_rules: "dispute" => [
        row("payment_refunded_within_captured", &[("amount", "2001")]),
        row("dispute_answered_after_creation", &[("respond_by", "now()")]),
        row("dispute_in_terms_of_its_payment", &[("currency", "'USD'")]),
        again("dispute_provider_ref_once", &[("id", "{other}")]),
        again("dispute_identity", &[("provider_ref", "'dp_2'")]),
        then("dispute_keeps_its_terms", &["UPDATE dispute SET amount = 1"]),
        then("dispute_never_deleted", &["DELETE FROM dispute"]),
    ];
    a_payment_has_one_open_dispute: "dispute" => [
        again("dispute_one_open", &[("id", "{other}"), ("provider_ref", "'dp_2'")]),
    ];
}
