//! Events of a store_credit.

crate::events! { StoreCredit;
}
