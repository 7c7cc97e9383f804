//! The port behind which money moves, and who stands behind it.
//!
//! In: an [`Ask`], whose key is the id of a row that is committed already. Out: an [`Answer`], or
//! that none came. Asking the same again under the same key is safe: a provider acts once per key
//! and answers what became of it, however often it is asked.
//!
//! **Invariant**: no provider knows our tables of payments; and none of them is asked inside a
//! transaction.

pub mod fake;
mod internal;
mod manual;

pub use internal::{BookError, InternalProvider};
pub use manual::ManualProvider;

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use super::method::{AccountNumber, CardDetails, GiftCardCode};
use super::reference::{ProviderReference, SecretToken};
use crate::id::{PaymentId, StoreCreditId};
use crate::money::Money;
use crate::value::Slug;

/// Whom the money comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A token of the provider, or of a wallet.
    Token(SecretToken),
    /// An account here.
    Credit(StoreCreditId),
    /// A gift card that is not stored with a customer.
    GiftCard(GiftCardCode),
    /// Nothing is needed: the customer comes with the money, or is sent to where it is.
    Customer,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Hold the money.
    Authorize {
        /// From whom. None when that is not known any more: a provider that has not heard of the
        /// key then declines it for good, so that nothing can come of it later.
        source: Option<Source>,
        /// The authorisation that this one takes the place of.
        replaces: Option<ProviderReference>,
    },
    /// Take the money at once.
    Purchase {
        /// As above.
        source: Option<Source>,
    },
    /// Give up the attempt of this key, unless it has succeeded.
    Cancel,
    /// Take held money.
    Capture {
        /// The authorisation.
        of: ProviderReference,
    },
    /// Give up held money.
    Void {
        /// The authorisation.
        of: ProviderReference,
    },
    /// Give taken money back.
    Refund {
        /// The authorisation or purchase.
        of: ProviderReference,
    },
}

/// A question to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The id of our row: the provider acts once per key.
    pub key: Uuid,
    /// Which payment it is about.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// The same in the provider's own minor units.
    pub units: i64,
    /// What is asked.
    pub what: What,
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The customer, or for a refund we, must do something first.
    RequiresAction {
        /// The provider's name of it.
        reference: ProviderReference,
    },
    /// The provider will tell later.
    Pending {
        /// The provider's name of it.
        reference: ProviderReference,
    },
    /// The money is held.
    Authorized {
        /// The provider's name of it.
        reference: ProviderReference,
    },
    /// Done: the money was taken, given up or given back.
    Succeeded {
        /// The provider's name of it.
        reference: ProviderReference,
    },
    /// Not this time; another method may do.
    Declined {
        /// Why.
        code: Slug,
    },
    /// Not at all; or what had succeeded was returned.
    Failed {
        /// Why.
        code: Slug,
    },
    /// It was called off.
    Canceled,
}

/// No answer: whether the provider has acted is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It took too long.
    #[error("the provider did not answer in time")]
    TimedOut,
    /// The connection broke, or there was none.
    #[error("the provider could not be reached")]
    Unreachable,
}

/// What must not be stored here and is given to the provider for a token.
pub enum Sensitive<'a> {
    /// A card.
    Card(&'a CardDetails),
    /// A bank account.
    Account(&'a AccountNumber),
}

impl fmt::Debug for Sensitive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(..)")
    }
}

/// What a provider gives for a card or an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokenized {
    /// With it the provider finds the card again.
    pub token: SecretToken,
    /// The same card gives the same value.
    pub fingerprint: ProviderReference,
}

/// Why a provider gave no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenizeError {
    /// It keeps no such methods.
    #[error("the provider keeps no methods of this kind")]
    Unsupported,
    /// It does not take this one.
    #[error("the provider refused the method")]
    Refused,
    /// No answer; nothing that matters has happened.
    #[error(transparent)]
    Unanswered(#[from] AskError),
}

/// Who moves the money.
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync {
    /// Its code in the table `provider`.
    fn code(&self) -> &str;

    /// Whether it takes money without holding it first.
    fn purchases(&self) -> bool {
        true
    }

    /// Keeps a card or an account and gives a token for it.
    async fn tokenize(&self, sensitive: Sensitive<'_>) -> Result<Tokenized, TokenizeError>;

    /// Does what is asked, once per key, and says what became of it.
    async fn ask(&self, ask: &Ask) -> Result<Answer, AskError>;
}
