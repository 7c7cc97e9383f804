//! Why an order was not placed.

use crate::cart::CartRefusal;
use crate::database::DatabaseError;
use crate::id::VariantId;
use crate::inventory::CommitError;
use crate::money::{Money, MoneyError};
use crate::order::ConfirmError;
use crate::pricing::{PriceCartError, QuoteError};
use crate::value::{Country, Slug};

/// Why an order was not placed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The cart: it is not theirs, not in checkout, or its time is over.
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    /// There is nothing in the cart.
    #[error("the cart is empty")]
    CartEmpty,
    /// The prices were fixed for a time that is over. Leave checkout and begin again.
    #[error("the time for which the prices were fixed is over")]
    PricesExpired,
    /// The total is not what the customer was shown, for example because a promotion has ended.
    #[error("the total is {now}, not {shown}")]
    PriceChanged {
        /// What they were shown.
        shown: Money,
        /// What it is.
        now: Money,
    },
    /// The stock was held for a time that is over, or was never held.
    #[error("the stock of {variant} is not held any more")]
    HoldExpired {
        /// The first variant of which not all is held.
        variant: VariantId,
    },
    /// There is not enough stock.
    #[error("out of stock")]
    OutOfStock,
    /// A voucher was used as often as it may be.
    #[error("a voucher is used up")]
    VoucherUsedUp,
    /// This customer has used a voucher as often as one may.
    #[error("the customer has used a voucher as often as one may")]
    VoucherUsedUpByCustomer,
    /// A voucher is for customers with an account.
    #[error("a voucher is for customers who are logged in")]
    VoucherNeedsCustomer,
    /// The way of sending does not exist or is not offered for this order.
    #[error("`{method}` is not offered for this order")]
    ShippingUnavailable {
        /// What was asked for.
        method: Slug,
    },
    /// Nobody has said how this is taxed there.
    #[error("nothing of tax class `{tax_class}` is sold to {country}")]
    NotSoldThere {
        /// What is taxed.
        tax_class: Slug,
        /// Where.
        country: Country,
    },
    /// The address is in another country than the order was priced for.
    #[error("the address is in another country than the order")]
    AddressElsewhere,
    /// A guest gave no email.
    #[error("a guest must say how to be reached")]
    NoContact,
    /// The amounts are more than can be stored.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(PlaceError {
    "orders_reaches_its_customer" => PlaceError::NoContact,
    "voucher_used_within_its_limit" => PlaceError::VoucherUsedUp,
    "voucher_customer_used_within_its_limit" => PlaceError::VoucherUsedUpByCustomer,
    "voucher_redemption_names_the_customer" => PlaceError::VoucherNeedsCustomer,
    "stock_level_never_oversold" => PlaceError::OutOfStock,
});

impl From<PriceCartError> for PlaceError {
    fn from(error: PriceCartError) -> Self {
        match error {
            PriceCartError::UnknownCart => Self::Cart(CartRefusal::NotFound),
            PriceCartError::NoTaxRule { tax_class, country } => {
                Self::NotSoldThere { tax_class, country }
            }
            PriceCartError::UnknownShippingMethod { method }
            | PriceCartError::Quote(QuoteError::NoShippingRate { method }) => {
                Self::ShippingUnavailable { method }
            }
            PriceCartError::Quote(QuoteError::Money(error)) => Self::Money(error),
            // The database stores no price below zero.
            PriceCartError::Quote(QuoteError::NegativePrice) => Self::Money(MoneyError::OutOfRange),
            PriceCartError::Database(error) => Self::Database(error),
        }
    }
}

impl From<CommitError> for PlaceError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::NotHeld { variant, .. } => Self::HoldExpired { variant },
            CommitError::Database(error) => Self::Database(error),
            error @ (CommitError::LineNotFound | CommitError::AlreadyCommitted) => {
                unreachable!("the lines were written just before: {error}")
            }
        }
    }
}

impl From<ConfirmError> for PlaceError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Database(error) => Self::Database(error),
            ConfirmError::NotFound | ConfirmError::Closed(_) => {
                unreachable!("the order was written just before, as placed")
            }
        }
    }
}
