//! Rows of `0005_inventory.sql`, and stock in the situations that orders need.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "location",
        &[],
        &[
            ("id", "{location}"),
            ("code", "'main'"),
            ("name", "'Main warehouse'"),
            ("country", "'DE'"),
        ],
    ),
    Factory::row(
        "other_location",
        &[],
        &[
            ("id", "{other_location}"),
            ("code", "'north'"),
            ("name", "'North warehouse'"),
            ("country", "'DE'"),
        ],
    )
    .in_table("location"),
    Factory::row(
        "stock_level",
        &["location", "variant"],
        &[("location_id", "{location}"), ("variant_id", "{variant}"), ("backorder_limit", "0")],
    ),
    Factory::row(
        "other_stock_level",
        &["other_location", "variant"],
        &[("location_id", "{other_location}"), ("variant_id", "{variant}")],
    )
    .in_table("stock_level"),
    Factory::row(
        "stock_movement",
        &["stock_level"],
        &[
            ("location_id", "{location}"),
            ("variant_id", "{variant}"),
            ("kind", "'receive'"),
            ("quantity", "10"),
            ("reason", "'delivery note 7'"),
            ("operation_id", "{delivery}"),
            ("actor", "'test'"),
        ],
    ),
    Factory::row(
        "reservation",
        &["stock_movement", "cart_line"],
        &[
            ("id", "{reservation}"),
            ("cart_id", "{cart}"),
            ("variant_id", "{variant}"),
            ("location_id", "{location}"),
            ("quantity", "2"),
            ("expires_at", "now() + interval '10 minutes'"),
        ],
    ),
    Factory::row(
        "stock_transfer",
        &["location", "other_location"],
        &[
            ("id", "{stock_transfer}"),
            ("from_location_id", "{location}"),
            ("to_location_id", "{other_location}"),
        ],
    ),
    Factory::row(
        "stock_transfer_line",
        &["stock_transfer", "variant"],
        &[
            ("id", "{stock_transfer_line}"),
            ("transfer_id", "{stock_transfer}"),
            ("from_location_id", "{location}"),
            ("to_location_id", "{other_location}"),
            ("variant_id", "{variant}"),
            ("quantity", "5"),
            ("received", "4"),
        ],
    ),
    Factory::row(
        "transfer_out",
        &["stock_movement", "stock_transfer_line"],
        &[
            ("location_id", "{location}"),
            ("variant_id", "{variant}"),
            ("kind", "'transfer_out'"),
            ("quantity", "5"),
            ("sent_line_id", "{stock_transfer_line}"),
            ("actor", "'test'"),
        ],
    )
    .in_table("stock_movement"),
    Factory::row(
        "transfer_in",
        &["transfer_out", "other_stock_level"],
        &[
            ("location_id", "{other_location}"),
            ("variant_id", "{variant}"),
            ("kind", "'transfer_in'"),
            ("quantity", "4"),
            ("received_line_id", "{stock_transfer_line}"),
            ("actor", "'test'"),
        ],
    )
    .in_table("stock_movement"),
    Factory::steps(
        "allocated",
        &["reservation", "whole_order"],
        &[
            "INSERT INTO reservation_history (reservation_id, seq, from_state, to_state, actor)
             VALUES ({reservation}, 1, 'active', 'committed', 'test')",
            "UPDATE reservation
                SET state = 'committed', state_seq = 1, order_line_id = {order_line}
              WHERE id = {reservation}",
        ],
    ),
];
