//! Taxes, products, prices, stock, customers.

use super::words::{FIRST_NAMES, LAST_NAMES, LOOKS, PLACES, TAXES, THINGS};
use super::{Seed, SeedError};
use crate::catalog::{
    CreateProduct, CreateVariant, ProductStatus, SetPrice, SetTaxRule, TaxRate, create_product,
    create_variant, set_price, set_tax_rule,
};
use crate::customer::{AddAddress, AddressKind, PostalAddress, Register, add_address, register};
use crate::database::DatabaseError;
use crate::id::{CustomerId, Id as _, LocationId, VariantId};
use crate::inventory::{CreateLocation, Receive, ReceivedLine, create_location, receive};
use crate::money::{Currency, Money};
use crate::value::{Country, Quantity};

/// Somebody who buys.
#[derive(Debug, Clone)]
pub(super) struct Buyer {
    pub(super) id: CustomerId,
    pub(super) address: PostalAddress,
}

/// Lines of one delivery.
const DELIVERY: usize = 200;

impl Seed<'_> {
    /// What is taxed with what, and what a parcel costs.
    pub(super) async fn rules(&self) -> Result<(), SeedError> {
        let (pool, context) = (self.pool, &self.context);
        for (country, percent) in TAXES {
            let rule = SetTaxRule {
                tax_class: "standard".parse().map_err(SeedError::refused)?,
                country: country.parse().map_err(SeedError::refused)?,
                region: None,
                rate: TaxRate::from_percent(percent).map_err(SeedError::refused)?,
                from: context.now(),
            };
            set_tax_rule(pool, context, rule).await.map_err(SeedError::refused)?;
        }
        sqlx::query(
            "INSERT INTO shipping_method (code, name, tax_class)
             VALUES ('parcel', 'Parcel', 'standard')",
        )
        .execute(pool)
        .await
        .map_err(DatabaseError::from)?;
        for (country, _) in TAXES {
            let rate: crate::id::EventId = context.id();
            sqlx::query(
                "INSERT INTO shipping_rate (id, method, country, currency, amount, tax_included,
                                            valid)
                 VALUES ($1, 'parcel', $2, 'EUR', $3, true, tstzrange($4, NULL))",
            )
            .bind(rate.uuid())
            .bind(country)
            .bind(if country == "DE" { 490_i64 } else { 990 })
            .bind(context.now())
            .execute(pool)
            .await
            .map_err(DatabaseError::from)?;
        }
        Ok(())
    }

    /// Products with one to three variants each, in stock in Berlin and some in Lyon.
    pub(super) async fn shelf(&self, products: usize) -> Result<Vec<VariantId>, SeedError> {
        let berlin = self.location("berlin", "Berlin, Moabit", Country::DE, 0).await?;
        let lyon = self.location("lyon", "Lyon, Confluence", Country::FR, 1).await?;
        let mut variants = Vec::new();
        for number in 0..products {
            variants.extend(self.product(number).await?);
        }
        for (location, part) in [(berlin, 1), (lyon, 3)] {
            let wanted: Vec<VariantId> = variants.iter().copied().step_by(part).collect();
            for lines in wanted.chunks(DELIVERY) {
                self.delivery(location, lines).await?;
            }
        }
        Ok(variants)
    }

    async fn location(
        &self,
        code: &str,
        name: &str,
        country: Country,
        priority: i32,
    ) -> Result<LocationId, SeedError> {
        let location = CreateLocation {
            code: code.parse().map_err(SeedError::refused)?,
            name: name.parse().map_err(SeedError::refused)?,
            country,
            priority,
        };
        create_location(self.pool, &self.context, location).await.map_err(SeedError::refused)
    }

    async fn product(&self, number: usize) -> Result<Vec<VariantId>, SeedError> {
        let (pool, context, dice) = (self.pool, &self.context, &self.dice);
        let (thing, description, price) = THINGS[number % THINGS.len()];
        let edition = number / THINGS.len();
        let title = if edition == 0 { thing.to_owned() } else { format!("{thing} no. {edition}") };
        let product = CreateProduct {
            title: title.parse().map_err(SeedError::refused)?,
            description: Some(description.parse().map_err(SeedError::refused)?),
            tax_class: "standard".parse().map_err(SeedError::refused)?,
            status: ProductStatus::Active,
        };
        let product = create_product(pool, context, product).await.map_err(SeedError::refused)?;
        let first = dice.below(LOOKS.len());
        let mut variants = Vec::new();
        for place in 0..=dice.below(3) {
            let look = LOOKS[(first + place) % LOOKS.len()];
            let letters: String = thing.chars().filter(char::is_ascii_alphabetic).take(4).collect();
            let sku = format!("{}-{number:04}-{}", letters.to_uppercase(), look.to_uppercase());
            let variant = CreateVariant {
                product,
                sku: sku.parse().map_err(SeedError::refused)?,
                title: format!("{title}, {look}").parse().map_err(SeedError::refused)?,
                track_inventory: true,
                weight_g: i32::try_from(dice.between(80, 1800)).ok(),
            };
            let variant =
                create_variant(pool, context, variant).await.map_err(SeedError::refused)?;
            let amount = Money::new(price + dice.between(0, 4) * 50, Currency::EUR);
            let price = SetPrice {
                variant,
                price_list: "default".parse().map_err(SeedError::refused)?,
                min_quantity: Quantity::new(1).map_err(SeedError::refused)?,
                amount: amount.map_err(SeedError::refused)?,
                tax_included: true,
                from: context.now(),
                until: None,
            };
            set_price(pool, context, price).await.map_err(SeedError::refused)?;
            variants.push(variant);
        }
        Ok(variants)
    }

    async fn delivery(&self, location: LocationId, of: &[VariantId]) -> Result<(), SeedError> {
        let line = |&variant| {
            let quantity = Quantity::new(self.dice.between(60, 400));
            quantity.map(|quantity| ReceivedLine { variant, quantity }).map_err(SeedError::refused)
        };
        let delivery = Receive {
            operation: self.context.id(),
            location,
            lines: of.iter().map(line).collect::<Result<_, _>>()?,
            reason: Some("the first delivery".parse().map_err(SeedError::refused)?),
        };
        receive(self.pool, &self.context, delivery).await.map_err(SeedError::refused)
    }

    /// People with an address.
    pub(super) async fn customers(&self, count: usize) -> Result<Vec<Buyer>, SeedError> {
        let (pool, context, dice) = (self.pool, &self.context, &self.dice);
        let mut buyers = Vec::with_capacity(count);
        for number in 0..count {
            let name = format!("{} {}", dice.of(&FIRST_NAMES), dice.of(&LAST_NAMES));
            let email = format!("customer-{number}@example.org");
            let person = Register {
                email: email.parse().map_err(SeedError::refused)?,
                name: Some(name.parse().map_err(SeedError::refused)?),
                phone: None,
            };
            let id = register(pool, context, person).await.map_err(SeedError::refused)?;
            let (country, city, postcode, street) = PLACES[dice.below(PLACES.len())];
            let house = dice.between(1, 120);
            let address = PostalAddress {
                recipient: name.parse().map_err(SeedError::refused)?,
                line1: format!("{street} {house}").parse().map_err(SeedError::refused)?,
                line2: None,
                city: city.parse().map_err(SeedError::refused)?,
                region: None,
                postcode: Some(postcode.parse().map_err(SeedError::refused)?),
                country: country.parse().map_err(SeedError::refused)?,
            };
            let entry = AddAddress {
                customer: id,
                kind: AddressKind::Shipping,
                address: address.clone(),
                default: true,
            };
            add_address(pool, context, entry).await.map_err(SeedError::refused)?;
            buyers.push(Buyer { id, address });
        }
        Ok(buyers)
    }
}
