//! The aggregates that events are about.

/// What an event is about. Events of one object come in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// A product.
    Product,
    /// A variant, with its prices and stock.
    Variant,
    /// A customer.
    Customer,
    /// A cart.
    Cart,
    /// A reservation.
    Reservation,
    /// A transfer.
    StockTransfer,
    /// A voucher.
    Voucher,
    /// An order, with its fulfilments and returns.
    Order,
    /// A payment, with its captures, refunds and disputes.
    Payment,
    /// A gift card or store credit.
    StoreCredit,
}

impl Aggregate {
    /// Every aggregate.
    pub const ALL: &'static [Self] = &[
        Self::Product,
        Self::Variant,
        Self::Customer,
        Self::Cart,
        Self::Reservation,
        Self::StockTransfer,
        Self::Voucher,
        Self::Order,
        Self::Payment,
        Self::StoreCredit,
    ];

    /// The name in the outbox and at the beginning of its event types.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Variant => "variant",
            Self::Customer => "customer",
            Self::Cart => "cart",
            Self::Reservation => "reservation",
            Self::StockTransfer => "stock_transfer",
            Self::Voucher => "voucher",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::StoreCredit => "store_credit",
        }
    }

    /// The table whose `event_seq` numbers its events.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Order => "orders",
            other => other.name(),
        }
    }
}
