//! What there is to buy: products with prices and stock, made through the shop's operations.

use std::time::Duration;

use anyhow::Context as _;
use shop::catalog::{
    CreateProduct, CreateVariant, ProductStatus, SetPrice, SetTaxRule, TaxRate, create_product,
    create_variant, set_price, set_tax_rule,
};
use shop::context::Context;
use shop::http::key::{CreateKey, create_key};
use shop::id::{LocationId, VariantId};
use shop::inventory::{
    CreateLocation, HotHold, HotHolds, Receive, ReceivedLine, create_location, receive,
};
use shop::money::{Currency, Money};
use shop::value::{Country, Quantity, Slug};
use sqlx::PgPool;

use crate::hot;

/// A shelf with `variants` of them, `units` of each.
pub(crate) async fn shelf(
    pool: &PgPool,
    context: &Context,
    variants: usize,
    units: i64,
) -> anyhow::Result<(LocationId, Vec<VariantId>)> {
    let location = CreateLocation {
        code: format!("shelf-{}", context.now().timestamp_micros()).parse()?,
        name: "Shelf".parse()?,
        country: Country::DE,
        priority: 0,
    };
    let location = create_location(pool, context, location).await?;
    let product = CreateProduct {
        title: "Bolt".parse()?,
        description: None,
        tax_class: "standard".parse()?,
        status: ProductStatus::Active,
    };
    let product = create_product(pool, context, product).await?;
    let mut made = Vec::new();
    for number in 0..variants {
        let variant = CreateVariant {
            product,
            sku: format!("BOLT-{}-{number}", context.now().timestamp_micros()).parse()?,
            title: "Bolt, galvanised".parse()?,
            track_inventory: true,
            weight_g: Some(12),
        };
        let variant = create_variant(pool, context, variant).await?;
        let price = SetPrice {
            variant,
            price_list: "default".parse()?,
            min_quantity: Quantity::new(1)?,
            amount: Money::new(1999, Currency::EUR)?,
            tax_included: true,
            from: context.now(),
            until: None,
        };
        set_price(pool, context, price).await?;
        made.push(variant);
    }
    for chunk in made.chunks(100) {
        let mut rest = units;
        while rest > 0 {
            let quantity = Quantity::new(rest.min(100_000))?;
            rest -= i64::from(quantity.get());
            let lines = chunk.iter().map(|&variant| ReceivedLine { variant, quantity }).collect();
            let delivery = Receive { operation: context.id(), location, lines, reason: None };
            receive(pool, context, delivery).await.context("receiving stock")?;
        }
    }
    Ok((location, made))
}

/// What everything is taxed with.
pub(crate) async fn tax(pool: &PgPool, context: &Context) -> anyhow::Result<()> {
    let rule = SetTaxRule {
        tax_class: "standard".parse()?,
        country: Country::DE,
        region: None,
        rate: TaxRate::from_percent(19)?,
        from: context.now(),
    };
    set_tax_rule(pool, context, rule).await?;
    Ok(())
}

/// A key that may do everything.
pub(crate) async fn key(pool: &PgPool, context: &Context) -> anyhow::Result<String> {
    let scopes: Vec<Slug> =
        sqlx::query_scalar("SELECT code::text FROM api_scope").fetch_all(pool).await?;
    let key = CreateKey {
        name: "load".parse()?,
        scopes: scopes.into_iter().collect(),
        expires_at: None,
        per_minute: None,
    };
    let (_, key) = create_key(pool, context, &key).await?;
    Ok(key.reveal())
}

/// Holds that are due now, spread over variants, made by the domain.
pub(crate) async fn due(
    pool: &PgPool,
    context: &Context,
    variants: &[VariantId],
    count: u32,
) -> anyhow::Result<()> {
    let holds = HotHolds::new(pool.clone(), context.clone());
    let until = context.now() + Duration::from_secs(1);
    let each = count.div_ceil(u32::try_from(variants.len())?);
    for &variant in variants {
        let carts = hot::carts(pool, context, variant, each).await?;
        let (location,): (LocationId,) =
            sqlx::query_as("SELECT location_id FROM stock_level WHERE variant_id = $1")
                .bind(variant)
                .fetch_one(pool)
                .await?;
        let quantity = Quantity::new(1)?;
        // A hold may not begin in the past: each is given a second from now.
        let until = until.max(context.now() + Duration::from_secs(1));
        let all = carts
            .into_iter()
            .map(|cart| holds.hold(HotHold { location, variant, cart, quantity, until }));
        for held in futures_util::future::join_all(all).await {
            held?;
        }
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    Ok(())
}
