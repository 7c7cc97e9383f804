//! Ways to pay: what customers type, checked, and what is stored of it.
//!
//! In: numbers, tokens and codes as text. Out: types that hold only valid ones, and rows that hold
//! what may be kept: the provider's token, the brand, the last four digits, the expiry.
//!
//! **Invariant**: numbers of cards and accounts live in memory only, on their way to the provider,
//! and none of the types here shows what is secret.

mod account;
mod card;
mod gift_card;
mod input;
mod store;

pub use account::{AccountError, AccountNumber};
pub use card::{Brand, CardDetails, CardError, CardNumber, Cvc, Expiry};
pub use gift_card::{GiftCardCode, GiftCardCodeError};
pub use input::{MethodError, MethodForm, NewMethod, Wallet};
pub use store::{
    ChangeMethodError, StoreMethod, StoreMethodError, StoredMethod, delete_method,
    set_default_method, store_method,
};
