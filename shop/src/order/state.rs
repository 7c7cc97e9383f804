//! The three machines of an order: its own, and those of its parcels and returns.

use crate::event::Aggregate;
use crate::machine::Machine;

crate::machine::states! {
    /// Where an order is in its life.
    pub enum OrderState of Machine {
        table: "orders",
        history_key: "orders_id",
        aggregate: Aggregate::Order,
        aggregate_key: "id",
    };
    /// Agreed on, not paid yet.
    Placed = "placed",
    /// Paid; its goods may leave.
    Confirmed = "confirmed",
    /// Some of its goods have left.
    PartiallyFulfilled = "partially_fulfilled",
    /// All of its goods have left, except those that were cancelled.
    Fulfilled = "fulfilled",
    /// Some of its goods have come back.
    PartiallyReturned = "partially_returned",
    /// All goods that had left have come back.
    Returned = "returned",
    /// Nothing will be delivered.
    Cancelled = "cancelled",
    /// It was not paid in time.
    Expired = "expired",
}

crate::machine::states! {
    /// Where a parcel is.
    pub enum FulfilmentState of Machine {
        table: "fulfilment",
        history_key: "fulfilment_id",
        aggregate: Aggregate::Order,
        aggregate_key: "order_id",
    };
    /// Being packed; its units are set aside.
    Pending = "pending",
    /// On its way; its units have left the stock.
    Shipped = "shipped",
    /// Arrived.
    Delivered = "delivered",
    /// Never arrived.
    Lost = "lost",
    /// Never left; its units are free again.
    Cancelled = "cancelled",
}

crate::machine::states! {
    /// Where goods are that come back.
    pub enum ReturnState of Machine {
        table: "order_return",
        history_key: "order_return_id",
        aggregate: Aggregate::Order,
        aggregate_key: "order_id",
    };
    /// The customer asks.
    Requested = "requested",
    /// The shop agreed.
    Approved = "approved",
    /// The goods are here; their money is owed.
    Received = "received",
    /// Their money was given back.
    Completed = "completed",
    /// The shop did not agree.
    Rejected = "rejected",
    /// Nothing was sent.
    Cancelled = "cancelled",
}
