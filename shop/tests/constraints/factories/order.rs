//! Rows of `0007_order.sql` and `0008_fulfilment.sql`: one order of two mugs, 5 % off by voucher,
//! 5.00 shipping.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "orders",
        &["closed_cart", "shipping_method"],
        &[
            ("id", "{orders}"),
            ("cart_id", "{cart}"),
            ("customer_id", "{customer}"),
            ("email", "'ada@example.com'"),
            ("currency", "'EUR'"),
            ("tax_included", "true"),
            ("lines_subtotal", "2000"),
            ("lines_discount", "100"),
            ("lines_tax", "303"),
            ("shipping_method", "'post'"),
            ("shipping_amount", "500"),
            ("shipping_tax", "80"),
            ("grand_total", "2400"),
        ],
    )
    .with(&["whole_order"]),
    Factory::row(
        "order_line",
        &["orders"],
        &[
            ("id", "{order_line}"),
            ("order_id", "{orders}"),
            ("currency", "'EUR'"),
            ("tax_included", "true"),
            ("variant_id", "{variant}"),
            ("price_id", "{price}"),
            ("price_min_quantity", "2"),
            ("sku", "'MUG-1'"),
            ("title", "'Mug, blue'"),
            ("quantity", "2"),
            ("unit_price", "1000"),
            ("discount", "100"),
            ("tax_rate", "0.19"),
            ("tax", "303"),
        ],
    )
    .with(&["whole_order"]),
    Factory::row(
        "voucher_redemption",
        &["orders", "voucher"],
        &[
            ("order_id", "{orders}"),
            ("voucher_id", "{voucher}"),
            ("limited_per_customer", "true"),
            ("customer_id", "{customer}"),
        ],
    )
    .with(&["whole_order"]),
    Factory::row(
        "order_adjustment",
        &["order_line", "voucher_redemption"],
        &[
            ("id", "{order_adjustment}"),
            ("order_id", "{orders}"),
            ("currency", "'EUR'"),
            ("order_line_id", "{order_line}"),
            ("kind", "'voucher'"),
            ("amount", "-100"),
            ("promotion_id", "{promotion}"),
            ("voucher_id", "{voucher}"),
            ("label", "'WELCOME'"),
        ],
    ),
    Factory::steps("whole_order", &["order_adjustment"], &[]),
    Factory::row(
        "order_address",
        &["whole_order"],
        &[
            ("order_id", "{orders}"),
            ("kind", "'shipping'"),
            ("recipient", "'Ada'"),
            ("line1", "'Main Street 1'"),
            ("city", "'Berlin'"),
            ("country", "'DE'"),
        ],
    ),
    Factory::row(
        "order_cancellation",
        &["allocated"],
        &[
            ("id", "{order_cancellation}"),
            ("order_line_id", "{order_line}"),
            ("location_id", "{location}"),
            ("quantity", "1"),
            ("reason", "'changed their mind'"),
            ("actor", "'test'"),
        ],
    ),
    Factory::row(
        "fulfilment",
        &["whole_order", "other_order", "location"],
        &[("id", "{fulfilment}"), ("order_id", "{orders}"), ("location_id", "{location}")],
    ),
    Factory::row(
        "fulfilment_line",
        &["fulfilment", "allocated"],
        &[
            ("id", "{fulfilment_line}"),
            ("fulfilment_id", "{fulfilment}"),
            ("order_id", "{orders}"),
            ("location_id", "{location}"),
            ("order_line_id", "{order_line}"),
            ("variant_id", "{variant}"),
            ("quantity", "2"),
        ],
    ),
    Factory::row(
        "shipment",
        &["fulfilment_line"],
        &[
            ("location_id", "{location}"),
            ("variant_id", "{variant}"),
            ("kind", "'ship'"),
            ("quantity", "2"),
            ("fulfilment_line_id", "{fulfilment_line}"),
            ("actor", "'test'"),
        ],
    )
    .in_table("stock_movement"),
    Factory::row(
        "order_return",
        &["whole_order"],
        &[("id", "{order_return}"), ("order_id", "{orders}"), ("reason", "'too small'")],
    ),
    Factory::row(
        "order_return_line",
        &["order_return", "shipment"],
        &[
            ("id", "{order_return_line}"),
            ("return_id", "{order_return}"),
            ("order_id", "{orders}"),
            ("order_line_id", "{order_line}"),
            ("variant_id", "{variant}"),
            ("quantity", "2"),
            ("location_id", "{location}"),
            ("restocked", "1"),
        ],
    ),
    Factory::row(
        "restocking",
        &["order_return_line"],
        &[
            ("location_id", "{location}"),
            ("variant_id", "{variant}"),
            ("kind", "'return'"),
            ("quantity", "1"),
            ("return_line_id", "{order_return_line}"),
            ("actor", "'test'"),
        ],
    )
    .in_table("stock_movement"),
    // Another order of the same customer: one thing for 10.00, priced by hand, no cart.
    Factory::steps(
        "other_order",
        &["variant", "customer"],
        &[
            "INSERT INTO orders (id, customer_id, currency, tax_included, lines_subtotal,
                                 grand_total)
             VALUES ({other_order}, {customer}, 'EUR', true, 1000, 1000)",
            "INSERT INTO order_line (id, order_id, currency, tax_included, variant_id, sku, title,
                                     quantity, unit_price)
             VALUES ({other_order_line}, {other_order}, 'EUR', true, {variant}, 'MUG-1', 'Mug', 1,
                     1000)",
        ],
    ),
];
