//! What happens to a voucher, as others are told. Its code is for its holders only.

use chrono::{DateTime, Utc};

use crate::id::{PromotionId, VoucherId};

crate::events! { Voucher;
    /// A voucher was issued.
    "voucher.created" 1 => VoucherCreated {
        /// Which.
        voucher: VoucherId,
        /// What it unlocks.
        promotion: PromotionId,
        /// How often it may be used; null for any number of times.
        usage_limit: Option<i32>,
        /// How often one customer may use it; null for any number of times.
        per_customer_limit: Option<i32>,
        /// From when on.
        from: DateTime<Utc>,
        /// Until when; null for ever.
        until: Option<DateTime<Utc>>,
    }
    /// A voucher may be used more or less often than before.
    "voucher.limited" 1 => VoucherLimited {
        /// Which.
        voucher: VoucherId,
        /// How often it may be used; null for any number of times.
        usage_limit: Option<i32>,
        /// How often one customer may use it; null for any number of times.
        per_customer_limit: Option<i32>,
    }
    /// A voucher was withdrawn. Orders that used it keep their discount.
    "voucher.deleted" 1 => VoucherDeleted {
        /// Which.
        voucher: VoucherId,
    }
}
