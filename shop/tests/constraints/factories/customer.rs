//! Rows of `0003_customer.sql`.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row(
        "customer",
        &[],
        &[
            ("id", "{customer}"),
            ("email", "'ada@example.com'"),
            ("name", "'Ada'"),
            ("phone", "'+4930123456'"),
        ],
    ),
    Factory::row(
        "other_customer",
        &[],
        &[("id", "{other_customer}"), ("email", "'grace@example.com'")],
    )
    .in_table("customer"),
    Factory::row(
        "address",
        &["customer"],
        &[
            ("id", "{address}"),
            ("customer_id", "{customer}"),
            ("kind", "'shipping'"),
            ("is_default", "true"),
            ("recipient", "'Ada'"),
            ("line1", "'Main Street 1'"),
            ("city", "'Berlin'"),
            ("postcode", "'10115'"),
            ("country", "'DE'"),
        ],
    ),
];
