//! The domain's values as the document describes them: from the JSON Schemas that events have.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::{cart, catalog, customer, id, inventory, money, order, payment, pricing, value};

/// The schema of a type as OpenAPI writes it.
fn shape<T: schemars::JsonSchema>() -> RefOr<Schema> {
    let mut schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>().to_value();
    if let Some(members) = schema.as_object_mut() {
        members.remove("$schema");
        members.remove("title");
        // An enum of words, each with a description, is a list of words here.
        let words: Option<Vec<Value>> = members
            .get("oneOf")
            .and_then(Value::as_array)
            .and_then(|all| all.iter().map(|one| one.get("const").cloned()).collect());
        if let Some(words) = words {
            members.remove("oneOf");
            members.insert("type".to_owned(), json!("string"));
            members.insert("enum".to_owned(), Value::Array(words));
        }
    }
    serde_json::from_value(schema).map_or_else(|_| Schema::default().into(), RefOr::T)
}

macro_rules! described {
    ($($type:ty = $name:literal),* $(,)?) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                shape::<$type>()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    )*};
}

described! {
    value::Label = "Label",
    value::Slug = "Slug",
    value::Quantity = "Quantity",
    value::Country = "Country",
    money::Currency = "Currency",
    catalog::Sku = "Sku",
    catalog::Description = "Description",
    catalog::ProductStatus = "ProductStatus",
    customer::Email = "Email",
    customer::Phone = "Phone",
    customer::Postcode = "Postcode",
    customer::AddressKind = "AddressKind",
    cart::CartState = "CartState",
    inventory::ReservationState = "ReservationState",
    inventory::TransferState = "TransferState",
    order::OrderState = "OrderState",
    order::FulfilmentState = "FulfilmentState",
    order::ReturnState = "ReturnState",
    payment::PaymentState = "PaymentState",
    payment::CaptureState = "CaptureState",
    payment::RefundState = "RefundState",
    payment::DisputeState = "DisputeState",
    payment::MethodType = "MethodType",
    payment::CaptureMode = "CaptureMode",
    payment::RefundReason = "RefundReason",
    id::ProductId = "ProductId",
    id::VariantId = "VariantId",
    id::PriceId = "PriceId",
    id::CustomerId = "CustomerId",
    id::AddressId = "AddressId",
    id::LocationId = "LocationId",
    id::ReservationId = "ReservationId",
    id::StockOperationId = "StockOperationId",
    id::StockTransferId = "StockTransferId",
    id::StoreCreditId = "StoreCreditId",
    id::CartId = "CartId",
    id::PromotionId = "PromotionId",
    id::VoucherId = "VoucherId",
    id::OrderId = "OrderId",
    id::OrderLineId = "OrderLineId",
    id::FulfilmentId = "FulfilmentId",
    id::ReturnId = "ReturnId",
    id::PaymentMethodId = "PaymentMethodId",
    id::PaymentId = "PaymentId",
    id::AttemptId = "AttemptId",
    id::CaptureId = "CaptureId",
    id::VoidId = "VoidId",
    id::RefundId = "RefundId",
    id::DisputeId = "DisputeId",
    id::EventId = "EventId",
    pricing::VoucherCode = "VoucherCode",
    id::TaxRuleId = "TaxRuleId",
    id::ShippingRateId = "ShippingRateId",
    id::ApiKeyId = "ApiKeyId",
    id::WebhookEndpointId = "WebhookEndpointId",
    id::WebhookSecretId = "WebhookSecretId",
    id::WebhookDeliveryId = "WebhookDeliveryId",
}

/// Written by hand, because the currency inside is a schema of its own.
impl PartialSchema for money::Money {
    fn schema() -> RefOr<Schema> {
        let max = money::MAX_MINOR;
        let schema = json!({
            "type": "object",
            "description": "Whole minor units of a currency: 1999 is 19.99 EUR and 1999 JPY.",
            "required": ["minor", "currency"],
            "properties": {
                "minor": { "type": "integer", "format": "int64", "minimum": -max, "maximum": max },
                "currency": { "$ref": "#/components/schemas/Currency" },
            },
            "additionalProperties": false,
        });
        serde_json::from_value(schema).map_or_else(|_| Schema::default().into(), RefOr::T)
    }
}

impl ToSchema for money::Money {
    fn name() -> Cow<'static, str> {
        "Money".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("Currency".to_owned(), money::Currency::schema()));
    }
}
