//! Refusals of `0001_foundation.sql`: currencies, providers, and the values of every domain.

use crate::cases::{again, row, rules};

rules! {
    a_currency_has_an_exponent_of_iso_4217: "currency" => [
        row("currency_exponent_of_iso_4217", &[("exponent", "1")]),
        row("currency_cash_increment_positive", &[("cash_increment", "0")]),
        row("currency_code_three_capitals", &[("code", "'xts'")]),
        again("currency_identity", &[]),
    ];
    a_provider_has_a_code_and_a_name: "provider" => [
        row("slug_well_formed", &[("code", "'Acme'")]),
        row("label_not_blank", &[("name", "' '")]),
        row("label_short_enough", &[("name", "repeat('x', 201)")]),
        again("provider_identity", &[]),
    ];
    a_provider_writes_a_currency_in_one_way: "provider_currency" => [
        row("provider_currency_exponent_in_range", &[("exponent", "5")]),
        row("provider_currency_multiple_positive", &[("multiple_of", "0")]),
        row("provider_currency_of_a_provider", &[("provider", "'nobody'")]),
        row("provider_currency_of_a_currency", &[("currency", "'XTS'")]),
        again("provider_currency_identity", &[]),
    ];
}
