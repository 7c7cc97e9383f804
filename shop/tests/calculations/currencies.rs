//! Our currencies and those of the database.

use std::collections::BTreeMap;

use shop::money::{Currency, Money, ProviderCurrency};

use crate::make::Make;

#[proofmark::test]
async fn the_table_has_every_currency_with_its_digits_and_no_other(make: Make) {
    let rows: Vec<(String, i16)> =
        sqlx::query_as("SELECT code, exponent FROM currency").fetch_all(&make.db).await.unwrap();
    let table: BTreeMap<String, u32> =
        rows.into_iter().map(|(code, digits)| (code, u32::try_from(digits).unwrap())).collect();
    let ours: BTreeMap<String, u32> =
        Currency::all().map(|currency| (currency.to_string(), currency.exponent())).collect();
    assert_eq!(table, ours);
    assert!(ours.len() > 150, "only {}", ours.len());
}

#[proofmark::test]
async fn every_pair_of_provider_and_currency_takes_a_whole_unit(make: Make) {
    let rows: Vec<(String, Currency, i16, i32)> =
        sqlx::query_as("SELECT provider, currency, exponent, multiple_of FROM provider_currency")
            .fetch_all(&make.db)
            .await
            .unwrap();
    assert!(rows.len() > 600, "only {}", rows.len());
    for (provider, currency, exponent, multiple_of) in rows {
        let pair =
            ProviderCurrency::new(currency, i64::from(exponent), i64::from(multiple_of)).unwrap();
        let unit = Money::new(currency.minor_per_unit(), currency).unwrap();
        let told = pair.to_provider(unit);
        let expected = 10_i64.pow(u32::try_from(exponent).unwrap());
        assert_eq!(told, Ok(expected), "{provider} {currency}");
    }
}

#[test]
fn what_is_no_currency_is_refused() {
    let long = "EUR".repeat(1_000_000);
    for code in [
        "", "E", "EU", "EURO", "eur", "Eur", " EUR", "EUR ", "E\0R", "XAU", "XTS", "HRK", "ЕUR",
        &long,
    ] {
        let begin: String = code.chars().take(10).collect();
        assert!(code.parse::<Currency>().is_err(), "{begin:?}");
    }
    assert!("XAU".parse::<Currency>().unwrap_err().to_string().contains("XAU"));
}

#[test]
fn an_amount_of_a_request_is_checked_as_it_is_read() {
    let read = |json: &str| serde_json::from_str::<Money>(json).ok();
    let eur = Money::new(1999, Currency::EUR).unwrap();
    assert_eq!(read(r#"{"minor":1999,"currency":"EUR"}"#), Some(eur));
    assert_eq!(serde_json::to_string(&eur).unwrap(), r#"{"minor":1999,"currency":"EUR"}"#);
    for json in [
        r#"{"minor":19.99,"currency":"EUR"}"#,
        r#"{"minor":"1999","currency":"EUR"}"#,
        r#"{"minor":1000000000000000,"currency":"EUR"}"#,
        r#"{"minor":-1000000000000000,"currency":"EUR"}"#,
        r#"{"minor":9223372036854775808,"currency":"EUR"}"#,
        r#"{"minor":1,"currency":"EURO"}"#,
        r#"{"minor":1,"currency":"XAU"}"#,
        r#"{"minor":1,"currency":"E\u0000R"}"#,
        r#"{"minor":1,"currency":"EUR","exponent":3}"#,
        r#"{"minor":1}"#,
        r#"{"currency":"EUR"}"#,
    ] {
        assert_eq!(read(json), None, "{json}");
    }
}
