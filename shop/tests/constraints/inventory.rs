//! Refusals of `0005_inventory.sql`.

use crate::cases::{again, row, rules, then};

rules! {
    a_location_keeps_its_rules: "location" => [
        row("location_deleted_after_creation", &[("deleted_at", "now() - interval '1 day'")]),
        again("location_live_unique", &[("code", "'second'")]),
        again("location_identity", &[("deleted_at", "now()")]),
        again("location_code_once", &[("id", "{other_location}")]),
    ];
    a_stock_level_keeps_its_rules: "stock_level" => [
        row("stock_level_on_hand_not_negative", &[("on_hand", "-1"), ("backorder_limit", "1")]),
        row("stock_level_reserved_not_negative", &[("reserved", "-1")]),
        row("stock_level_allocated_not_negative", &[("allocated", "-1")]),
        row("stock_level_backorder_limit_in_range", &[("backorder_limit", "1000001")]),
        row("stock_level_at_a_location", &[("location_id", "{nobody}")]),
        row("stock_level_of_a_variant", &[("variant_id", "{nobody}")]),
        again("stock_level_identity", &[]),
    ];
    quantities_of_a_level_are_moved_only_by_its_rows: "stock_level" => [
        row("stock_level_starts_empty", &[("on_hand", "1")]),
        then(
            "stock_level_moved_only_by_its_rows",
            &["UPDATE stock_level SET on_hand = 1 WHERE variant_id = {variant}"],
        ),
    ];
    stock_is_never_oversold: "reservation" => [
        row("stock_level_never_oversold", &[("quantity", "11")]),
        then(
            "stock_level_never_oversold",
            &[
                "UPDATE stock_level SET backorder_limit = 2 WHERE variant_id = {variant}",
                "INSERT INTO cart (id, currency, tax_included, expires_at)
                 VALUES ({guest_cart}, 'EUR', true, now() + interval '1 day')",
                "INSERT INTO cart_line (cart_id, variant_id, currency, tax_included, price_id,
                                        unit_price, price_min_quantity, quantity)
                 VALUES ({guest_cart}, {variant}, 'EUR', true, {price}, 1000, 2, 11)",
                "INSERT INTO reservation (id, cart_id, variant_id, location_id, quantity,
                                          expires_at)
                 VALUES ({other}, {guest_cart}, {variant}, {location}, 11,
                         now() + interval '1 minute')",
            ],
        ),
    ];
    a_location_in_use_is_not_deleted: "stock_movement" => [
        then(
            "stock_level_in_use_at_a_live_location",
            &["UPDATE location SET deleted_at = now() WHERE id = {location}"],
        ),
    ];
    a_movement_keeps_its_rules: "stock_movement" => [
        row("stock_movement_kind_known", &[("kind", "'steal'")]),
        row("stock_movement_quantity_in_range", &[("quantity", "0")]),
        row("stock_movement_quantity_in_range", &[("quantity", "-5")]),
        row("stock_movement_at_a_level", &[("variant_id", "{nobody}")]),
        then(
            "stock_movement_identity",
            &[
                "INSERT INTO stock_movement (id, location_id, variant_id, kind, quantity,
                                             operation_id, actor) OVERRIDING SYSTEM VALUE
                 SELECT id, location_id, variant_id, kind, 1, {other}, actor FROM stock_movement",
            ],
        ),
    ];
    an_adjustment_of_the_stock_is_explained: "stock_movement" => [
        row("stock_movement_explained", &[("kind", "'adjust_up'"), ("reason", "NULL")]),
        row("stock_movement_explained", &[("kind", "'write_off'"), ("reason", "NULL")]),
    ];
    more_than_there_is_never_leaves: "stock_movement" => [
        then(
            "stock_level_never_oversold",
            &[
                "INSERT INTO stock_movement (location_id, variant_id, kind, quantity, reason,
                                             operation_id, actor)
                 VALUES ({location}, {variant}, 'write_off', 11, 'fire', {other}, 'test')",
            ],
        ),
    ];
    a_movement_has_one_cause: "stock_movement" => [
        row("stock_movement_has_one_cause", &[("operation_id", "NULL")]),
        row("stock_movement_has_one_cause", &[("kind", "'ship'")]),
        row("stock_movement_has_one_cause", &[("sent_line_id", "{nobody}")]),
    ];
    an_operation_moves_a_level_once: "stock_movement" => [
        again("stock_movement_once_per_operation", &[("quantity", "1")]),
    ];
    a_movement_is_for_good: "stock_movement" => [
        then("stock_movement_append_only", &["UPDATE stock_movement SET reason = 'better'"]),
        then("stock_movement_append_only", &["DELETE FROM stock_movement"]),
    ];
    what_leaves_for_a_transfer_is_what_its_line_says: "transfer_out" => [
        row("stock_movement_sends_its_transfer_line", &[("quantity", "4")]),
        row("stock_movement_sends_its_transfer_line", &[("sent_line_id", "{nobody}")]),
        again("stock_movement_once_per_sent_line", &[]),
    ];
    what_arrives_from_a_transfer_is_what_its_line_says: "transfer_in" => [
        row("stock_movement_receives_its_transfer_line", &[("quantity", "5")]),
        row("stock_movement_receives_its_transfer_line", &[("location_id", "{location}")]),
        again("stock_movement_once_per_received_line", &[]),
    ];
    a_reservation_keeps_its_rules: "reservation" => [
        row("reservation_expires_after_creation", &[("expires_at", "now()")]),
        row("reservation_active_has_an_owner", &[("cart_id", "NULL")]),
        row("reservation_closed_when_not_held", &[("closed_at", "now()")]),
        row("reservation_shipped_not_negative", &[("shipped", "-1"), ("withdrawn", "1")]),
        row("reservation_withdrawn_not_negative", &[("shipped", "1"), ("withdrawn", "-1")]),
        row("reservation_ships_only_when_committed", &[("shipped", "1")]),
        row("reservation_at_a_level", &[("location_id", "{nobody}")]),
        row("reservation_for_a_cart_line", &[("cart_id", "{nobody}")]),
        row("reservation_for_an_order_line", &[("order_line_id", "{nobody}")]),
        again("reservation_identity", &[]),
    ];
    a_committed_reservation_has_an_order: "reservation" => [
        row("reservation_committed_has_an_order", &[("state", "'committed'"), ("state_seq", "1")]),
    ];
    a_line_holds_stock_of_a_location_once: "reservation" => [
        again("reservation_one_active_per_line", &[("id", "{other}")]),
    ];
    a_reservation_with_stock_is_not_deleted: "reservation" => [
        then("reservation_deleted_only_when_closed", &["DELETE FROM reservation"]),
    ];
    a_cart_line_with_stock_is_not_removed: "reservation" => [
        then("reservation_active_has_an_owner", &["DELETE FROM cart_line"]),
    ];
    a_reservation_keeps_its_claim: "reservation" => [
        then("reservation_keeps_its_claim", &["UPDATE reservation SET quantity = 1"]),
    ];
    a_transfer_keeps_its_rules: "stock_transfer" => [
        row("stock_transfer_goes_elsewhere", &[("to_location_id", "{location}")]),
        row("stock_transfer_from_a_location", &[("from_location_id", "{nobody}")]),
        row("stock_transfer_to_a_location", &[("to_location_id", "{nobody}")]),
        again("stock_transfer_route_unique", &[]),
        again(
            "stock_transfer_identity",
            &[("from_location_id", "{other_location}"), ("to_location_id", "{location}")],
        ),
    ];
    a_transfer_line_keeps_its_rules: "stock_transfer_line" => [
        row("stock_transfer_line_receives_at_most_what_was_sent", &[("received", "6")]),
        row("stock_transfer_line_of_a_variant", &[("variant_id", "{nobody}")]),
        row(
            "stock_transfer_line_on_the_route_of_its_transfer",
            &[("to_location_id", "{location}")],
        ),
        again("stock_transfer_line_sent_unique", &[("received", "NULL")]),
        again("stock_transfer_line_received_unique", &[("quantity", "6")]),
        again(
            "stock_transfer_line_variant_once",
            &[("id", "{other}"), ("quantity", "6"), ("received", "NULL")],
        ),
        again(
            "stock_transfer_line_identity",
            &[("transfer_id", "{nobody}"), ("quantity", "6"), ("received", "NULL")],
        ),
    ];
}
