//! Refusals of `0004_cart.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    a_cart_keeps_its_rules: "cart" => [
        row("cart_expires_after_creation", &[("expires_at", "now()")]),
        row("cart_prices_expire_after_pricing", &[("prices_expire_at", "now()")]),
        row("cart_prices_expire_once_priced", &[("prices_expire_at", "NULL")]),
        row("cart_of_a_customer", &[("customer_id", "{nobody}")]),
        row("cart_in_a_currency", &[("currency", "'XTS'")]),
        row("cart_priced_by_a_list", &[("price_list", "'nowhere'")]),
        again("cart_terms_unique", &[]),
        again("cart_identity", &[("currency", "'USD'")]),
    ];
    a_customer_has_one_active_cart: "cart" => [
        again("cart_one_active_per_customer", &[("id", "{other_cart}")]),
    ];
    a_cart_is_merged_into_another: "merged_cart" => [];
    a_merged_cart_names_the_other: "guest_cart" => [
        then(
            "cart_merged_names_the_other",
            &["UPDATE cart SET state = 'merged', state_seq = 1 WHERE id = {guest_cart}"],
        ),
        then(
            "cart_never_merged_into_itself",
            &["UPDATE cart SET state = 'merged', state_seq = 1, merged_into = id
                WHERE id = {guest_cart}"],
        ),
        then(
            "cart_merged_into_a_cart",
            &["UPDATE cart SET state = 'merged', state_seq = 1, merged_into = {nobody}
                WHERE id = {guest_cart}"],
        ),
    ];
    a_line_is_in_the_currency_of_its_cart: "cart_line" => [
        row("cart_line_in_terms_of_its_cart", &[("currency", "'USD'")]),
        row("cart_line_in_terms_of_its_cart", &[("tax_included", "false")]),
    ];
    a_line_has_a_price_of_the_list: "cart_line" => [
        row("cart_line_at_a_listed_price", &[("unit_price", "999")]),
        row("cart_line_at_a_listed_price", &[("price_id", "{nobody}")]),
        then(
            "cart_line_at_a_listed_price",
            &[
                "INSERT INTO variant (id, product_id, sku, title)
                 VALUES ({other_variant}, {product}, 'MUG-2', 'Mug, red')",
                "INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id,
                                        unit_price, price_min_quantity, quantity)
                 VALUES ({cart}, {other_variant}, 'EUR', true, {price}, 1000, 2, 2)",
            ],
        ),
        then(
            "cart_line_at_a_listed_price",
            &[
                "INSERT INTO cart (id, currency, tax_included, expires_at)
                 VALUES ({guest_cart}, 'USD', true, now() + interval '1 day')",
                "INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id,
                                        unit_price, price_min_quantity, quantity)
                 VALUES ({guest_cart}, {variant}, 'USD', true, {price}, 1000, 2, 2)",
            ],
        ),
        row("cart_line_at_a_listed_price", &[("price_min_quantity", "1")]),
        row("cart_line_reaches_the_price", &[("quantity", "1")]),
        row("line_quantity_in_range", &[("quantity", "0")]),
        row("line_quantity_in_range", &[("quantity", "100001")]),
    ];
    a_cart_in_use_keeps_its_currency: "cart_line" => [
        then(
            "cart_line_at_a_listed_price",
            &["UPDATE cart SET currency = 'USD' WHERE id = {cart}"],
        ),
    ];
    a_variant_is_in_a_cart_once: "cart_line" => [
        again("cart_line_identity", &[("quantity", "3")]),
    ];
    a_cart_in_checkout_keeps_its_lines_and_gets_no_more: "cart_line" => [
        then(
            "cart_line_frozen_once_closed",
            &[
                "UPDATE cart SET state = 'checkout', state_seq = 1 WHERE id = {cart}",
                "UPDATE cart_line SET quantity = 3 WHERE cart_id = {cart}",
            ],
        ),
        then(
            "cart_line_in_terms_of_its_cart",
            &[
                "DELETE FROM cart_line WHERE cart_id = {cart}",
                "UPDATE cart SET state = 'checkout', state_seq = 1 WHERE id = {cart}",
                "INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id,
                                        unit_price, price_min_quantity, quantity)
                 VALUES ({cart}, {variant}, 'EUR', true, {price}, 1000, 2, 2)",
            ],
        ),
        then(
            "cart_line_added_to_an_open_cart",
            &[
                "DELETE FROM cart_line WHERE cart_id = {cart}",
                "UPDATE cart SET state = 'checkout', state_seq = 1 WHERE id = {cart}",
                "INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, cart_open,
                                        price_id, unit_price, price_min_quantity, quantity)
                 VALUES ({cart}, {variant}, 'EUR', true, false, {price}, 1000, 2, 2)",
            ],
        ),
    ];
    a_session_keeps_its_rules: "cart_session" => [
        row("cart_session_expires_after_creation", &[("expires_at", "now()")]),
        row("cart_session_revoked_after_creation", &[("revoked_at", "now() - interval '1 day'")]),
        row("cart_session_of_a_cart", &[("cart_id", "{nobody}")]),
        row("sha256_digest_of_32_bytes", &[("token_hash", "'token'")]),
        again("cart_session_token_once", &[("id", "{other_session}")]),
        again("cart_session_identity", &[("token_hash", "sha256('other')")]),
    ];
}
