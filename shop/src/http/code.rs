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

    // Repeated requests.
    IdempotencyKeyMissing = "idempotency_key_missing" BAD_REQUEST
        "The header Idempotency-Key is needed";
    IdempotencyKeyReused = "idempotency_key_reused" UNPROCESSABLE_ENTITY
        "The idempotency key was used for another request";
    RequestInProgress = "request_in_progress" CONFLICT
        "The request with this idempotency key is still running";

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
    // What many have in common.
    VersionMismatch = "version_mismatch" PRECONDITION_FAILED "It has changed since it was seen";
    VersionMissing = "version_missing" PRECONDITION_REQUIRED "The header If-Match is needed";
    TimeInThePast = "time_in_the_past" UNPROCESSABLE_ENTITY "The time is over already";
    NeverValid = "never_valid" UNPROCESSABLE_ENTITY "It would be valid at no time";
    CodeTaken = "code_taken" CONFLICT "Another has this code";
    LimitNotPositive = "limit_not_positive" UNPROCESSABLE_ENTITY "A limit is at least one";
    CurrencyUnknown = "currency_unknown" UNPROCESSABLE_ENTITY "There is no such currency";
    CurrencyMismatch = "currency_mismatch" UNPROCESSABLE_ENTITY "It is in another currency";
    AmountOutOfRange = "amount_out_of_range" UNPROCESSABLE_ENTITY "The amount is out of range";
    AmountNotPositive = "amount_not_positive" UNPROCESSABLE_ENTITY
        "The amount is not more than zero";
    LineTwice = "line_twice" UNPROCESSABLE_ENTITY "The same is named twice";
    NoUnits = "no_units" UNPROCESSABLE_ENTITY "There are no units to do this with";
    TooManyUnits = "too_many_units" CONFLICT "There are not as many units";
    QuantityTooLarge = "quantity_too_large" UNPROCESSABLE_ENTITY "A line does not hold as many";
    CountOutOfRange = "count_out_of_range" UNPROCESSABLE_ENTITY "The number is out of range";
    MoveNotAllowed = "move_not_allowed" CONFLICT "It cannot go from its state to that one";
    // What only a bug of the service can meet: the database refused what the service wrote.
    IdentityTaken = "identity_taken" INTERNAL_SERVER_ERROR
        "The service gave the same identity twice";
    WrittenForGood = "written_for_good" INTERNAL_SERVER_ERROR
        "The service would have changed what is written for good";
    HistoryRefused = "history_refused" INTERNAL_SERVER_ERROR
        "The service would have broken a history";
    SumsRefused = "sums_refused" INTERNAL_SERVER_ERROR
        "The service would have written sums that do not add up";
    BooksRefused = "books_refused" INTERNAL_SERVER_ERROR
        "The service would have written what does not belong together";

    // The catalogue.
    ProductNotFound = "product_not_found" NOT_FOUND "There is no such product";
    ProductUnknown = "product_unknown" UNPROCESSABLE_ENTITY "There is no such product";
    ProductHasVariants = "product_has_variants" CONFLICT "The product has variants";
    VariantNotFound = "variant_not_found" NOT_FOUND "There is no such variant";
    VariantUnknown = "variant_unknown" UNPROCESSABLE_ENTITY "There is no such variant";
    VariantInOpenCart = "variant_in_open_cart" CONFLICT "The variant is in an open cart";
    VariantNotForSale = "variant_not_for_sale" CONFLICT "The variant is not for sale";
    SkuTaken = "sku_taken" CONFLICT "Another variant has this code";
    WeightNegative = "weight_negative" UNPROCESSABLE_ENTITY "A weight is not negative";
    PriceListUnknown = "price_list_unknown" UNPROCESSABLE_ENTITY "There is no such price list";
    PriceOverlaps = "price_overlaps" CONFLICT "Another price is valid at that time";
    TaxClassUnknown = "tax_class_unknown" UNPROCESSABLE_ENTITY "There is no such tax class";
    TaxRuleOverlaps = "tax_rule_overlaps" CONFLICT "Another tax rule is valid at that time";
    TaxRateOutOfRange = "tax_rate_out_of_range" UNPROCESSABLE_ENTITY
        "The tax rate is out of range";
    RegionTooLong = "region_too_long" UNPROCESSABLE_ENTITY "The code of the region is too long";

    // Customers.
    CustomerNotFound = "customer_not_found" NOT_FOUND "There is no such customer";
    CustomerUnknown = "customer_unknown" UNPROCESSABLE_ENTITY "There is no such customer";
    CustomerHasOpenCart = "customer_has_open_cart" CONFLICT "The customer has an open cart";
    CustomerHasPaymentMethods = "customer_has_payment_methods" CONFLICT
        "The customer has stored ways to pay";
    EmailTaken = "email_taken" CONFLICT "Another customer has this email";
    AddressNotFound = "address_not_found" NOT_FOUND "There is no such address";

    // Carts.
    CartNotFound = "cart_not_found" NOT_FOUND "There is no such cart";
    CartSessionInvalid = "cart_session_invalid" UNPROCESSABLE_ENTITY
        "The token is that of no cart";
    CartAlreadyOpen = "cart_already_open" CONFLICT "The customer has an open cart";
    CartExpired = "cart_expired" CONFLICT "The time of the cart is over";
    CartNotOpen = "cart_not_open" CONFLICT "The cart is in a state in which this cannot be done";
    CartEmpty = "cart_empty" CONFLICT "The cart is empty";
    CartLineNotFound = "cart_line_not_found" NOT_FOUND "The cart has no such line";
    PricesChanged = "prices_changed" CONFLICT "Prices are not what was shown";
    PricesExpired = "prices_expired" CONFLICT "The prices of the cart hold no longer";

    // Stock.
    LocationNotFound = "location_not_found" NOT_FOUND "There is no such location";
    LocationUnknown = "location_unknown" UNPROCESSABLE_ENTITY "There is no such location";
    LocationInUse = "location_in_use" CONFLICT "The location holds stock";
    StockLevelNotFound = "stock_level_not_found" NOT_FOUND "There is no such stock level";
    StockPromised = "stock_promised" CONFLICT "More is promised than would be left";
    OperationKnown = "operation_known" CONFLICT "The operation was written already";
    OutOfStock = "out_of_stock" CONFLICT "There is not enough in stock";
    AlreadyHeld = "already_held" CONFLICT "Stock is held for this line already";
    ReservationNotFound = "reservation_not_found" NOT_FOUND "There is no such reservation";
    TransferNotFound = "transfer_not_found" NOT_FOUND "There is no such transfer";
    TransferState = "transfer_state" CONFLICT
        "The transfer is in a state in which this cannot be done";
    TransferGoesNowhere = "transfer_goes_nowhere" UNPROCESSABLE_ENTITY
        "A transfer goes to another location";
    ReservationNotHeld = "reservation_not_held" CONFLICT "The reservation holds nothing any more";

    // Promotions, vouchers, shipping.
    PromotionNotFound = "promotion_not_found" NOT_FOUND "There is no such promotion";
    PromotionUnknown = "promotion_unknown" UNPROCESSABLE_ENTITY "There is no such promotion";
    PromotionAmountMissing = "promotion_amount_missing" UNPROCESSABLE_ENTITY
        "What the promotion takes off is missing";
    PromotionNeedsNoVoucher = "promotion_needs_no_voucher" CONFLICT
        "The promotion applies without a voucher";
    VoucherNotFound = "voucher_not_found" NOT_FOUND "There is no such voucher";
    VoucherUnknown = "voucher_unknown" UNPROCESSABLE_ENTITY "There is no such voucher";
    VoucherNotEntered = "voucher_not_entered" NOT_FOUND "The voucher is not in the cart";
    VoucherUsedUp = "voucher_used_up" CONFLICT "The voucher was used as often as it may be";
    VoucherUsedUpByCustomer = "voucher_used_up_by_customer" CONFLICT
        "The customer has used the voucher as often as they may";
    VoucherNeedsCustomer = "voucher_needs_customer" CONFLICT
        "The voucher is for customers who are logged in";
    VoucherUsedMoreOften = "voucher_used_more_often" CONFLICT
        "The voucher was used more often already";
    VoucherCountedOtherwise = "voucher_counted_otherwise" CONFLICT
        "The voucher was not counted per customer from the beginning";
    ShippingUnavailable = "shipping_unavailable" UNPROCESSABLE_ENTITY
        "It is not sent there in this way";
    ShippingRateOverlaps = "shipping_rate_overlaps" CONFLICT
        "Another rate is valid for the same at that time";

    // Orders.
    OrderNotFound = "order_not_found" NOT_FOUND "There is no such order";
    OrderLineNotFound = "order_line_not_found" UNPROCESSABLE_ENTITY "There is no such line";
    OrderState = "order_state" CONFLICT "The order is in a state in which this cannot be done";
    TotalChanged = "total_changed" CONFLICT "The total is not what was shown";
    HoldExpired = "hold_expired" CONFLICT "Stock is not held any more";
    NotSoldThere = "not_sold_there" CONFLICT "It is not sold there";
    AddressElsewhere = "address_elsewhere" UNPROCESSABLE_ENTITY
        "The address is in another country";
    ContactMissing = "contact_missing" UNPROCESSABLE_ENTITY "An email is needed";
    NoLocation = "no_location" CONFLICT "No location holds the units";
    FulfilmentNotFound = "fulfilment_not_found" NOT_FOUND "There is no such parcel";
    FulfilmentState = "fulfilment_state" CONFLICT
        "The parcel is in a state in which this cannot be done";
    UnitsBeingReturned = "units_being_returned" CONFLICT "Units of the parcel are coming back";
    ReturnNotFound = "return_not_found" NOT_FOUND "There is no such return";
    ReturnUnknown = "return_unknown" UNPROCESSABLE_ENTITY "The order has no such return";
    ReturnState = "return_state" CONFLICT "The return is in a state in which this cannot be done";

    // Payments.
    PaymentNotFound = "payment_not_found" NOT_FOUND "There is no such payment";
    PaymentState = "payment_state" CONFLICT
        "The payment is in a state in which this cannot be done";
    PaymentExpired = "payment_expired" CONFLICT "The time of the payment is over";
    PaymentCaptureMode = "payment_capture_mode" CONFLICT
        "The payment is captured in another mode";
    PaymentAttemptPending = "payment_attempt_pending" CONFLICT "An attempt is under way";
    PaymentSourceMissing = "payment_source_missing" UNPROCESSABLE_ENTITY
        "There is nothing to pay with";
    PaymentSourceWrong = "payment_source_wrong" UNPROCESSABLE_ENTITY
        "A payment of this type is not made with this";
    PaymentExceedsOrder = "payment_exceeds_order" CONFLICT "The order would be paid twice";
    OrderNotPayable = "order_not_payable" CONFLICT "The order is not to be paid any more";
    MethodAmbiguous = "method_ambiguous" UNPROCESSABLE_ENTITY
        "Exactly one way to pay must be named";
    PaymentMethodUnknown = "payment_method_unknown" UNPROCESSABLE_ENTITY
        "There is no such way to pay";
    PaymentMethodStored = "payment_method_stored" CONFLICT "The way to pay is stored already";
    PaymentMethodNotFound = "payment_method_not_found" NOT_FOUND "There is no such way to pay";
    PaymentMethodRefused = "payment_method_refused" UNPROCESSABLE_ENTITY
        "The provider does not take this way to pay";
    StoreCreditUnknown = "store_credit_unknown" UNPROCESSABLE_ENTITY
        "There is no such gift card or credit";
    StoreCreditExpired = "store_credit_expired" CONFLICT
        "The time of the gift card or credit is over";
    StoreCreditNotFound = "store_credit_not_found" NOT_FOUND
        "There is no such gift card or credit";
    CreditOverspent = "credit_overspent" CONFLICT "There is not enough on the account";
    PaymentMethodDeleted = "payment_method_deleted" CONFLICT "The way to pay was deleted";
    PaymentMethodExpired = "payment_method_expired" CONFLICT "The card has expired";
    ProviderWrong = "provider_wrong" UNPROCESSABLE_ENTITY
        "Payments of this type are not made through this provider";
    ProviderCurrencyUnknown = "provider_currency_unknown" UNPROCESSABLE_ENTITY
        "The provider does not take this currency";
    ProviderUnavailable = "provider_unavailable" SERVICE_UNAVAILABLE
        "The provider is not connected";
    ProviderContradiction = "provider_contradiction" CONFLICT
        "The provider contradicts the books; a person must look";
    AmountNotMovable = "amount_not_movable" UNPROCESSABLE_ENTITY
        "The provider cannot move this amount";
    CaptureExceedsAuthorized = "capture_exceeds_authorized" CONFLICT "More than is held";
    RefundNotFound = "refund_not_found" NOT_FOUND "There is no such refund";
    RefundNotWaiting = "refund_not_waiting" CONFLICT "The refund does not wait for somebody";
    NothingToRefund = "nothing_to_refund" CONFLICT "Nothing is left to give back";
    RefundExceedsCaptured = "refund_exceeds_captured" CONFLICT
        "More than was taken and not given back";
    RefundExceedsLine = "refund_exceeds_line" CONFLICT "A line would get back more than it cost";
    RefundLinesExceedAmount = "refund_lines_exceed_amount" UNPROCESSABLE_ENTITY
        "The lines are more than the refund";
    RefundUnexplained = "refund_unexplained" UNPROCESSABLE_ENTITY "The reason needs a note";
    DisputeNotFound = "dispute_not_found" NOT_FOUND "There is no such dispute";
    DisputeAlreadyOpen = "dispute_already_open" CONFLICT "The payment is disputed already";
    DisputeKnown = "dispute_known" CONFLICT "The dispute is known already";
    DisputeMove = "dispute_move" CONFLICT "The dispute cannot go there";
    DisputeExceedsCaptured = "dispute_exceeds_captured" CONFLICT "More than is left";

    // Events and keys.
    EventNotFound = "event_not_found" NOT_FOUND "There is no such event";
    ScopeUnknown = "scope_unknown" UNPROCESSABLE_ENTITY "There is no such scope";
    ApiKeyNotFound = "api_key_not_found" NOT_FOUND "There is no such key";
    ApiKeyReplaced = "api_key_replaced" CONFLICT "Another key follows this one already";
}
