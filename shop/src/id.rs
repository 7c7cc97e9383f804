//! Typed ids: a UUID of version 7, shown with a prefix that says what it names.
//!
//! In: the 16 bytes of the database, or text such as `pay_0192f0c1...`. Out: one type per kind of
//! object, so that the id of an order is never taken for that of a payment.
//!
//! **Invariant**: does not know whether anything has the id.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// The prefix is missing or that of another kind.
    #[error("an id of this kind begins with `{expected}_`")]
    Prefix {
        /// The prefix of the kind that was asked for.
        expected: &'static str,
    },
    /// What follows the prefix is not 32 hexadecimal digits in lower case.
    #[error("after its prefix an id has 32 hexadecimal digits in lower case")]
    Digits,
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, ParseIdError> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(ParseIdError::Prefix { expected: prefix })?;
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() != 32 || !digits.bytes().all(lower_hex) {
        return Err(ParseIdError::Digits);
    }
    Uuid::try_parse(digits).map_err(|_| ParseIdError::Digits)
}

/// A kind of id.
pub trait Id: Copy + fmt::Display {
    /// What the text form begins with.
    const PREFIX: &'static str;

    /// The id with these 16 bytes.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The 16 bytes, as the database stores them.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text, $prefix).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let pattern = concat!("^", $prefix, "_[0-9a-f]{32}$");
                schemars::json_schema!({ "type": "string", "pattern": pattern })
            }
        }

        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <Uuid as sqlx::Type<sqlx::Postgres>>::type_info()
            }
        }

        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <Uuid as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl<'q> sqlx::Encode<'q, sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <Uuid as sqlx::Encode<'q, sqlx::Postgres>>::encode_by_ref(&self.0, buffer)
            }
        }

        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $name {
            fn decode(
                value: sqlx::postgres::PgValueRef<'r>,
            ) -> Result<Self, sqlx::error::BoxDynError> {
                <Uuid as sqlx::Decode<'r, sqlx::Postgres>>::decode(value).map(Self)
            }
        }
    )*};
}

ids! {
    /// A product.
    ProductId "prod";
    /// A variant of a product: a stock-keeping unit.
    VariantId "var";
    /// A price of a variant.
    PriceId "price";
    /// A tax rule.
    TaxRuleId "taxr";
    /// A customer.
    CustomerId "cus";
    /// An address of a customer.
    AddressId "addr";
    /// A place that holds stock.
    LocationId "loc";
    /// A claim on stock.
    ReservationId "res";
    /// A delivery, stock-take or write-off that moves stock.
    StockOperationId "sop";
    /// Stock on its way from one location to another.
    StockTransferId "str";
    /// One variant of a transfer.
    StockTransferLineId "strl";
    /// A cart.
    CartId "cart";
    /// A bearer token's row; the token itself is never an id.
    CartSessionId "sess";
    /// A promotion.
    PromotionId "promo";
    /// A voucher.
    VoucherId "vou";
    /// What shipping costs to a country.
    ShippingRateId "ship";
    /// An order.
    OrderId "ord";
    /// One variant of an order.
    OrderLineId "ordl";
    /// A part of a discount, or a rounding.
    AdjustmentId "adj";
    /// Units of an order that will not be served.
    CancellationId "can";
    /// A parcel.
    FulfilmentId "ful";
    /// Units of one order line in a parcel.
    FulfilmentLineId "full";
    /// Goods that come back.
    ReturnId "ret";
    /// Units of one order line that come back.
    ReturnLineId "retl";
    /// A stored way to pay.
    PaymentMethodId "pm";
    /// A payment.
    PaymentId "pay";
    /// One request to authorise or charge.
    AttemptId "att";
    /// A capture.
    CaptureId "cap";
    /// Authorised money that is given up.
    VoidId "void";
    /// A refund.
    RefundId "ref";
    /// A dispute.
    DisputeId "dis";
    /// A gift card, or the credit of a customer.
    StoreCreditId "sc";
    /// A movement of a store credit.
    StoreCreditEntryId "sce";
    /// An event of the outbox.
    EventId "evt";
    /// Where events are sent to.
    WebhookEndpointId "we";
    /// A signing key of an endpoint.
    WebhookSecretId "whs";
    /// One event for one endpoint.
    WebhookDeliveryId "whd";
    /// An API key's row; the key itself is never an id.
    ApiKeyId "key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = PaymentId::from_uuid(Uuid::now_v7());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().starts_with("pay_"));
    }

    #[test]
    fn another_kind_s_id_is_refused_by_its_prefix() {
        let order = OrderId::from_uuid(Uuid::now_v7()).to_string();
        assert_eq!(order.parse::<PaymentId>(), Err(ParseIdError::Prefix { expected: "pay" }));
        // `str_` is not `strl_`, although it begins alike.
        let line = StockTransferLineId::from_uuid(Uuid::now_v7()).to_string();
        assert_eq!(line.parse::<StockTransferId>(), Err(ParseIdError::Prefix { expected: "str" }));
    }

    #[test]
    fn anything_but_32_small_digits_is_refused() {
        for digits in [
            "",
            "0",
            "0192f0c1-0000-7000-8000-000000000000",
            "0192F0C1000070008000000000000000",
            "0192f0c100007000800000000000000g",
            "0192f0c10000700080000000000000000",
            "٠192f0c1000070008000000000000000",
        ] {
            let text = format!("pay_{digits}");
            assert_eq!(text.parse::<PaymentId>(), Err(ParseIdError::Digits), "{text}");
        }
    }
}
