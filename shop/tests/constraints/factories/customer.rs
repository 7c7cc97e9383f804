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
    Factory::steps(
        "everything_deleted",
        &["variant", "voucher", "location", "payment_method", "webhook_endpoint"],
        &[
            "UPDATE variant SET deleted_at = now()",
            "UPDATE product SET deleted_at = now()",
            "UPDATE voucher SET deleted_at = now()",
            "UPDATE promotion SET deleted_at = now()",
            "UPDATE location SET deleted_at = now()",
            "UPDATE payment_method SET deleted_at = now()",
            "UPDATE customer SET deleted_at = now()",
            "UPDATE webhook_endpoint SET deleted_at = now()",
        ],
    ),
];
