//! Refusals of `0006_pricing.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    a_promotion_says_what_its_kind_needs: "promotion" => [
        row("promotion_kind_known", &[("kind", "'lottery'"), ("percentage", "NULL")]),
        row("promotion_percentage_of_its_kind", &[("percentage", "NULL")]),
        row("promotion_quantities_of_its_kind", &[("buy_quantity", "2")]),
        row("promotion_valid_at_some_time", &[("valid", "'empty'")]),
        row("promotion_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        row("basis_points_in_range", &[("percentage", "10001")]),
        again("promotion_identity", &[]),
    ];
    a_promotion_has_one_amount_per_currency: "promotion_amount" => [
        row("promotion_amount_of_a_promotion", &[("promotion_id", "{nobody}")]),
        row("promotion_amount_in_a_currency", &[("currency", "'XTS'")]),
        row("minor_amount_in_range", &[("amount", "-1")]),
        again("promotion_amount_identity", &[]),
    ];
    a_promotion_names_products_in_a_role: "promotion_product" => [
        row("promotion_product_role_known", &[("role", "'sell'")]),
        row("promotion_product_of_a_promotion", &[("promotion_id", "{nobody}")]),
        row("promotion_product_names_a_product", &[("product_id", "{nobody}")]),
        again("promotion_product_identity", &[]),
    ];
    a_voucher_keeps_its_rules: "voucher" => [
        row("voucher_code_well_formed", &[("code", "'50 % off'")]),
        row("voucher_usage_limit_positive", &[("usage_limit", "0")]),
        row("voucher_per_customer_limit_positive", &[("per_customer_limit", "0")]),
        row("voucher_used_not_negative", &[("used", "-1")]),
        row("voucher_valid_at_some_time", &[("valid", "'empty'")]),
        row("voucher_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        row("voucher_for_a_promotion", &[("promotion_id", "{nobody}")]),
        again("voucher_limit_unique", &[]),
        again("voucher_terms_unique", &[("per_customer_limit", "2")]),
        again("voucher_identity", &[("per_customer_limit", "NULL")]),
        again("voucher_code_once", &[("id", "{other_voucher}"), ("code", "'welcome'")]),
    ];
    uses_of_a_voucher_are_counted_only_by_redemptions: "voucher" => [
        row("voucher_starts_unused", &[("used", "1")]),
        then("voucher_moved_only_by_its_rows", &["UPDATE voucher SET used = 1"]),
    ];
    a_voucher_is_never_used_beyond_its_limit: "voucher" => [
        row("voucher_used_within_its_limit", &[("used", "3")]),
    ];
    a_customer_uses_a_voucher_within_their_limit: "voucher_customer" => [
        row("voucher_customer_used_not_negative", &[("used", "-1")]),
        row("voucher_customer_used_within_its_limit", &[("used", "2")]),
        row("voucher_customer_limit_of_its_voucher", &[("per_customer_limit", "9")]),
        row("voucher_customer_of_a_customer", &[("customer_id", "{nobody}")]),
        row("voucher_customer_starts_unused", &[("used", "1")]),
        then("voucher_customer_moved_only_by_its_rows", &["UPDATE voucher_customer SET used = 1"]),
        again("voucher_customer_identity", &[]),
    ];
    a_cart_names_a_voucher_once: "cart_voucher" => [
        row("cart_voucher_of_a_cart", &[("cart_id", "{nobody}")]),
        row("cart_voucher_names_a_voucher", &[("voucher_id", "{nobody}")]),
        again("cart_voucher_identity", &[]),
    ];
    a_shipping_method_is_taxed: "shipping_method" => [
        row("shipping_method_taxed_by_a_class", &[("tax_class", "'nothing'")]),
        again("shipping_method_identity", &[]),
    ];
    shipping_rates_never_overlap: "shipping_rate" => [
        again(
            "shipping_rate_never_overlaps",
            &[("id", "{other_rate}"), ("subtotal", "'[4999,)'")],
        ),
        row("shipping_rate_for_some_subtotal", &[("subtotal", "'empty'")]),
        row("shipping_rate_valid_at_some_time", &[("valid", "'empty'")]),
        row("shipping_rate_for_a_method", &[("method", "'pigeon'")]),
        row("shipping_rate_in_a_currency", &[("currency", "'XTS'")]),
        again("shipping_rate_identity", &[("country", "'FR'")]),
    ];
}
