//! Rows of `0006_pricing.sql`.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "promotion",
        &[],
        &[
            ("id", "{promotion}"),
            ("name", "'Five percent off'"),
            ("kind", "'percentage'"),
            ("percentage", "500"),
            ("valid", "'[2026-01-01,)'"),
        ],
    ),
    Factory::row(
        "three_for_two",
        &[],
        &[
            ("id", "{three_for_two}"),
            ("name", "'Three for two'"),
            ("kind", "'buy_x_get_y'"),
            ("percentage", "10000"),
            ("buy_quantity", "2"),
            ("get_quantity", "1"),
        ],
    )
    .in_table("promotion"),
    Factory::row(
        "promotion_amount",
        &["promotion"],
        &[
            ("promotion_id", "{promotion}"),
            ("currency", "'EUR'"),
            ("amount", "500"),
            ("min_subtotal", "1000"),
        ],
    ),
    Factory::row(
        "promotion_product",
        &["promotion", "product"],
        &[("promotion_id", "{promotion}"), ("product_id", "{product}"), ("role", "'any'")],
    ),
    Factory::row(
        "voucher",
        &["promotion"],
        &[
            ("id", "{voucher}"),
            ("promotion_id", "{promotion}"),
            ("code", "'WELCOME'"),
            ("usage_limit", "2"),
            ("per_customer_limit", "1"),
            ("valid", "'[2026-01-01,)'"),
        ],
    ),
    Factory::row(
        "voucher_customer",
        &["voucher", "customer"],
        &[("voucher_id", "{voucher}"), ("customer_id", "{customer}"), ("per_customer_limit", "1")],
    ),
    Factory::row(
        "cart_voucher",
        &["cart", "voucher"],
        &[("cart_id", "{cart}"), ("voucher_id", "{voucher}")],
    ),
    Factory::row(
        "shipping_method",
        &[],
        &[("code", "'post'"), ("name", "'Post'"), ("tax_class", "'standard'")],
    ),
    Factory::row(
        "shipping_rate",
        &["shipping_method"],
        &[
            ("id", "{shipping_rate}"),
            ("method", "'post'"),
            ("country", "'DE'"),
            ("currency", "'EUR'"),
            ("subtotal", "'[0, 5000)'"),
            ("amount", "500"),
            ("tax_included", "true"),
            ("valid", "'[2026-01-01,)'"),
        ],
    ),
];
