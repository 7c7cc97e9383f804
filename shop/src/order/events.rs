//! What happens to an order, its parcels and its returns, as others are told.

use crate::id::{
    CartId, CustomerId, FulfilmentId, LocationId, OrderId, OrderLineId, ReturnId, VoucherId,
};
use crate::money::Money;
use crate::value::Quantity;

crate::events! { Order;
    /// It was agreed on; its stock and vouchers are claimed.
    "order.placed" 1 => OrderPlaced {
        /// Which.
        order: OrderId,
        /// The cart it was.
        cart: CartId,
        /// Who bought; none for a guest.
        customer: Option<CustomerId>,
        /// What is to be paid.
        total: Money,
        /// How many lines it has.
        lines: u32,
        /// The vouchers that it used.
        vouchers: Vec<VoucherId>,
    }
    /// It is paid; its goods may leave.
    "order.confirmed" 1 => OrderConfirmed {
        /// Which.
        order: OrderId,
    }
    /// Units of it will not be delivered.
    "order.units_cancelled" 1 => OrderUnitsCancelled {
        /// Which order.
        order: OrderId,
        /// Of which line.
        line: OrderLineId,
        /// How many.
        quantity: Quantity,
        /// What they are worth.
        amount: Money,
    }
    /// Nothing of it will be delivered.
    "order.cancelled" 1 => OrderCancelled {
        /// Which.
        order: OrderId,
    }
    /// It was not paid in time.
    "order.expired" 1 => OrderExpired {
        /// Which.
        order: OrderId,
    }
    /// Some of its goods have left.
    "order.partially_fulfilled" 1 => OrderPartiallyFulfilled {
        /// Which.
        order: OrderId,
    }
    /// All of its goods have left.
    "order.fulfilled" 1 => OrderFulfilled {
        /// Which.
        order: OrderId,
    }
    /// Some of its goods have come back.
    "order.partially_returned" 1 => OrderPartiallyReturned {
        /// Which.
        order: OrderId,
    }
    /// All of its goods have come back.
    "order.returned" 1 => OrderReturned {
        /// Which.
        order: OrderId,
    }
    /// A parcel is being packed.
    "order.fulfilment_created" 1 => FulfilmentCreated {
        /// Which order.
        order: OrderId,
        /// Which parcel.
        fulfilment: FulfilmentId,
        /// Where it leaves from.
        location: LocationId,
    }
    /// A parcel has left.
    "order.fulfilment_shipped" 1 => FulfilmentShipped {
        /// Which order.
        order: OrderId,
        /// Which parcel.
        fulfilment: FulfilmentId,
    }
    /// A parcel has arrived.
    "order.fulfilment_delivered" 1 => FulfilmentDelivered {
        /// Which order.
        order: OrderId,
        /// Which parcel.
        fulfilment: FulfilmentId,
    }
    /// A parcel will not arrive.
    "order.fulfilment_lost" 1 => FulfilmentLost {
        /// Which order.
        order: OrderId,
        /// Which parcel.
        fulfilment: FulfilmentId,
    }
    /// A parcel is not sent.
    "order.fulfilment_cancelled" 1 => FulfilmentCancelled {
        /// Which order.
        order: OrderId,
        /// Which parcel.
        fulfilment: FulfilmentId,
    }
    /// The customer wants to send goods back.
    "order.return_requested" 1 => ReturnRequested {
        /// Which order.
        order: OrderId,
        /// Which return.
        returned: ReturnId,
    }
    /// The shop takes goods back.
    "order.return_approved" 1 => ReturnApproved {
        /// Which order.
        order: OrderId,
        /// Which return.
        returned: ReturnId,
    }
    /// The shop does not take goods back.
    "order.return_rejected" 1 => ReturnRejected {
        /// Which order.
        order: OrderId,
        /// Which return.
        returned: ReturnId,
    }
    /// The customer keeps the goods.
    "order.return_cancelled" 1 => ReturnCancelled {
        /// Which order.
        order: OrderId,
        /// Which return.
        returned: ReturnId,
    }
    /// Goods have come back; their money is owed.
    "order.return_received" 1 => ReturnReceived {
        /// Which order.
        order: OrderId,
        /// Which return.
        returned: ReturnId,
        /// What they are worth.
        amount: Money,
    }
    /// The money of goods that came back was given back.
    "order.return_completed" 1 => ReturnCompleted {
        /// Which order.
        order: OrderId,
        /// Which return.
        returned: ReturnId,
    }
}
