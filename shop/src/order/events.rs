//! What happens to an order, its parcels and its returns, as others are told.

use crate::id::OrderId;

crate::events! { Order;
    /// It is paid; its goods may leave.
    "order.confirmed" 1 => OrderConfirmed {
        /// Which.
        order: OrderId,
    }
}
