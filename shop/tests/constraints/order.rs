//! Refusals of `0007_order.sql` and `0008_fulfilment.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    an_order_keeps_its_rules: "orders" => [
        row("orders_email_bounded", &[("email", "'x'")]),
        row("orders_reaches_its_customer", &[("email", "NULL"), ("customer_id", "NULL")]),
        row("orders_tax_rounding_known", &[("tax_rounding", "'never'")]),
        row("orders_rounding_mode_known", &[("rounding_mode", "'up'")]),
        row("orders_rounding_is_small", &[("rounding", "501"), ("grand_total", "2901")]),
        row("orders_of_a_customer", &[("customer_id", "{nobody}")]),
        row("orders_in_a_currency", &[("currency", "'XTS'"), ("cart_id", "NULL")]),
        row("orders_shipped_by_a_method", &[("shipping_method", "'pigeon'")]),
        row("orders_starts_unpaid", &[("payment_claimed", "1")]),
        then("orders_moved_only_by_its_rows", &["UPDATE orders SET payment_claimed = 1"]),
        then("orders_never_deleted", &["DELETE FROM orders"]),
        again("orders_terms_unique", &[("cart_id", "NULL")]),
        again("orders_currency_unique", &[("cart_id", "NULL"), ("tax_included", "false"),
                                          ("grand_total", "2783")]),
        again("orders_identity", &[("cart_id", "NULL"), ("currency", "'USD'")]),
        then(
            "orders_number_once",
            &["INSERT INTO orders (id, number, email, currency, tax_included, lines_subtotal,
                                   grand_total)
               SELECT {other_order}, number, email, currency, tax_included, 0, 0 FROM orders"],
        ),
    ];
    the_total_of_an_order_adds_up: "orders" => [
        row("orders_total_adds_up", &[("grand_total", "2401")]),
        row("orders_total_adds_up", &[("tax_included", "false")]),
        row(
            "orders_lines_discount_within_subtotal",
            &[("lines_discount", "2001"), ("grand_total", "499")],
        ),
        row(
            "orders_shipping_discount_within_amount",
            &[("shipping_discount", "501"), ("grand_total", "1899")],
        ),
    ];
    a_cart_becomes_one_order: "orders" => [
        again("orders_one_per_cart", &[("id", "{other_order}")]),
    ];
    an_order_comes_from_a_closed_cart_in_its_currency: "orders" => [
        row("orders_from_a_closed_cart", &[("currency", "'USD'")]),
        row("orders_from_a_closed_cart", &[("cart_id", "{nobody}")]),
        then(
            "orders_from_a_closed_cart",
            &["UPDATE cart SET state = 'active', state_seq = 2 WHERE id = {cart}"],
        ),
    ];
    the_currency_of_an_order_stays: "order_line" => [
        then("order_line_in_terms_of_its_order", &[
            "UPDATE orders SET cart_id = NULL",
            "UPDATE orders SET currency = 'USD'",
        ]),
    ];
    lines_and_header_agree_when_an_order_commits: "order_line" => [
        then("orders_equals_its_lines", &[
            "UPDATE orders SET lines_subtotal = 2001, grand_total = 2401",
        ]).at_commit(),
        then("orders_equals_its_lines", &[
            "UPDATE orders SET lines_tax = 302",
        ]).at_commit(),
        then("orders_equals_its_lines", &[
            "UPDATE orders SET rounding = 1, grand_total = 2401",
        ]).at_commit(),
        then("order_line_adds_up_to_its_order", &[
            "SET CONSTRAINTS ALL IMMEDIATE",
            "SET CONSTRAINTS ALL DEFERRED",
            "UPDATE order_line SET tax = 302",
        ]).at_commit(),
        then("order_line_adds_up_to_its_order", &[
            "SET CONSTRAINTS ALL IMMEDIATE",
            "SET CONSTRAINTS ALL DEFERRED",
            "INSERT INTO order_line (id, order_id, currency, tax_included, variant_id, sku, title,
                                     quantity, unit_price)
             VALUES ({other}, {orders}, 'EUR', true, {variant}, 'MUG-1', 'Mug', 1, 1)",
        ]).at_commit(),
        then("order_adjustment_adds_up_to_its_order", &[
            "SET CONSTRAINTS ALL IMMEDIATE",
            "SET CONSTRAINTS ALL DEFERRED",
            "DELETE FROM order_adjustment",
        ]).at_commit(),
    ];
    an_order_line_keeps_its_rules: "order_line" => [
        row("order_line_sku_bounded", &[("sku", "''")]),
        row("order_line_fulfilled_not_negative", &[("fulfilled", "-1")]),
        row("order_line_cancelled_not_negative", &[("cancelled", "-1")]),
        row("order_line_returned_not_negative", &[("returned", "-1")]),
        row("order_line_in_terms_of_its_order", &[("currency", "'USD'"), ("price_id", "NULL")]),
        row("order_line_of_a_variant", &[("variant_id", "{nobody}"), ("price_id", "NULL")]),
        again("order_line_order_unique", &[]),
        again("order_line_variant_unique", &[("order_id", "{nobody}")]),
        again("order_line_identity", &[("order_id", "{nobody}"), ("variant_id", "{nobody}")]),
    ];
    a_line_is_charged_at_a_price_of_the_list: "order_line" => [
        row("order_line_at_a_listed_price", &[("price_id", "{nobody}")]),
        row("order_line_at_a_listed_price", &[("unit_price", "1001")]),
        row("order_line_reaches_the_price", &[("quantity", "1"), ("tax", "144")]),
    ];
    a_discount_never_exceeds_its_line: "order_line" => [
        row("order_line_discount_within_subtotal", &[("discount", "2001"), ("tax", "0")]),
    ];
    the_tax_of_a_line_follows_its_rate: "order_line" => [
        row("order_line_tax_follows_its_rate", &[("tax", "306")]),
        row("order_line_tax_follows_its_rate", &[("tax_rate", "0.07")]),
    ];
    what_happens_to_a_line_is_moved_only_by_its_rows: "order_line" => [
        row("order_line_starts_unserved", &[("fulfilled", "1")]),
        then("order_line_moved_only_by_its_rows", &["UPDATE order_line SET fulfilled = 1"]),
    ];
    an_order_has_one_address_of_a_kind: "order_address" => [
        row("order_address_kind_known", &[("kind", "'holiday'")]),
        row("order_address_of_an_order", &[("order_id", "{nobody}")]),
        again("order_address_identity", &[]),
    ];
    a_redemption_keeps_its_rules: "voucher_redemption" => [
        row("voucher_redemption_state_known", &[("state", "'lost'")]),
        row("voucher_redemption_given_back_at_a_time", &[("given_back_at", "now()")]),
        row(
            "voucher_redemption_starts_redeemed",
            &[("state", "'given_back'"), ("given_back_at", "now()")],
        ),
        row("voucher_redemption_by_an_order", &[("order_id", "{nobody}")]),
        row("voucher_redemption_names_the_customer", &[("customer_id", "NULL")]),
        row("voucher_redemption_by_a_customer", &[("customer_id", "{nobody}")]),
        row("voucher_redemption_in_terms_of_its_voucher", &[("limited_per_customer", "false")]),
        again("voucher_redemption_identity", &[]),
    ];
    a_redemption_is_given_back_once: "voucher_redemption" => [
        then("voucher_redemption_given_back_once", &[
            "UPDATE voucher_redemption SET state = 'given_back', given_back_at = now()",
            "UPDATE voucher_redemption SET state = 'redeemed', given_back_at = NULL",
        ]),
        then("voucher_redemption_keeps_its_terms", &[
            "INSERT INTO customer (id, email) VALUES ({other_customer}, 'grace@example.com')",
            "UPDATE voucher_redemption SET customer_id = {other_customer}",
        ]),
        then("voucher_redemption_never_deleted", &["DELETE FROM voucher_redemption"]),
    ];
    a_voucher_for_two_is_not_redeemed_by_a_third: "voucher" => [
        then("voucher_used_within_its_limit", &[
            "UPDATE voucher SET per_customer_limit = NULL",
            "INSERT INTO orders (id, email, currency, tax_included, lines_subtotal, grand_total)
             SELECT gen_random_uuid(), 'x@example.com', 'EUR', true, 0, 0
               FROM generate_series(1, 3)",
            "INSERT INTO voucher_redemption (order_id, voucher_id, limited_per_customer)
             SELECT id, {voucher}, false FROM orders",
        ]),
    ];
    a_voucher_once_per_customer_is_not_redeemed_twice: "voucher" => [
        then("voucher_customer_used_within_its_limit", &[
            "INSERT INTO customer (id, email) VALUES ({customer}, 'ada@example.com')",
            "INSERT INTO orders (id, email, currency, tax_included, lines_subtotal, grand_total)
             SELECT gen_random_uuid(), 'x@example.com', 'EUR', true, 0, 0
               FROM generate_series(1, 2)",
            "INSERT INTO voucher_redemption
                    (order_id, voucher_id, limited_per_customer, customer_id)
             SELECT id, {voucher}, true, {customer} FROM orders",
        ]),
    ];
    an_adjustment_keeps_its_rules: "order_adjustment" => [
        row("order_adjustment_changes_something", &[("amount", "0")]),
        row(
            "order_adjustment_kind_known",
            &[("kind", "'gift'"), ("promotion_id", "NULL"), ("voucher_id", "NULL")],
        ),
        row("order_adjustment_lowers_the_price", &[("amount", "100")]),
        row("order_adjustment_names_its_promotion", &[("promotion_id", "NULL")]),
        row("order_adjustment_names_its_voucher", &[("voucher_id", "NULL")]),
        row(
            "order_adjustment_rounds_the_whole_order",
            &[("kind", "'rounding'"), ("promotion_id", "NULL"), ("voucher_id", "NULL")],
        ),
        row("signed_amount_in_range", &[("amount", "-1000000000000000")]),
        row("order_adjustment_by_a_promotion", &[("promotion_id", "{nobody}")]),
        row("order_adjustment_by_a_redeemed_voucher", &[("voucher_id", "{nobody}")]),
        row("order_adjustment_in_the_currency_of_its_order", &[("currency", "'USD'")]),
        row("order_adjustment_of_a_line_of_its_order", &[("order_line_id", "{nobody}")]),
        again("order_adjustment_identity", &[]),
    ];
    a_cancellation_keeps_its_rules: "order_cancellation" => [
        row(
            "order_cancellation_of_a_line",
            &[("order_line_id", "{nobody}"), ("location_id", "NULL")],
        ),
        row("order_cancellation_withdraws_a_reservation", &[("location_id", "{nobody}")]),
        again("order_cancellation_identity", &[]),
        then("order_cancellation_append_only", &["UPDATE order_cancellation SET quantity = 2"]),
        then("order_cancellation_append_only", &["DELETE FROM order_cancellation"]),
    ];
    a_line_is_never_served_beyond_its_quantity: "order_cancellation" => [
        row("order_line_serves_at_most_its_quantity", &[("quantity", "3")]),
    ];
    a_fulfilment_keeps_its_rules: "fulfilment" => [
        row("fulfilment_of_an_order", &[("order_id", "{nobody}")]),
        row("fulfilment_from_a_location", &[("location_id", "{nobody}")]),
        again("fulfilment_terms_unique", &[]),
        again("fulfilment_identity", &[("location_id", "{nobody}")]),
    ];
    a_parcel_holds_what_was_ordered_and_reserved: "fulfilment_line" => [
        row("fulfilment_line_in_terms_of_its_fulfilment", &[("fulfilment_id", "{nobody}")]),
        row(
            "fulfilment_line_of_a_line_of_its_order",
            &[("order_line_id", "{other_order_line}"), ("from_stock", "false")],
        ),
        row("fulfilment_line_of_the_variant_ordered", &[("variant_id", "{nobody}")]),
        row("order_line_serves_at_most_its_quantity", &[("quantity", "3")]),
        again("fulfilment_line_goods_unique", &[]),
        again("fulfilment_line_once", &[("id", "{other}")]),
        again("fulfilment_line_identity", &[("fulfilment_id", "{nobody}"), ("quantity", "1")]),
        then("fulfilment_line_append_only", &["UPDATE fulfilment_line SET quantity = 1"]),
        then("fulfilment_line_append_only", &["DELETE FROM fulfilment_line"]),
    ];
    goods_that_were_not_reserved_are_not_packed: "fulfilment" => [
        then("fulfilment_line_from_a_reservation", &[
            "INSERT INTO fulfilment_line (id, fulfilment_id, order_id, location_id, order_line_id,
                                          variant_id, quantity)
             VALUES ({fulfilment_line}, {fulfilment}, {orders}, {location}, {order_line},
                     {variant}, 1)",
        ]),
    ];
    what_is_shipped_is_what_the_parcel_holds: "shipment" => [
        row("stock_movement_ships_its_fulfilment_line", &[("quantity", "1")]),
        row("stock_movement_ships_its_fulfilment_line", &[("fulfilment_line_id", "{nobody}")]),
        again("stock_movement_once_per_fulfilment_line", &[]),
    ];
    a_reservation_ships_at_most_what_it_holds: "fulfilment_line" => [
        then("reservation_ships_at_most_what_it_holds", &[
            "INSERT INTO fulfilment_history (fulfilment_id, seq, from_state, to_state, actor)
             VALUES ({fulfilment}, 1, 'pending', 'cancelled', 'test')",
            "UPDATE fulfilment SET state = 'cancelled', state_seq = 1",
            "INSERT INTO order_cancellation (id, order_line_id, location_id, quantity, reason,
                                             actor)
             VALUES ({order_cancellation}, {order_line}, {location}, 1, 'no', 'test')",
            "INSERT INTO stock_movement (location_id, variant_id, kind, quantity,
                                         fulfilment_line_id, actor)
             VALUES ({location}, {variant}, 'ship', 2, {fulfilment_line}, 'test')",
        ]),
        then("reservation_moved_only_by_its_rows", &["UPDATE reservation SET shipped = 1"]),
        then("reservation_fulfilled_holds_nothing", &[
            "UPDATE reservation SET state = 'fulfilled', state_seq = 2, closed_at = now()",
        ]),
        then("reservation_starts_unshipped", &[
            "INSERT INTO location (id, code, name, country)
             VALUES ({other_location}, 'north', 'North', 'DE')",
            "INSERT INTO stock_level (location_id, variant_id)
             VALUES ({other_location}, {variant})",
            "INSERT INTO reservation (id, variant_id, location_id, order_line_id, quantity,
                                      shipped, state, state_seq, expires_at)
             SELECT {other}, variant_id, {other_location}, order_line_id, 1, 1, 'committed', 1,
                    expires_at
               FROM reservation",
        ]),
    ];
    a_line_is_reserved_at_a_location_once: "fulfilment_line" => [
        then("reservation_line_unique", &[
            "INSERT INTO reservation (id, variant_id, location_id, order_line_id, quantity,
                                      expires_at)
             SELECT {other}, variant_id, location_id, order_line_id, 1, expires_at
               FROM reservation",
        ]),
    ];
    a_return_keeps_its_rules: "order_return" => [
        row("order_return_of_an_order", &[("order_id", "{nobody}")]),
        again("order_return_order_unique", &[]),
        again("order_return_identity", &[("order_id", "{nobody}")]),
    ];
    what_comes_back_is_what_was_sent: "order_return_line" => [
        row("order_line_returns_at_most_what_was_fulfilled", &[("quantity", "3")]),
        row("order_return_line_restocks_at_most_what_came", &[("restocked", "3")]),
        row("order_return_line_restocks_somewhere", &[("location_id", "NULL")]),
        row("order_return_line_to_a_location", &[("location_id", "{nobody}")]),
        row("order_return_line_of_a_return_of_its_order", &[("return_id", "{nobody}")]),
        row("order_return_line_of_a_line_of_its_order", &[("order_line_id", "{other_order_line}")]),
        row("order_return_line_of_the_variant_ordered", &[("variant_id", "{nobody}")]),
        again("order_return_line_goods_unique", &[]),
        again("order_return_line_once", &[("id", "{other}")]),
        again(
            "order_return_line_identity",
            &[("return_id", "{nobody}"), ("restocked", "NULL")],
        ),
        then("order_return_line_keeps_its_units", &["UPDATE order_return_line SET quantity = 1"]),
        then("order_return_line_never_deleted", &["DELETE FROM order_return_line"]),
    ];
    what_is_restocked_is_what_the_return_says: "restocking" => [
        row("stock_movement_restocks_its_return_line", &[("quantity", "2")]),
        row("stock_movement_restocks_its_return_line", &[("return_line_id", "{nobody}")]),
        again("stock_movement_once_per_return_line", &[]),
    ];
}
