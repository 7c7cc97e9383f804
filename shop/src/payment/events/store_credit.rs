//! Events of a gift card or store credit.

use crate::id::{CustomerId, PaymentId, StoreCreditId};
use crate::money::Money;

crate::events! { StoreCredit;
    /// The shop owes money: a gift card was sold, or credit was given.
    "store_credit.issued" 1 => CreditIssued {
        /// Which.
        store_credit: StoreCreditId,
        /// To whom, unless it belongs to whoever has the code.
        customer: Option<CustomerId>,
        /// How much.
        amount: Money,
    }
    /// A payment claims a part.
    "store_credit.held" 1 => CreditHeld {
        /// Which.
        store_credit: StoreCreditId,
        /// For what.
        payment: PaymentId,
        /// How much.
        amount: Money,
    }
    /// A payment does not need its part.
    "store_credit.released" 1 => CreditReleased {
        /// Which.
        store_credit: StoreCreditId,
        /// Of what.
        payment: PaymentId,
        /// How much.
        amount: Money,
    }
    /// A payment took its part.
    "store_credit.spent" 1 => CreditSpent {
        /// Which.
        store_credit: StoreCreditId,
        /// By what.
        payment: PaymentId,
        /// How much.
        amount: Money,
    }
    /// What was spent came back.
    "store_credit.given_back" 1 => CreditGivenBack {
        /// Which.
        store_credit: StoreCreditId,
        /// By what.
        payment: PaymentId,
        /// How much.
        amount: Money,
    }
}
