//! Events of a variant: itself, its prices, its stock.

use chrono::{DateTime, Utc};

use crate::catalog::Sku;
use crate::id::{LocationId, PriceId, ProductId, StockOperationId, VariantId};
use crate::money::Money;
use crate::value::{Quantity, Slug};

crate::events! { Variant;
    /// A variant was made.
    "variant.created" 1 => VariantCreated {
        /// Which.
        variant: VariantId,
        /// Of which product.
        product: ProductId,
        /// Its code.
        sku: Sku,
        /// Whether it is counted.
        track_inventory: bool,
    }
    /// A variant was deleted.
    "variant.deleted" 1 => VariantDeleted {
        /// Which.
        variant: VariantId,
    }
    /// A variant got a price; the one that was running ends when it begins.
    "variant.price_set" 1 => VariantPriceSet {
        /// Of which variant.
        variant: VariantId,
        /// The price.
        price: PriceId,
        /// On which list.
        price_list: Slug,
        /// From which quantity on.
        min_quantity: Quantity,
        /// What one unit costs.
        amount: Money,
        /// Whether the amount contains the tax.
        tax_included: bool,
        /// From when on.
        from: DateTime<Utc>,
        /// Until when, if it ends.
        until: Option<DateTime<Utc>>,
    }
    /// Stock arrived at a location.
    "variant.stock_received" 1 => StockReceived {
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// With which delivery.
        operation: StockOperationId,
        /// How many.
        quantity: Quantity,
    }
    /// A stock-take found more or fewer units than were known.
    "variant.stock_adjusted" 1 => StockAdjusted {
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// By which stock-take.
        operation: StockOperationId,
        /// How many more; fewer when negative.
        delta: i32,
    }
    /// Stock was given up: broken, stolen, expired.
    "variant.stock_written_off" 1 => StockWrittenOff {
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// By which write-off.
        operation: StockOperationId,
        /// How many.
        quantity: Quantity,
    }
    /// How much may be promised beyond what is there was set.
    "variant.backorder_limit_set" 1 => BackorderLimitSet {
        /// Of which variant.
        variant: VariantId,
        /// Where.
        location: LocationId,
        /// How many.
        limit: i32,
    }
}
