//! Events of a product.

use crate::catalog::ProductStatus;
use crate::id::ProductId;
use crate::value::Slug;

crate::events! { Product;
    /// A product was made.
    "product.created" 1 => ProductCreated {
        /// Which.
        product: ProductId,
        /// How it is taxed.
        tax_class: Slug,
        /// Whether it is offered.
        status: ProductStatus,
    }
    /// A product was changed.
    "product.updated" 1 => ProductUpdated {
        /// Which.
        product: ProductId,
        /// Its version now.
        version: i64,
    }
    /// A product was deleted.
    "product.deleted" 1 => ProductDeleted {
        /// Which.
        product: ProductId,
    }
}
