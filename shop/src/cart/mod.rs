//! Carts: what somebody is about to buy, at prices that hold.
//!
//! In: a customer or a guest with a session, variants and quantities. Out: a cart whose lines are
//! at listed prices, held in checkout, ready to become an order.
//!
//! Every operation locks the cart's row first, so what a cart contains is never changed by two at
//! once, and nothing slips into one that is being paid for.
//!
//! **Invariant**: a line's price is one of the list, and stays what the customer was shown until
//! the prices expire; after that the customer is told before it changes.

mod access;
mod checkout;
mod close;
mod create;
mod line;
mod merge;
mod one_line;
mod price;
mod session;
mod state;
mod view;
mod voucher;

pub mod events;
pub(crate) mod http;

pub(crate) use access::lock as lock_for_order;
pub use access::{CartRefusal, CartRequest, Shopper};
pub(crate) use checkout::begin_checkout_within;
pub use checkout::{
    BeginCheckoutError, Checkout, HOLD_LIFE, LeaveCheckoutError, begin_checkout, leave_checkout,
};
pub use close::{AbandonError, abandon, expire_due};
pub use create::{Create, CreateError, Created, create};
pub use line::{
    AddLineError, RemoveLineError, SetLine, SetQuantityError, add_line, remove_line, set_quantity,
};
pub use merge::{LeftBehind, LeftReason, LogInError, LoggedIn, log_in};
pub use price::{PRICE_LIFE, PriceChange, RepriceError, Repriced, reprice};
pub use session::{
    OpenSessionError, ParseTokenError, SESSION_LIFE, SessionError, SessionToken, find_by_session,
    find_session, open_session, revoke_session,
};
pub use state::CartState;
pub use view::{CartLine, CartView, ViewError, view};
pub use voucher::{EnterVoucherError, WithdrawVoucherError, enter_voucher, withdraw_voucher};
