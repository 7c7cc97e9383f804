//! Events: what happened, told in the transaction in which it happened.
//!
//! In: typed events of the aggregates. Out: rows of the outbox, numbered per aggregate without a
//! gap, which the worker publishes at least once and in order.
//!
//! **Invariant**: an event is written by the transaction of its change or not at all; its type is
//! one of [`catalogue`], which is also a table.

mod aggregate;
mod append;
mod catalogue;
pub(crate) mod http;
mod inbox;
mod publish;
pub mod webhook;

pub use aggregate::Aggregate;
pub(crate) use append::Columns;
pub use append::{append, append_each, payload};
pub use catalogue::{EventType, catalogue, migration};
pub use inbox::handle_once;
pub use publish::{
    Batch, Envelope, NotifyPublisher, PublishError, Published, Publisher, Stuck, Worker,
    publish_batch, publish_except,
};

/// Something that happened to an aggregate.
pub trait Event: serde::Serialize + schemars::JsonSchema + Sync {
    /// Its name in the catalogue: `payment.captured`.
    const TYPE: &'static str;
    /// The version of its payload's schema, from 1.
    const VERSION: i16;
    /// Whose event it is.
    const AGGREGATE: Aggregate;
}

/// Declares the events of one aggregate, and the function `types` that lists them.
///
/// ```
/// shop::events! { Cart;
///     /// A cart was made.
///     "cart.created" 1 => CartCreated {
///         /// Which.
///         cart: shop::id::CartId,
///     }
/// }
/// # use shop::event::Event as _;
/// assert_eq!(CartCreated::TYPE, "cart.created");
/// assert_eq!(types().len(), 1);
/// ```
#[macro_export]
macro_rules! events {
    (
        $aggregate:ident;
        $(
            $(#[$doc:meta])*
            $type:literal $version:literal => $name:ident {
                $($(#[$field_doc:meta])* $field:ident: $field_type:ty,)*
            }
        )*
    ) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
            #[derive(schemars::JsonSchema)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $field_type,)*
            }

            impl $crate::event::Event for $name {
                const TYPE: &'static str = $type;
                const VERSION: i16 = $version;
                const AGGREGATE: $crate::event::Aggregate = $crate::event::Aggregate::$aggregate;
            }
        )*

        /// The types of these events, for the catalogue.
        pub fn types() -> Vec<$crate::event::EventType> {
            vec![$($crate::event::EventType::of::<$name>()),*]
        }
    };
}
