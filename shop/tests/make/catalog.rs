//! Products, variants and their prices.

use std::future::IntoFuture;

use shop::catalog::{
    CreateProduct, CreateVariant, ProductStatus, SetPrice, create_product, create_variant,
    set_price,
};
use shop::id::{LocationId, ProductId, VariantId};
use shop::money::Money;
use shop::value::Quantity;

use super::{Built, Make};

/// A product on sale, taxed at the standard rate.
#[derive(Debug, Clone)]
pub struct ProductBuilder {
    make: Make,
    request: CreateProduct,
}

impl Make {
    /// A product on sale.
    pub fn product(&self) -> ProductBuilder {
        ProductBuilder {
            make: self.clone(),
            request: CreateProduct {
                title: "Mug".parse().unwrap(),
                description: Some("Holds coffee.".parse().unwrap()),
                tax_class: "standard".parse().unwrap(),
                status: ProductStatus::Active,
            },
        }
    }

    /// A variant, of a product of its own unless one is named.
    pub fn variant(&self) -> VariantBuilder {
        VariantBuilder {
            make: self.clone(),
            product: None,
            tax_class: None,
            sku: None,
            tracked: true,
            weight_g: Some(350),
            prices: Vec::new(),
            stock: Vec::new(),
        }
    }
}

impl ProductBuilder {
    /// Taxed as another class.
    #[must_use]
    pub fn taxed(mut self, class: &str) -> Self {
        self.request.tax_class = class.parse().unwrap();
        self
    }

    /// Of another status than on sale.
    #[must_use]
    pub fn of_status(mut self, status: ProductStatus) -> Self {
        self.request.status = status;
        self
    }
}

impl IntoFuture for ProductBuilder {
    type Output = ProductId;
    type IntoFuture = Built<ProductId>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            create_product(&self.make.db, &self.make.context, self.request).await.unwrap()
        })
    }
}

/// A variant with prices and stock.
#[derive(Debug, Clone)]
pub struct VariantBuilder {
    make: Make,
    product: Option<ProductId>,
    tax_class: Option<String>,
    sku: Option<String>,
    tracked: bool,
    weight_g: Option<i32>,
    prices: Vec<Wanted>,
    stock: Vec<(Option<LocationId>, i64)>,
}

#[derive(Debug, Clone)]
struct Wanted {
    amount: Money,
    list: &'static str,
    from_quantity: i64,
    tax_included: bool,
}

impl VariantBuilder {
    /// Of this product.
    #[must_use]
    pub fn of(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// Its product, made for it, is taxed as this class.
    #[must_use]
    pub fn taxed(mut self, class: &str) -> Self {
        self.tax_class = Some(class.to_owned());
        self
    }

    /// With this code.
    #[must_use]
    pub fn sku(mut self, sku: &str) -> Self {
        self.sku = Some(sku.to_owned());
        self
    }

    /// Not counted.
    #[must_use]
    pub fn untracked(mut self) -> Self {
        self.tracked = false;
        self
    }

    /// Of this weight, or of none that is known.
    #[must_use]
    pub fn weighing(mut self, weight_g: Option<i32>) -> Self {
        self.weight_g = weight_g;
        self
    }

    /// At this price for everyone, tax included, from one unit and from now on.
    #[must_use]
    pub fn priced(self, amount: Money) -> Self {
        self.priced_from(1, amount)
    }

    /// At this price from so many units on.
    #[must_use]
    pub fn priced_from(mut self, from_quantity: i64, amount: Money) -> Self {
        self.prices.push(Wanted { amount, list: "default", from_quantity, tax_included: true });
        self
    }

    /// At this price for everyone, without tax.
    #[must_use]
    pub fn priced_without_tax(mut self, amount: Money) -> Self {
        self.prices.push(Wanted { amount, list: "default", from_quantity: 1, tax_included: false });
        self
    }

    /// At this price on a list that exists, tax included.
    #[must_use]
    pub fn priced_on(mut self, list: &'static str, amount: Money) -> Self {
        self.prices.push(Wanted { amount, list, from_quantity: 1, tax_included: true });
        self
    }

    /// With so many units at the location `main`.
    #[must_use]
    pub fn in_stock(mut self, units: i64) -> Self {
        self.stock.push((None, units));
        self
    }

    /// With so many units at a location.
    #[must_use]
    pub fn in_stock_at(mut self, location: LocationId, units: i64) -> Self {
        self.stock.push((Some(location), units));
        self
    }

    async fn make(self) -> VariantId {
        let make = self.make;
        let (db, context) = (&make.db, &make.context);
        let product = match self.product {
            Some(product) => product,
            None => make.product().taxed(self.tax_class.as_deref().unwrap_or("standard")).await,
        };
        let sku = self.sku.unwrap_or_else(|| make.name("SKU"));
        let request = CreateVariant {
            product,
            sku: sku.parse().unwrap(),
            title: "Mug, blue".parse().unwrap(),
            track_inventory: self.tracked,
            weight_g: self.weight_g,
        };
        let variant = create_variant(db, context, request).await.unwrap();
        for price in self.prices {
            let request = SetPrice {
                variant,
                price_list: price.list.parse().unwrap(),
                min_quantity: Quantity::new(price.from_quantity).unwrap(),
                amount: price.amount,
                tax_included: price.tax_included,
                from: context.now(),
                until: None,
            };
            set_price(db, context, request).await.unwrap();
        }
        for (location, units) in self.stock {
            let location = match location {
                Some(location) => location,
                None => make.main_location().await,
            };
            make.receive(location, variant, units).await;
        }
        variant
    }
}

impl IntoFuture for VariantBuilder {
    type Output = VariantId;
    type IntoFuture = Built<VariantId>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}
