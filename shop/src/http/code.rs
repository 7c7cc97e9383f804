//! The codes of problems: one per meaning, for good.
//!
//! In: nothing. Out: [`Code`], with its HTTP status and its title, and which constraint of the
//! database means which.
//!
//! **Invariant**: a code that was released is neither renamed nor given another status.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:ident $title:literal;)*) => {
        /// What a problem means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as programs read it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means, for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

codes! {
    // The request itself.
    BodyNotJson = "body_not_json" BAD_REQUEST "The body is not JSON";
    BodyInvalid = "body_invalid" UNPROCESSABLE_ENTITY "The body is not what this route takes";
    BodyTooLarge = "body_too_large" PAYLOAD_TOO_LARGE "The body is too large";
    PathInvalid = "path_invalid" BAD_REQUEST "A part of the path is not of its form";
    QueryInvalid = "query_invalid" BAD_REQUEST "A query parameter is not of its form";
    HeaderInvalid = "header_invalid" BAD_REQUEST "A header is not of its form";
    ValueRefused = "value_refused" UNPROCESSABLE_ENTITY "A value is not one that can be stored";
    MediaTypeUnsupported = "media_type_unsupported" UNSUPPORTED_MEDIA_TYPE
        "The body must be application/json";
    NotAcceptable = "not_acceptable" NOT_ACCEPTABLE "Answers are application/json";
    RouteNotFound = "route_not_found" NOT_FOUND "There is nothing at this path";
    MethodNotAllowed = "method_not_allowed" METHOD_NOT_ALLOWED "The path has no such method";

    // Who asks, and how often.
    CredentialsMissing = "credentials_missing" UNAUTHORIZED "A bearer token is needed";
    CredentialsInvalid = "credentials_invalid" UNAUTHORIZED "The bearer token is not valid";
    ScopeMissing = "scope_missing" FORBIDDEN "The bearer token does not allow this";
    RateLimited = "rate_limited" TOO_MANY_REQUESTS "Too many requests";

    // The service.
    Overloaded = "overloaded" SERVICE_UNAVAILABLE "Too much is under way";
    Unavailable = "unavailable" SERVICE_UNAVAILABLE "The database cannot be reached";
    TimedOut = "timed_out" SERVICE_UNAVAILABLE "The answer took too long";
    Busy = "busy" CONFLICT "Others are changing the same at the same time";
    Internal = "internal" INTERNAL_SERVER_ERROR "The service failed";

    // Webhooks.
    SignatureInvalid = "signature_invalid" UNAUTHORIZED "The signature does not fit";
    WebhookEndpointNotFound = "webhook_endpoint_not_found" NOT_FOUND
        "There is no such webhook endpoint";
    WebhookEndpointExists = "webhook_endpoint_exists" CONFLICT
        "Another webhook endpoint has this URL";
    WebhookUrlNotEncrypted = "webhook_url_not_encrypted" UNPROCESSABLE_ENTITY
        "Only the service's own machine is reached without encryption";
    EventTypeUnknown = "event_type_unknown" UNPROCESSABLE_ENTITY "There is no such type of event";
    EventTypesMissing = "event_types_missing" UNPROCESSABLE_ENTITY
        "At least one type of event is needed";
    WebhookDeliveryNotFound = "webhook_delivery_not_found" NOT_FOUND "There is no such delivery";
    WebhookDeliveryClosed = "webhook_delivery_closed" CONFLICT
        "The delivery was accepted or cancelled";
    WebhookDeliveryTriedTooOften = "webhook_delivery_tried_too_often" CONFLICT
        "The delivery was tried as often as it may be";

    // The catalogue.
    ProductNotFound = "product_not_found" NOT_FOUND "There is no such product";
    TaxClassUnknown = "tax_class_unknown" UNPROCESSABLE_ENTITY "There is no such tax class";
}

/// What a refusal by this constraint means; none for a name that no migration declares.
pub fn of_constraint(constraint: &str) -> Option<Code> {
    match constraint {
        "product_taxed_by_a_class" => Some(Code::TaxClassUnknown),
        _ => None,
    }
}
