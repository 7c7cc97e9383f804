//! Orders: placed from a cart, paid, fulfilled, cancelled, returned.
//!
//! In: a cart in checkout, later what is shipped, cancelled and sent back. Out: an order whose
//! totals are the contract with the customer, and at every step the money that is owed back.
//!
//! Everything that belongs to an order is changed under the lock of its row, and its state follows
//! from where its units are.
//!
//! **Invariant**: moves no money; it says how much must move, and payments do it.

mod access;
mod cancel;
mod confirm;
mod expire;
mod fulfil;
mod owed;
mod parcel;
mod place;
mod receive;
mod returns;
mod settle;
mod state;
mod units;
mod view;

pub mod events;
pub(crate) mod http;

pub use access::OrderRefusal;
pub(crate) use cancel::cancel_within;
pub use cancel::{Cancel, CancelError, Cancelled, cancel};
pub use confirm::{ConfirmError, Confirmed, confirm};
pub use expire::{PAYMENT_WAIT, expire_unpaid};
pub(crate) use fulfil::fulfil_within;
pub use fulfil::{FulfilError, Parcel, Wanted, fulfil};
pub use owed::{Owed, OwedError, OwedLine, owed};
pub use parcel::{ParcelError, Shipment, cancel_fulfilment, deliver, lose, ship};
pub(crate) use parcel::{cancel_fulfilment_within, deliver_within, lose_within, ship_within};
pub(crate) use place::place_within;
pub use place::{Place, PlaceError, Placed, place};
pub(crate) use receive::receive_return_within;
pub use receive::{ReceiveReturn, ReceiveReturnError, ReturnReceipt, receive_return};
pub use returns::{
    RequestReturn, RequestReturnError, ReturnError, approve_return, cancel_return, complete_return,
    reject_return, request_return,
};
pub(crate) use returns::{
    approve_return_within, cancel_return_within, complete_return_within, reject_return_within,
    request_return_within,
};
pub use state::{FulfilmentState, OrderState, ReturnState};
pub use units::{OwedUnits, Units, UnitsRefusal};
pub use view::{OrderLine, OrderView, ViewError, view};
