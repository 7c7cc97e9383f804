//! What happens to a cart, as others are told.

use chrono::{DateTime, Utc};

use crate::id::{CartId, CustomerId, OrderId, VariantId, VoucherId};
use crate::money::{Currency, Money};
use crate::value::Quantity;

crate::events! { Cart;
    /// A cart was made.
    "cart.created" 1 => CartCreated {
        /// Which.
        cart: CartId,
        /// Whose; none for a guest's.
        customer: Option<CustomerId>,
        /// What its prices are in.
        currency: Currency,
    }
    /// A variant is in the cart, now in this quantity.
    "cart.line_set" 1 => CartLineSet {
        /// Which cart.
        cart: CartId,
        /// Of what.
        variant: VariantId,
        /// How much of it, in all.
        quantity: Quantity,
        /// What one of it costs.
        unit_price: Money,
    }
    /// A variant is no longer in the cart.
    "cart.line_removed" 1 => CartLineRemoved {
        /// Which cart.
        cart: CartId,
        /// What was removed.
        variant: VariantId,
    }
    /// The prices were looked up again.
    "cart.repriced" 1 => CartRepriced {
        /// Which.
        cart: CartId,
        /// How many of its lines cost something else now, or are gone.
        changed: u32,
        /// Until when the prices hold.
        until: DateTime<Utc>,
    }
    /// A voucher was entered; nothing is claimed by that.
    "cart.voucher_entered" 1 => CartVoucherEntered {
        /// Which cart.
        cart: CartId,
        /// Which voucher.
        voucher: VoucherId,
    }
    /// A voucher was taken out again.
    "cart.voucher_withdrawn" 1 => CartVoucherWithdrawn {
        /// Which cart.
        cart: CartId,
        /// Which voucher.
        voucher: VoucherId,
    }
    /// A guest's cart is a customer's now.
    "cart.claimed" 1 => CartClaimed {
        /// Which.
        cart: CartId,
        /// Whose now.
        customer: CustomerId,
    }
    /// The lines of another cart came into this one.
    "cart.lines_received" 1 => CartLinesReceived {
        /// The cart that has them now.
        cart: CartId,
        /// The cart that had them.
        from: CartId,
    }
    /// Its lines went to another cart.
    "cart.merged" 1 => CartMerged {
        /// Which.
        cart: CartId,
        /// Where its lines are now.
        into: CartId,
    }
    /// Its stock and prices are held.
    "cart.checkout_begun" 1 => CartCheckoutBegun {
        /// Which.
        cart: CartId,
        /// Until when.
        until: DateTime<Utc>,
    }
    /// Its stock is free again and its lines can change.
    "cart.checkout_left" 1 => CartCheckoutLeft {
        /// Which.
        cart: CartId,
    }
    /// It became an order.
    "cart.converted" 1 => CartConverted {
        /// Which.
        cart: CartId,
        /// The order.
        order: OrderId,
    }
    /// Its owner gave it up.
    "cart.abandoned" 1 => CartAbandoned {
        /// Which.
        cart: CartId,
    }
    /// Its time was over.
    "cart.expired" 1 => CartExpired {
        /// Which.
        cart: CartId,
    }
}
