//! Events of a transfer.

crate::events! { StockTransfer;
}
