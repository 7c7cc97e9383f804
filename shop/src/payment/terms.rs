//! Words of a payment that the database lists: how, when, why.

/// Declares an enum whose variants are stored as text.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident;
        $($(#[$word_doc:meta])* $word:ident = $text:literal,)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[derive(schemars::JsonSchema)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];

            /// The word as the database writes it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::value::TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$word),)*
                    _ => Err($crate::value::TextError::Form),
                }
            }
        }

        $crate::value::text_in_sql!($name);
    };
}
pub(crate) use words;

words! {
    /// How a payment is made.
    pub enum MethodType;
    /// A credit or debit card.
    Card = "card",
    /// A wallet on the customer's device or at its operator.
    Wallet = "wallet",
    /// The customer transfers the money.
    BankTransfer = "bank_transfer",
    /// We collect the money from the customer's account.
    BankDebit = "bank_debit",
    /// The customer approves at the bank's own pages.
    BankRedirect = "bank_redirect",
    /// Somebody else pays now, the customer later.
    PayLater = "pay_later",
    /// A slip that is paid in a shop.
    Voucher = "voucher",
    /// A gift card of this shop.
    GiftCard = "gift_card",
    /// The credit that the customer has here.
    StoreCredit = "store_credit",
    /// The courier takes the money.
    CashOnDelivery = "cash_on_delivery",
}

words! {
    /// When the money of a payment is taken.
    pub enum CaptureMode;
    /// At once.
    Automatic = "automatic",
    /// Later, in one capture.
    Manual = "manual",
    /// Later, in several captures.
    ManualMultiple = "manual_multiple",
}

words! {
    /// Why money goes back.
    pub enum RefundReason;
    /// The customer asked for it.
    RequestedByCustomer = "requested_by_customer",
    /// The same was paid twice.
    Duplicate = "duplicate",
    /// Somebody else paid with the customer's money.
    Fraudulent = "fraudulent",
    /// It arrived broken.
    Damaged = "damaged",
    /// It did not arrive.
    NotReceived = "not_received",
    /// It came back.
    Returned = "returned",
    /// As the note says.
    Other = "other",
}

impl MethodType {
    /// Whether methods of this type are kept, and paid, by the provider of this code.
    pub fn is_kept_by(self, provider: &str) -> bool {
        match self {
            Self::GiftCard | Self::StoreCredit => provider == "internal",
            Self::CashOnDelivery => provider == "manual",
            Self::BankTransfer => provider != "internal",
            _ => !matches!(provider, "internal" | "manual"),
        }
    }
}
