//! Rows of `0009_payment.sql` and `0010_refund.sql`: the order of 24.00 paid by card, and a gift
//! card of 10.00.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "store_credit",
        &["customer"],
        &[
            ("id", "{store_credit}"),
            ("customer_id", "{customer}"),
            ("kind", "'gift_card'"),
            ("currency", "'EUR'"),
            ("code_hash", "sha256('GIFT')"),
            ("expires_at", "now() + interval '1 year'"),
        ],
    ),
    Factory::row(
        "payment_method",
        &["customer"],
        &[
            ("id", "{payment_method}"),
            ("customer_id", "{customer}"),
            ("type", "'card'"),
            ("provider", "'fake'"),
            ("token", "'tok_1'"),
            ("brand", "'visa'"),
            ("last4", "'4242'"),
            ("exp_month", "12"),
            ("exp_year", "2030"),
            ("fingerprint", "'fp_1'"),
            ("is_default", "true"),
        ],
    ),
    Factory::row(
        "bank_debit_method",
        &["customer"],
        &[
            ("id", "{bank_debit_method}"),
            ("customer_id", "{customer}"),
            ("type", "'bank_debit'"),
            ("provider", "'fake'"),
            ("token", "'tok_2'"),
            ("last4", "'3000'"),
            ("mandate", "'mandate_1'"),
        ],
    )
    .in_table("payment_method"),
    Factory::row(
        "gift_card_method",
        &["store_credit"],
        &[
            ("id", "{gift_card_method}"),
            ("customer_id", "{customer}"),
            ("type", "'gift_card'"),
            ("provider", "'internal'"),
            ("store_credit_id", "{store_credit}"),
        ],
    )
    .in_table("payment_method"),
    Factory::row(
        "payment",
        &["whole_order", "payment_method"],
        &[
            ("id", "{payment}"),
            ("order_id", "{orders}"),
            ("currency", "'EUR'"),
            ("provider", "'fake'"),
            ("method_type", "'card'"),
            ("payment_method_id", "{payment_method}"),
            ("amount", "2400"),
            ("capture_mode", "'manual_multiple'"),
            ("provider_ref", "'pi_1'"),
            ("expires_at", "now() + interval '7 days'"),
        ],
    ),
    Factory::row(
        "payment_attempt",
        &["payment"],
        &[
            ("id", "{payment_attempt}"),
            ("payment_id", "{payment}"),
            ("currency", "'EUR'"),
            ("provider", "'fake'"),
            ("amount", "2400"),
            ("provider_ref", "'at_1'"),
        ],
    ),
    Factory::steps(
        "declined_attempt",
        &["payment_attempt"],
        &["UPDATE payment_attempt
              SET state = 'declined', decline_code = 'insufficient_funds', closed_at = now()"],
    ),
    Factory::steps(
        "authorized_payment",
        &["payment_attempt"],
        &[
            "UPDATE payment_attempt SET state = 'succeeded', closed_at = now()
              WHERE id = {payment_attempt}",
            "INSERT INTO payment_history (payment_id, seq, from_state, to_state, actor)
             VALUES ({payment}, 1, 'requires_payment_method', 'authorized', 'test')",
            "UPDATE payment SET state = 'authorized', state_seq = 1 WHERE id = {payment}",
        ],
    ),
    Factory::row(
        "capture",
        &["authorized_payment"],
        &[
            ("id", "{capture}"),
            ("payment_id", "{payment}"),
            ("currency", "'EUR'"),
            ("provider", "'fake'"),
            ("amount", "2000"),
            ("provider_ref", "'ca_1'"),
        ],
    ),
    Factory::steps(
        "captured_payment",
        &["capture"],
        &[
            "INSERT INTO capture_history (capture_id, seq, from_state, to_state, actor)
             VALUES ({capture}, 1, 'pending', 'succeeded', 'test')",
            "UPDATE capture SET state = 'succeeded', state_seq = 1 WHERE id = {capture}",
            "INSERT INTO payment_history (payment_id, seq, from_state, to_state, actor)
             VALUES ({payment}, 2, 'authorized', 'partially_captured', 'test')",
            "UPDATE payment SET state = 'partially_captured', state_seq = 2 WHERE id = {payment}",
        ],
    ),
    Factory::row(
        "payment_void",
        &["authorized_payment"],
        &[
            ("id", "{payment_void}"),
            ("payment_id", "{payment}"),
            ("currency", "'EUR'"),
            ("provider", "'fake'"),
            ("amount", "400"),
            ("provider_ref", "'vo_1'"),
        ],
    ),
    Factory::steps(
        "answered_void",
        &["payment_void"],
        &["UPDATE payment_void SET state = 'succeeded', closed_at = now()"],
    ),
    Factory::row(
        "refund",
        &["captured_payment", "order_return"],
        &[
            ("id", "{refund}"),
            ("payment_id", "{payment}"),
            ("order_id", "{orders}"),
            ("currency", "'EUR'"),
            ("provider", "'fake'"),
            ("amount", "2000"),
            ("reason", "'returned'"),
            ("note", "'One handle is broken.'"),
            ("return_id", "{order_return}"),
            ("provider_ref", "'re_1'"),
        ],
    ),
    Factory::row(
        "refund_line",
        &["refund"],
        &[
            ("refund_id", "{refund}"),
            ("order_line_id", "{order_line}"),
            ("order_id", "{orders}"),
            ("currency", "'EUR'"),
            ("amount", "1900"),
        ],
    ),
    Factory::row(
        "dispute",
        &["captured_payment"],
        &[
            ("id", "{dispute}"),
            ("payment_id", "{payment}"),
            ("currency", "'EUR'"),
            ("provider", "'fake'"),
            ("amount", "500"),
            ("reason", "'not received'"),
            ("provider_ref", "'dp_1'"),
            ("respond_by", "now() + interval '7 days'"),
        ],
    ),
    Factory::row(
        "internal_payment",
        &["whole_order", "gift_card_method"],
        &[
            ("id", "{internal_payment}"),
            ("order_id", "{orders}"),
            ("currency", "'EUR'"),
            ("provider", "'internal'"),
            ("method_type", "'gift_card'"),
            ("payment_method_id", "{gift_card_method}"),
            ("amount", "1000"),
        ],
    )
    .in_table("payment"),
    Factory::steps(
        "issued_credit",
        &["store_credit"],
        &["INSERT INTO store_credit_entry (id, store_credit_id, currency, kind, amount, actor)
           VALUES ({issue}, {store_credit}, 'EUR', 'issue', 1000, 'test')"],
    ),
    Factory::row(
        "store_credit_entry",
        &["issued_credit", "internal_payment"],
        &[
            ("id", "{store_credit_entry}"),
            ("store_credit_id", "{store_credit}"),
            ("currency", "'EUR'"),
            ("kind", "'hold'"),
            ("amount", "1000"),
            ("payment_id", "{internal_payment}"),
            ("actor", "'test'"),
        ],
    ),
];
