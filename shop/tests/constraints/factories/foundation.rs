//! Rows of `0001_foundation.sql`: currencies and providers beyond those that it inserts.

use super::Factory;

pub(super) const ALL: &[Factory] = &[
    Factory::row("currency", &[], &[("code", "'XTS'"), ("exponent", "2"), ("cash_increment", "5")]),
    Factory::row("provider", &[], &[("code", "'acme'"), ("name", "'Acme Payments'")]),
    Factory::row(
        "provider_currency",
        &["provider"],
        &[("provider", "'acme'"), ("currency", "'EUR'"), ("exponent", "2"), ("multiple_of", "1")],
    ),
];
