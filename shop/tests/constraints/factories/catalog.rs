//! Rows of `0002_catalog.sql`.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row("tax_class", &[], &[("code", "'books'"), ("name", "'Books'")]),
    Factory::row(
        "tax_rule",
        &[],
        &[
            ("id", "{tax_rule}"),
            ("tax_class", "'standard'"),
            ("country", "'DE'"),
            ("region", "''"),
            ("rate", "0.19"),
            ("valid", "'[2026-01-01, 2027-01-01)'"),
        ],
    ),
    Factory::row(
        "product",
        &[],
        &[
            ("id", "{product}"),
            ("title", "'Mug'"),
            ("description", "'Holds coffee.'"),
            ("tax_class", "'standard'"),
            ("status", "'active'"),
        ],
    ),
    Factory::row(
        "variant",
        &["product"],
        &[
            ("id", "{variant}"),
            ("product_id", "{product}"),
            ("sku", "'MUG-1'"),
            ("title", "'Mug, blue'"),
            ("weight_g", "350"),
        ],
    ),
    Factory::row(
        "other_variant",
        &["product"],
        &[
            ("id", "{other_variant}"),
            ("product_id", "{product}"),
            ("sku", "'MUG-2'"),
            ("title", "'Mug, red'"),
        ],
    )
    .in_table("variant"),
    Factory::row("price_list", &[], &[("code", "'trade'"), ("name", "'Trade'")]),
    Factory::row(
        "price",
        &["variant"],
        &[
            ("id", "{price}"),
            ("variant_id", "{variant}"),
            ("currency", "'EUR'"),
            ("price_list", "'default'"),
            ("min_quantity", "2"),
            ("amount", "1000"),
            ("tax_included", "true"),
            ("valid", "'[2026-01-01,)'"),
        ],
    ),
];
