//! A new method, of any type, from what a form holds.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{AccountError, AccountNumber, CardDetails, CardError, GiftCardCode, GiftCardCodeError};
use crate::id::{ParseIdError, StoreCreditId};
use crate::payment::MethodType;
use crate::payment::reference::{ProviderReference, ReferenceError, SecretToken};
use crate::payment::terms::words;
use crate::value::{Slug, TextError};

words! {
    /// Whose wallet it is.
    pub enum Wallet;
    /// Apple Pay.
    ApplePay = "apple_pay",
    /// Google Pay.
    GooglePay = "google_pay",
    /// PayPal.
    PayPal = "paypal",
}

/// Why a method is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// A field that the type needs is absent.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field that the type does not have is present.
    #[error("`{0}` does not belong to a method of this type")]
    Unexpected(&'static str),
    /// The card.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The gift card.
    #[error(transparent)]
    GiftCard(#[from] GiftCardCodeError),
    /// A token or a mandate.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The name of a wallet, bank or lender.
    #[error(transparent)]
    Name(#[from] TextError),
    /// The id of a credit.
    #[error(transparent)]
    Id(#[from] ParseIdError),
}

/// A way to pay as its owner gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewMethod {
    /// A card.
    Card(CardDetails),
    /// A wallet and its token.
    Wallet {
        /// Whose.
        wallet: Wallet,
        /// What it gave for the payment.
        token: SecretToken,
    },
    /// The customer transfers the money.
    BankTransfer,
    /// We collect from an account, which its owner has permitted.
    BankDebit {
        /// The account.
        account: AccountNumber,
        /// The permission.
        mandate: ProviderReference,
    },
    /// The customer approves at a bank's pages.
    BankRedirect {
        /// The bank, or the scheme of banks.
        bank: Slug,
    },
    /// A lender pays now.
    PayLater {
        /// Who.
        lender: Slug,
        /// What the lender gave for the customer.
        token: SecretToken,
    },
    /// A slip that is paid in a shop.
    Voucher {
        /// The scheme.
        scheme: Slug,
    },
    /// A gift card.
    GiftCard(GiftCardCode),
    /// A credit that the customer has here.
    StoreCredit {
        /// Which.
        account: StoreCreditId,
    },
    /// The courier takes the money.
    CashOnDelivery,
}

impl NewMethod {
    /// Of which type it is.
    pub const fn method_type(&self) -> MethodType {
        match self {
            Self::Card(_) => MethodType::Card,
            Self::Wallet { .. } => MethodType::Wallet,
            Self::BankTransfer => MethodType::BankTransfer,
            Self::BankDebit { .. } => MethodType::BankDebit,
            Self::BankRedirect { .. } => MethodType::BankRedirect,
            Self::PayLater { .. } => MethodType::PayLater,
            Self::Voucher { .. } => MethodType::Voucher,
            Self::GiftCard(_) => MethodType::GiftCard,
            Self::StoreCredit { .. } => MethodType::StoreCredit,
            Self::CashOnDelivery => MethodType::CashOnDelivery,
        }
    }
}

/// The fields of a form; which of them are needed is a matter of the type. Shows nothing of them.
#[derive(Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MethodForm {
    /// The number of a card.
    pub number: Option<String>,
    /// `12/30`.
    pub expiry: Option<String>,
    /// The security code of a card.
    pub cvc: Option<String>,
    /// A token of a wallet or lender.
    pub token: Option<String>,
    /// The wallet, bank, lender or scheme.
    pub name: Option<String>,
    /// An account.
    pub iban: Option<String>,
    /// The permission to debit it.
    pub mandate: Option<String>,
    /// The code of a gift card.
    pub code: Option<String>,
    /// The id of a credit.
    pub account: Option<String>,
}

impl fmt::Debug for MethodForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodForm(..)")
    }
}

impl MethodForm {
    /// The method of type `kind` that the form describes.
    ///
    /// # Errors
    /// A field that is missing, does not belong there, or is not valid.
    pub fn read(mut self, kind: MethodType, now: DateTime<Utc>) -> Result<NewMethod, MethodError> {
        fn need(field: &mut Option<String>, name: &'static str) -> Result<String, MethodError> {
            field.take().ok_or(MethodError::Missing(name))
        }
        let method = match kind {
            MethodType::Card => {
                let number = need(&mut self.number, "number")?.parse()?;
                let expiry = need(&mut self.expiry, "expiry")?.parse()?;
                let cvc = self.cvc.take().map(|cvc| cvc.parse()).transpose()?;
                NewMethod::Card(CardDetails::new(number, expiry, cvc, now)?)
            }
            MethodType::Wallet => NewMethod::Wallet {
                wallet: need(&mut self.name, "name")?.parse()?,
                token: need(&mut self.token, "token")?.parse()?,
            },
            MethodType::BankTransfer => NewMethod::BankTransfer,
            MethodType::BankDebit => NewMethod::BankDebit {
                account: need(&mut self.iban, "iban")?.parse()?,
                mandate: need(&mut self.mandate, "mandate")?.parse()?,
            },
            MethodType::BankRedirect => {
                NewMethod::BankRedirect { bank: need(&mut self.name, "name")?.parse()? }
            }
            MethodType::PayLater => NewMethod::PayLater {
                lender: need(&mut self.name, "name")?.parse()?,
                token: need(&mut self.token, "token")?.parse()?,
            },
            MethodType::Voucher => {
                NewMethod::Voucher { scheme: need(&mut self.name, "name")?.parse()? }
            }
            MethodType::GiftCard => NewMethod::GiftCard(need(&mut self.code, "code")?.parse()?),
            MethodType::StoreCredit => {
                NewMethod::StoreCredit { account: need(&mut self.account, "account")?.parse()? }
            }
            MethodType::CashOnDelivery => NewMethod::CashOnDelivery,
        };
        match self.left_over() {
            Some(name) => Err(MethodError::Unexpected(name)),
            None => Ok(method),
        }
    }

    /// A field that nothing was read from.
    fn left_over(&self) -> Option<&'static str> {
        [
            ("number", &self.number),
            ("expiry", &self.expiry),
            ("cvc", &self.cvc),
            ("token", &self.token),
            ("name", &self.name),
            ("iban", &self.iban),
            ("mandate", &self.mandate),
            ("code", &self.code),
            ("account", &self.account),
        ]
        .into_iter()
        .find_map(|(name, field)| field.is_some().then_some(name))
    }
}
