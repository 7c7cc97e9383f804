//! Catalogue: what is sold, at which price, under which tax.
//!
//! In: products, their variants, and what a variant costs from when on. Out: the price that holds
//! for a quantity at a time, which carts copy.
//!
//! **Invariant**: a price in use never changes. It ends, and another begins.

pub mod events;
pub(crate) mod http;
mod lookup;
mod price;
mod product;
mod sku;
mod tax;
mod variant;

pub use crate::money::{TaxRate, TaxRateError};
pub use lookup::{Listing, ListingQuery, browse, find_variant, find_variant_by_sku};
pub use price::{CreatePriceList, CreatePriceListError};
pub use price::{
    Price, PriceQuery, SetPrice, SetPriceError, create_price_list, find_price, set_price,
};
pub use product::{
    CreateProduct, CreateProductError, DeleteProductError, Description, ProductStatus,
    UpdateProduct, UpdateProductError, create_product, delete_product, update_product,
};
pub use sku::Sku;
pub use tax::{SetTaxRule, SetTaxRuleError, set_tax_rule};
pub use variant::{
    CreateVariant, CreateVariantError, DeleteVariantError, Variant, create_variant, delete_variant,
};
