//! Events of a transfer.

use crate::id::{LocationId, StockTransferId, VariantId};
use crate::value::Quantity;

/// Units of one variant in a transfer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferLine {
    /// Of which variant.
    pub variant: VariantId,
    /// How many were sent.
    pub quantity: Quantity,
    /// How many arrived; none before they are received, and when nothing arrived.
    pub received: Option<Quantity>,
}

crate::events! { StockTransfer;
    /// A transfer was drafted.
    "stock_transfer.drafted" 1 => TransferDrafted {
        /// Which.
        transfer: StockTransferId,
        /// Where from.
        from: LocationId,
        /// Where to.
        to: LocationId,
        /// What.
        lines: Vec<TransferLine>,
    }
    /// A transfer left.
    "stock_transfer.sent" 1 => TransferSent {
        /// Which.
        transfer: StockTransferId,
    }
    /// A transfer arrived, or what was left of it.
    "stock_transfer.received" 1 => TransferReceived {
        /// Which.
        transfer: StockTransferId,
        /// What.
        lines: Vec<TransferLine>,
    }
    /// A draft was given up.
    "stock_transfer.cancelled" 1 => TransferCancelled {
        /// Which.
        transfer: StockTransferId,
    }
}
