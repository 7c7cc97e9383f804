//! What the tests of carts begin with.

use shop::id::{CustomerId, Id as _, LocationId, ProductId, VariantId};
use shop::money::Currency;

use crate::make::Make;

/// What is for sale.
pub struct Stage {
    pub make: Make,
    location: LocationId,
}

impl Stage {
    pub async fn new(make: &Make) -> Self {
        let location = make.context.id();
        sqlx::query("INSERT INTO location (id, code, name, country, created_at) VALUES ($1, 'main', 'Main', 'DE', $2)")
            .bind(location)
            .bind(make.context.now())
            .execute(&make.db)
            .await
            .unwrap();
        Self { make: make.clone(), location }
    }

    /// A variant of an active product without a price.
    pub async fn unpriced(&self) -> VariantId {
        let (product, variant): (ProductId, VariantId) =
            (self.make.context.id(), self.make.context.id());
        let now = self.make.context.now();
        sqlx::query("INSERT INTO product (id, title, tax_class, status, created_at) VALUES ($1, 'Mug', 'standard', 'active', $2)")
            .bind(product).bind(now).execute(&self.make.db).await.unwrap();
        sqlx::query("INSERT INTO variant (id, product_id, sku, title, created_at) VALUES ($1, $2, $3, 'Mug, blue', $4)")
            .bind(variant).bind(product).bind(format!("SKU-{}", variant.uuid().simple())).bind(now)
            .execute(&self.make.db).await.unwrap();
        variant
    }

    /// A variant at a price in euros including tax.
    pub async fn variant(&self, cents: i64) -> VariantId {
        let variant = self.unpriced().await;
        self.price(variant, cents, Currency::EUR, 1).await;
        variant
    }

    /// Adds a price from now on.
    pub async fn price(&self, variant: VariantId, minor: i64, currency: Currency, from: i32) {
        let now = self.make.context.now();
        sqlx::query("UPDATE price SET valid = tstzrange(lower(valid), $2) WHERE variant_id = $1 AND upper_inf(valid) AND min_quantity = $3 AND currency = $4")
            .bind(variant).bind(now).bind(from).bind(currency).execute(&self.make.db).await.unwrap();
        sqlx::query("INSERT INTO price (id, variant_id, currency, min_quantity, amount, tax_included, valid, created_at) VALUES ($1, $2, $3, $4, $5, true, tstzrange($6, NULL), $6)")
            .bind(self.make.context.id::<shop::id::PriceId>()).bind(variant).bind(currency).bind(from)
            .bind(minor).bind(now).execute(&self.make.db).await.unwrap();
    }

    /// Ends all prices of a variant.
    pub async fn end_prices(&self, variant: VariantId) {
        sqlx::query("UPDATE price SET valid = tstzrange(lower(valid), $2) WHERE variant_id = $1")
            .bind(variant)
            .bind(self.make.context.now())
            .execute(&self.make.db)
            .await
            .unwrap();
    }

    /// Puts stock of a variant in the one location.
    pub async fn stock(&self, variant: VariantId, quantity: i32) {
        let now = self.make.context.now();
        sqlx::query("INSERT INTO stock_level (location_id, variant_id) VALUES ($1, $2)")
            .bind(self.location)
            .bind(variant)
            .execute(&self.make.db)
            .await
            .unwrap();
        sqlx::query("INSERT INTO stock_movement (location_id, variant_id, kind, quantity, operation_id, actor, at) VALUES ($1, $2, 'receive', $3, $4, 'test', $5)")
            .bind(self.location).bind(variant).bind(quantity)
            .bind(self.make.context.id::<shop::id::StockOperationId>()).bind(now)
            .execute(&self.make.db).await.unwrap();
    }

    pub async fn customer(&self) -> CustomerId {
        let customer: CustomerId = self.make.context.id();
        sqlx::query("INSERT INTO customer (id, email, created_at) VALUES ($1, $2, $3)")
            .bind(customer)
            .bind(format!("{}@example.com", customer.uuid().simple()))
            .bind(self.make.context.now())
            .execute(&self.make.db)
            .await
            .unwrap();
        customer
    }
}
