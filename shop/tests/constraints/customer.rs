//! Refusals of `0003_customer.sql`.

use crate::cases::{again, row, rules};

rules! {
    a_customer_keeps_their_rules: "customer" => [
        row(
            "customer_email_bounded",
            &[("email", "repeat('x', 250) || '@example.com'")],
        ),
        row("customer_email_lower_case", &[("email", "'Ada@example.com'")]),
        row("customer_email_well_formed", &[("email", "'ada.example.com'")]),
        row("customer_phone_of_e164", &[("phone", "'030 123456'")]),
        row("customer_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        again("customer_live_unique", &[("email", "'other@example.com'")]),
        again("customer_identity", &[("deleted_at", "now()")]),
    ];
    an_email_names_one_live_customer: "customer" => [
        again("customer_email_once", &[("id", "{other_customer}")]),
    ];
    an_address_keeps_its_rules: "address" => [
        row("address_kind_known", &[("kind", "'holiday'")]),
        row("address_of_a_customer", &[("customer_id", "{nobody}")]),
        again("address_identity", &[("is_default", "false")]),
    ];
    a_customer_has_one_default_address_of_a_kind: "address" => [
        again("address_one_default", &[("id", "{other_address}")]),
    ];
}
