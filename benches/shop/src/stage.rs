//! What there is to buy: products with prices and stock, made through the shop's operations.

use anyhow::Context as _;
use shop::catalog::{
    CreateProduct, CreateVariant, ProductStatus, SetPrice, SetTaxRule, TaxRate, create_product,
    create_variant, set_price, set_tax_rule,
};
use shop::context::Context;
use shop::id::{LocationId, VariantId};
use shop::inventory::{CreateLocation, Receive, ReceivedLine, create_location, receive};
use shop::money::{Currency, Money};
use shop::value::{Country, Quantity};
use sqlx::PgPool;

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
