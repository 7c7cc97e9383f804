//! Refusals of `0002_catalog.sql`: tax, products, variants, prices.

use crate::cases::{again, row, rules, then};

rules! {
    a_tax_class_is_defined_once: "tax_class" => [
        again("tax_class_identity", &[]),
    ];
    tax_rules_of_a_place_never_overlap: "tax_rule" => [
        again(
            "tax_rule_never_overlaps",
            &[("id", "{other}"), ("valid", "'[2026-12-31,)'")],
        ),
        row("tax_rule_valid_at_some_time", &[("valid", "'empty'")]),
        row("tax_rule_for_a_class", &[("tax_class", "'nothing'")]),
        row("tax_rate_in_range", &[("rate", "-0.01")]),
        row("country_code_two_capitals", &[("country", "'DEU'")]),
        again("tax_rule_identity", &[("country", "'FR'")]),
    ];
    a_product_keeps_its_rules: "product" => [
        row("product_status_known", &[("status", "'sold'")]),
        row("product_description_bounded", &[("description", "repeat('x', 20001)")]),
        row("product_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        row("product_taxed_by_a_class", &[("tax_class", "'nothing'")]),
        again("product_live_unique", &[]),
        again("product_identity", &[("deleted_at", "now()")]),
    ];
    a_variant_keeps_its_rules: "variant" => [
        row("variant_sku_well_formed", &[("sku", "'MUG 1'")]),
        row("variant_weight_not_negative", &[("weight_g", "-1")]),
        row("variant_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        row("variant_of_a_product", &[("product_id", "{nobody}"), ("deleted_at", "now()")]),
        again("variant_live_unique", &[("sku", "'MUG-9'")]),
        again("variant_identity", &[("deleted_at", "now()")]),
    ];
    a_sku_names_one_live_variant: "variant" => [
        again("variant_sku_once", &[("id", "{other_variant}"), ("sku", "'mug-1'")]),
    ];
    a_live_variant_belongs_to_a_live_product: "variant" => [
        then(
            "variant_of_a_live_product",
            &["UPDATE product SET deleted_at = now() WHERE id = {product}"],
        ),
    ];
    a_price_list_is_defined_once: "price_list" => [
        again("price_list_identity", &[]),
    ];
    prices_of_a_variant_never_overlap: "price" => [
        again("price_never_overlaps", &[("id", "{other_price}"), ("valid", "'[2027-01-01,)'")]),
    ];
    a_price_keeps_its_rules: "price" => [
        row("price_valid_at_some_time", &[("valid", "'empty'")]),
        row("price_of_a_variant", &[("variant_id", "{nobody}")]),
        row("price_in_a_currency", &[("currency", "'XTS'")]),
        row("price_on_a_list", &[("price_list", "'nowhere'")]),
        row("unit_amount_in_range", &[("amount", "-1")]),
        again("price_terms_unique", &[("valid", "'[2020-01-01, 2021-01-01)'")]),
        again("price_identity", &[("amount", "900"), ("valid", "'[2020-01-01, 2021-01-01)'")]),
    ];
}
