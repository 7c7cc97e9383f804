//! Events of stored methods. They are the customer's, whose methods they are.

use crate::id::{CustomerId, PaymentMethodId};
use crate::payment::MethodType;

crate::events! { Customer;
    /// A way to pay was stored.
    "customer.payment_method_stored" 1 => MethodStored {
        /// Whose.
        customer: CustomerId,
        /// Which.
        method: PaymentMethodId,
        /// Of which type.
        method_type: MethodType,
    }
    /// It is the one that is offered first.
    "customer.payment_method_preferred" 1 => MethodPreferred {
        /// Whose.
        customer: CustomerId,
        /// Which.
        method: PaymentMethodId,
    }
    /// It is not to be used any more.
    "customer.payment_method_deleted" 1 => MethodDeleted {
        /// Whose.
        customer: CustomerId,
        /// Which.
        method: PaymentMethodId,
    }
}
