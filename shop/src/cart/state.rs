//! The machine of a cart.

crate::machine::states! {
    /// Where a cart is in its life.
    pub enum CartState of crate::machine::Machine {
        table: "cart",
        history_key: "cart_id",
        aggregate: crate::event::Aggregate::Cart,
        aggregate_key: "id",
    };
    /// Lines come and go.
    Active = "active",
    /// Prices and stock are held; lines are frozen.
    Checkout = "checkout",
    /// It became an order.
    Converted = "converted",
    /// Its owner gave it up.
    Abandoned = "abandoned",
    /// Its time was over.
    Expired = "expired",
    /// Its lines went to another cart.
    Merged = "merged",
}
