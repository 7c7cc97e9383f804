//! Inventory: how much of what is where, and to whom it is promised.
//!
//! In: deliveries, counts, transfers, and the wishes of carts. Out: reservations, which are the
//! only promise of stock there is, and a ledger of movements that equals the levels.
//!
//! **Invariant**: no number of units is read and then believed. A level is locked or guarded when
//! it changes, and its CHECK decides.

mod allocate;
mod batch;
mod commit;
mod correct;
pub mod events;
mod hold;
mod hot;
pub(crate) mod http;
mod level;
mod location;
mod receive;
mod release;
mod reservation;
mod transfer;

pub use allocate::{Strategy, Supply, Take, allocate};
pub use commit::{CommitError, WithdrawError, Withdrawn, commit, settle, withdraw};
pub use correct::{
    Basis, CorrectError, SetBackorderLimit, SetBackorderLimitError, StockLevel, StockTake,
    WriteOff, adjust, find_level, set_backorder_limit, write_off,
};
pub(crate) use correct::{adjust_within, write_off_within};
pub use hold::{HoldError, HoldLine, hold};
pub(crate) use hot::{AnswerOfHold, HoldKey};
pub use hot::{HotHold, HotHoldError, HotHolds};
pub use location::{
    CreateLocation, CreateLocationError, DeleteLocationError, create_location, delete_location,
};
pub(crate) use receive::receive_within;
pub use receive::{Receive, ReceiveError, ReceivedLine, receive};
pub use release::{ExtendError, ReleaseError, Swept, extend, release, release_cart, sweep};
pub use reservation::{Reservation, ReservationState};
pub use transfer::{
    DraftTransfer, DraftTransferError, TransferError, TransferState, transfer_cancel,
    transfer_draft, transfer_receive, transfer_send,
};
pub(crate) use transfer::{
    transfer_cancel_within, transfer_draft_within, transfer_receive_within, transfer_send_within,
};
