//! What a refusal by a constraint means: the code for each name of the schema.
//!
//! Operations say more of the refusals that they expect; this is what is left when none does.
//! Names that only a bug here can meet have codes of their own, by what the bug would have broken:
//! [`Code::IdentityTaken`], [`Code::WrittenForGood`], [`Code::HistoryRefused`],
//! [`Code::SumsRefused`], and [`Code::BooksRefused`] for rows that do not belong together.
//!
//! **Invariant**: every constraint of the migrations is here, and nothing else; a test compares.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Code;

/// The code of every constraint, names between white space.
const MEANINGS: &[(Code, &str)] = &[
    (Code::AlreadyHeld, "reservation_line_unique reservation_one_active_per_line"),
    (Code::AmountNotPositive, "positive_amount_in_range"),
    (Code::AmountOutOfRange, "minor_amount_in_range signed_amount_in_range unit_amount_in_range"),
    (Code::ApiKeyReplaced, "api_key_replaced_once"),
    (
        Code::BooksRefused,
        "api_key_never_replaces_itself api_key_replaces_another api_key_scope_belongs_to_one \
         cart_merged_into_a_cart cart_merged_names_the_other cart_never_merged_into_itself \
         cart_prices_expire_after_pricing cart_prices_expire_once_priced \
         currency_cash_increment_positive currency_exponent_of_iso_4217 \
         event_type_schema_is_an_object event_type_version_positive \
         fulfilment_line_from_a_reservation fulfilment_line_in_terms_of_its_fulfilment \
         fulfilment_line_of_the_variant_ordered idempotency_key_completed_with_an_answer \
         idempotency_key_scope_named idempotency_key_status_of_http \
         order_adjustment_by_a_redeemed_voucher order_adjustment_names_its_promotion \
         order_adjustment_names_its_voucher order_adjustment_rounds_the_whole_order \
         order_cancellation_withdraws_a_reservation order_return_line_of_a_return_of_its_order \
         order_return_line_of_the_variant_ordered outbox_of_a_catalogued_type \
         outbox_payload_is_an_object outbox_published_after_it_occurred outbox_seq_positive \
         payment_attempt_closed_at_a_time payment_attempt_explains_a_decline \
         payment_method_at_a_provider payment_method_draws_on_a_credit \
         payment_void_closed_at_a_time provider_currency_multiple_positive \
         provider_currency_of_a_provider rate_limit_window_allows_something \
         refund_for_the_order_of_its_payment reservation_active_has_an_owner \
         reservation_closed_when_not_held reservation_committed_has_an_order \
         reservation_deleted_only_when_closed reservation_fulfilled_holds_nothing \
         reservation_ships_only_when_committed stock_movement_has_one_cause \
         stock_movement_once_per_fulfilment_line stock_movement_once_per_received_line \
         stock_movement_once_per_return_line stock_movement_once_per_sent_line \
         stock_movement_receives_its_transfer_line stock_movement_restocks_its_return_line \
         stock_movement_sends_its_transfer_line stock_movement_ships_its_fulfilment_line \
         stock_transfer_line_on_the_route_of_its_transfer store_credit_belongs_to_somebody \
         store_credit_entry_for_an_internal_payment store_credit_entry_names_its_payment \
         store_credit_gift_card_has_a_code voucher_customer_limit_of_its_voucher \
         voucher_redemption_given_back_at_a_time webhook_attempt_has_an_outcome \
         webhook_attempt_number_positive webhook_attempt_of_a_delivery \
         webhook_attempt_status_of_http webhook_delivery_closed_at_a_time \
         webhook_delivery_of_an_event webhook_delivery_to_an_endpoint \
         webhook_delivery_waits_while_pending webhook_endpoint_explains_why_disabled \
         webhook_received_about_a_payment webhook_received_applied_at_a_time \
         webhook_received_from_a_provider webhook_received_waits_while_open \
         webhook_secret_of_an_endpoint webhook_subscription_of_an_endpoint",
    ),
    (
        Code::HistoryRefused,
        "capture_history_head_unique capture_history_identity capture_history_of_a_capture \
         capture_history_starts_pending capture_history_unbroken capture_starts_pending \
         capture_state_identity capture_state_is_head_of_history capture_transition_from_a_state \
         capture_transition_identity capture_transition_to_a_state cart_history_head_unique \
         cart_history_identity cart_history_of_a_cart cart_history_starts_active \
         cart_history_unbroken cart_starts_active cart_state_identity \
         cart_state_is_head_of_history cart_transition_from_a_state cart_transition_identity \
         cart_transition_to_a_state dispute_history_head_unique dispute_history_identity \
         dispute_history_of_a_dispute dispute_history_starts_opened dispute_history_unbroken \
         dispute_starts_opened dispute_state_identity dispute_state_is_head_of_history \
         dispute_transition_from_a_state dispute_transition_identity \
         dispute_transition_to_a_state fulfilment_history_head_unique fulfilment_history_identity \
         fulfilment_history_of_a_fulfilment fulfilment_history_starts_pending \
         fulfilment_history_unbroken fulfilment_starts_pending fulfilment_state_identity \
         fulfilment_state_is_head_of_history fulfilment_transition_from_a_state \
         fulfilment_transition_identity fulfilment_transition_to_a_state \
         order_return_history_head_unique order_return_history_identity \
         order_return_history_of_a_return order_return_history_starts_requested \
         order_return_history_unbroken order_return_starts_requested order_return_state_identity \
         order_return_state_is_head_of_history order_return_transition_from_a_state \
         order_return_transition_identity order_return_transition_to_a_state \
         orders_history_head_unique orders_history_identity orders_history_of_an_order \
         orders_history_starts_placed orders_history_unbroken orders_starts_placed \
         orders_state_identity orders_state_is_head_of_history orders_transition_from_a_state \
         orders_transition_identity orders_transition_to_a_state payment_history_head_unique \
         payment_history_identity payment_history_of_a_payment payment_history_starts_unpaid \
         payment_history_unbroken payment_state_identity payment_state_is_head_of_history \
         payment_transition_from_a_state payment_transition_identity \
         payment_transition_to_a_state refund_history_head_unique refund_history_identity \
         refund_history_of_a_refund refund_history_starts_pending refund_history_unbroken \
         refund_starts_pending refund_state_identity refund_state_is_head_of_history \
         refund_transition_from_a_state refund_transition_identity refund_transition_to_a_state \
         reservation_history_head_unique reservation_history_identity \
         reservation_history_of_a_reservation reservation_history_starts_active \
         reservation_history_unbroken reservation_starts_active reservation_state_identity \
         reservation_state_is_head_of_history reservation_transition_from_a_state \
         reservation_transition_identity reservation_transition_to_a_state \
         stock_transfer_history_head_unique stock_transfer_history_identity \
         stock_transfer_history_of_a_transfer stock_transfer_history_starts_draft \
         stock_transfer_history_unbroken stock_transfer_starts_draft \
         stock_transfer_state_identity stock_transfer_state_is_head_of_history \
         stock_transfer_transition_from_a_state stock_transfer_transition_identity \
         stock_transfer_transition_to_a_state voucher_redemption_starts_redeemed",
    ),
    (
        Code::IdentityTaken,
        "address_identity address_one_default api_key_identity api_key_prefix_once \
         api_key_scope_identity api_key_secret_once api_scope_identity capture_identity \
         capture_provider_ref_once cart_identity cart_line_identity cart_session_identity \
         cart_session_token_once cart_terms_unique cart_voucher_identity currency_identity \
         customer_identity customer_live_unique dispute_identity event_type_identity \
         fulfilment_identity fulfilment_line_goods_unique fulfilment_line_identity \
         fulfilment_terms_unique idempotency_key_once inbox_once location_identity \
         location_live_unique order_address_identity order_adjustment_identity \
         order_cancellation_identity order_line_identity order_line_order_unique \
         order_line_variant_unique order_return_identity order_return_line_goods_unique \
         order_return_line_identity order_return_order_unique orders_currency_unique \
         orders_identity orders_number_once orders_terms_unique outbox_identity outbox_seq_once \
         payment_attempt_identity payment_attempt_provider_ref_once payment_identity \
         payment_method_identity payment_method_one_default payment_method_type_unique \
         payment_order_unique payment_provider_ref_once payment_terms_unique \
         payment_void_identity payment_void_provider_ref_once price_identity price_terms_unique \
         product_identity product_live_unique promotion_identity provider_currency_identity \
         provider_identity rate_limit_window_identity refund_identity refund_provider_ref_once \
         refund_terms_unique reservation_identity shipping_rate_identity stock_level_identity \
         stock_movement_identity stock_transfer_identity stock_transfer_line_identity \
         stock_transfer_line_received_unique stock_transfer_line_sent_unique \
         stock_transfer_route_unique store_credit_code_once store_credit_currency_unique \
         store_credit_entry_identity store_credit_identity tax_class_identity tax_rule_identity \
         variant_identity variant_live_unique voucher_customer_identity voucher_identity \
         voucher_limit_unique voucher_redemption_given_back_once voucher_redemption_identity \
         voucher_terms_unique webhook_attempt_identity webhook_delivery_identity \
         webhook_delivery_once webhook_endpoint_identity webhook_received_once \
         webhook_secret_identity webhook_subscription_identity",
    ),
    (
        Code::SumsRefused,
        "order_adjustment_adds_up_to_its_order order_adjustment_changes_something \
         order_adjustment_lowers_the_price order_line_adds_up_to_its_order \
         order_line_cancelled_not_negative order_line_discount_within_subtotal \
         order_line_fulfilled_not_negative order_line_moved_only_by_its_rows \
         order_line_returned_not_negative order_line_starts_unserved \
         order_line_tax_follows_its_rate orders_equals_its_lines \
         orders_lines_discount_within_subtotal orders_moved_only_by_its_rows \
         orders_rounding_is_small orders_shipping_discount_within_amount orders_starts_unpaid \
         orders_total_adds_up payment_authorized_not_negative \
         payment_capture_pending_not_negative payment_captured_not_negative \
         payment_disputed_not_negative payment_moved_only_by_its_rows \
         payment_refund_pending_not_negative payment_refunded_not_negative payment_starts_unpaid \
         payment_starts_without_money payment_voided_not_negative \
         rate_limit_window_used_not_negative refund_moved_only_by_its_rows \
         refund_starts_unassigned reservation_moved_only_by_its_rows \
         reservation_shipped_not_negative reservation_starts_unshipped \
         reservation_withdrawn_not_negative stock_level_allocated_not_negative \
         stock_level_moved_only_by_its_rows stock_level_reserved_not_negative \
         stock_level_starts_empty store_credit_moved_only_by_its_rows store_credit_starts_empty \
         voucher_customer_moved_only_by_its_rows voucher_customer_starts_unused \
         voucher_customer_used_not_negative voucher_moved_only_by_its_rows voucher_starts_unused \
         voucher_used_not_negative webhook_attempt_duration_not_negative \
         webhook_received_attempts_not_negative",
    ),
    (
        Code::WrittenForGood,
        "capture_history_append_only capture_keeps_its_terms capture_never_deleted \
         cart_history_append_only dispute_history_append_only dispute_keeps_its_terms \
         dispute_never_deleted fulfilment_history_append_only fulfilment_line_append_only \
         idempotency_key_answer_is_final order_cancellation_append_only \
         order_return_history_append_only order_return_line_keeps_its_units \
         order_return_line_never_deleted orders_history_append_only orders_never_deleted \
         payment_attempt_closed_is_final payment_attempt_keeps_its_terms \
         payment_attempt_never_deleted payment_history_append_only payment_keeps_its_terms \
         payment_never_deleted payment_void_closed_is_final payment_void_keeps_its_terms \
         payment_void_never_deleted refund_history_append_only refund_keeps_its_terms \
         refund_line_append_only refund_never_deleted reservation_history_append_only \
         reservation_keeps_its_claim stock_movement_append_only \
         stock_transfer_history_append_only store_credit_entry_append_only \
         voucher_redemption_keeps_its_terms voucher_redemption_never_deleted \
         webhook_delivery_closed_is_final webhook_received_applied_is_final",
    ),
    (
        Code::CaptureExceedsAuthorized,
        "payment_authorized_within_amount payment_captured_within_authorized",
    ),
    (Code::CartAlreadyOpen, "cart_one_active_per_customer"),
    (Code::CartLineNotFound, "reservation_for_a_cart_line"),
    (Code::CartNotFound, "cart_session_of_a_cart cart_voucher_of_a_cart"),
    (
        Code::CartNotOpen,
        "cart_line_added_to_an_open_cart cart_line_frozen_once_closed orders_from_a_closed_cart \
         orders_one_per_cart",
    ),
    (
        Code::CodeTaken,
        "location_code_once price_list_identity shipping_method_identity voucher_code_once",
    ),
    (Code::ContactMissing, "orders_reaches_its_customer"),
    (
        Code::CountOutOfRange,
        "stock_level_backorder_limit_in_range stock_movement_quantity_in_range",
    ),
    (Code::CreditOverspent, "store_credit_never_overspent"),
    (
        Code::CurrencyMismatch,
        "capture_in_terms_of_its_payment cart_line_in_terms_of_its_cart \
         dispute_in_terms_of_its_payment order_adjustment_in_the_currency_of_its_order \
         order_line_in_terms_of_its_order payment_attempt_in_terms_of_its_payment \
         payment_in_the_currency_of_its_order payment_void_in_terms_of_its_payment \
         refund_in_terms_of_its_payment refund_line_in_terms_of_its_refund \
         store_credit_entry_in_the_currency_of_its_credit",
    ),
    (
        Code::CurrencyUnknown,
        "cart_in_a_currency orders_in_a_currency price_in_a_currency \
         promotion_amount_in_a_currency provider_currency_of_a_currency \
         shipping_rate_in_a_currency store_credit_in_a_currency",
    ),
    (
        Code::CustomerUnknown,
        "address_of_a_customer cart_of_a_customer cart_of_a_live_customer orders_of_a_customer \
         payment_method_of_a_customer payment_method_of_a_live_customer \
         store_credit_of_a_customer voucher_customer_of_a_customer \
         voucher_redemption_by_a_customer",
    ),
    (Code::DisputeAlreadyOpen, "dispute_one_open"),
    (Code::DisputeKnown, "dispute_provider_ref_once"),
    (Code::EmailTaken, "customer_email_once"),
    (Code::EventTypeUnknown, "webhook_subscription_to_a_catalogued_type"),
    (
        Code::LimitNotPositive,
        "api_key_rate_limit_positive voucher_per_customer_limit_positive \
         voucher_usage_limit_positive",
    ),
    (
        Code::LineTwice,
        "fulfilment_line_once order_return_line_once promotion_amount_identity \
         promotion_product_identity refund_line_identity stock_transfer_line_variant_once",
    ),
    (
        Code::LocationUnknown,
        "fulfilment_from_a_location order_return_line_to_a_location stock_level_at_a_location \
         stock_level_in_use_at_a_live_location stock_transfer_from_a_location \
         stock_transfer_to_a_location",
    ),
    (
        Code::MoveNotAllowed,
        "capture_history_move_allowed capture_state_moves_one_step cart_history_move_allowed \
         cart_state_moves_one_step dispute_history_move_allowed dispute_state_moves_one_step \
         fulfilment_history_move_allowed fulfilment_state_moves_one_step \
         order_return_history_move_allowed order_return_state_moves_one_step \
         orders_history_move_allowed orders_state_moves_one_step payment_history_move_allowed \
         payment_state_moves_one_step refund_history_move_allowed refund_state_moves_one_step \
         reservation_history_move_allowed reservation_state_moves_one_step \
         stock_transfer_history_move_allowed stock_transfer_state_moves_one_step",
    ),
    (
        Code::NeverValid,
        "price_valid_at_some_time promotion_valid_at_some_time shipping_rate_for_some_subtotal \
         shipping_rate_valid_at_some_time tax_rule_valid_at_some_time \
         voucher_valid_at_some_time",
    ),
    (Code::OperationKnown, "stock_movement_once_per_operation"),
    (
        Code::OrderLineNotFound,
        "fulfilment_line_of_a_line_of_its_order order_adjustment_of_a_line_of_its_order \
         order_cancellation_of_a_line order_return_line_of_a_line_of_its_order \
         refund_line_of_a_line_of_its_order reservation_for_an_order_line",
    ),
    (
        Code::OrderNotFound,
        "fulfilment_of_an_order order_address_of_an_order order_return_of_an_order \
         voucher_redemption_by_an_order",
    ),
    (Code::OutOfStock, "stock_level_never_oversold stock_level_on_hand_not_negative"),
    (Code::PaymentAttemptPending, "payment_attempt_one_pending"),
    (Code::PaymentExceedsOrder, "orders_never_paid_twice"),
    (Code::PaymentMethodStored, "payment_method_once_per_customer"),
    (Code::PaymentMethodUnknown, "payment_by_a_method_of_its_type"),
    (Code::PriceListUnknown, "cart_priced_by_a_list price_on_a_list"),
    (Code::PriceOverlaps, "price_never_overlaps"),
    (
        Code::ProductUnknown,
        "promotion_product_names_a_product variant_of_a_live_product variant_of_a_product",
    ),
    (
        Code::PromotionUnknown,
        "order_adjustment_by_a_promotion promotion_amount_of_a_promotion \
         promotion_product_of_a_promotion voucher_for_a_promotion",
    ),
    (Code::ProviderCurrencyUnknown, "payment_in_a_currency_of_its_provider"),
    (Code::QuantityTooLarge, "line_quantity_in_range"),
    (Code::RateLimited, "rate_limit_window_never_exceeded"),
    (Code::RefundExceedsCaptured, "payment_refunded_within_captured"),
    (Code::RefundExceedsLine, "order_line_refunds_at_most_its_total"),
    (Code::RefundLinesExceedAmount, "refund_assigned_within_amount"),
    (Code::RefundUnexplained, "refund_explained"),
    (Code::ReturnUnknown, "refund_for_a_return_of_its_order"),
    (Code::ScopeUnknown, "api_key_scope_grants_a_scope"),
    (Code::ShippingRateOverlaps, "shipping_rate_never_overlaps"),
    (Code::ShippingUnavailable, "orders_shipped_by_a_method shipping_rate_for_a_method"),
    (Code::SkuTaken, "variant_sku_once"),
    (Code::StockLevelNotFound, "reservation_at_a_level stock_movement_at_a_level"),
    (
        Code::TaxClassUnknown,
        "product_taxed_by_a_class shipping_method_taxed_by_a_class tax_rule_for_a_class",
    ),
    (Code::TaxRateOutOfRange, "tax_rate_in_range"),
    (Code::TaxRuleOverlaps, "tax_rule_never_overlaps"),
    (
        Code::TimeInThePast,
        "api_key_expires_after_creation api_key_revoked_after_creation \
         cart_expires_after_creation cart_session_expires_after_creation \
         cart_session_revoked_after_creation customer_deleted_after_creation \
         dispute_answered_after_creation idempotency_key_expires_after_creation \
         location_deleted_after_creation payment_expires_after_creation \
         payment_method_deleted_after_creation product_deleted_after_creation \
         promotion_deleted_after_creation reservation_expires_after_creation \
         store_credit_expires_after_creation variant_deleted_after_creation \
         voucher_deleted_after_creation webhook_endpoint_deleted_after_creation",
    ),
    (
        Code::TooManyUnits,
        "order_line_returns_at_most_what_was_fulfilled order_line_serves_at_most_its_quantity \
         order_return_line_restocks_at_most_what_came reservation_ships_at_most_what_it_holds \
         stock_transfer_line_receives_at_most_what_was_sent",
    ),
    (
        Code::ValueRefused,
        "address_kind_known api_key_prefix_well_formed basis_points_in_range \
         cart_line_reaches_the_price country_code_two_capitals currency_code_three_capitals \
         customer_email_bounded customer_email_lower_case customer_email_well_formed \
         customer_phone_of_e164 event_type_well_formed idempotency_key_length_in_range \
         idempotency_key_resource_bounded idempotency_key_state_known label_not_blank \
         label_short_enough note_not_blank note_short_enough order_address_kind_known \
         order_adjustment_kind_known order_line_reaches_the_price order_line_sku_bounded \
         order_return_line_restocks_somewhere orders_email_bounded orders_rounding_mode_known \
         orders_tax_rounding_known outbox_aggregatetype_well_formed payment_attempt_state_known \
         payment_capture_mode_known payment_method_card_is_complete \
         payment_method_cash_has_no_token payment_method_credit_names_its_account \
         payment_method_debit_has_a_mandate payment_method_exp_month_in_range \
         payment_method_exp_year_in_range payment_method_last4_of_digits \
         payment_method_only_cards_expire payment_method_stores_no_card_number \
         payment_method_type_known payment_method_wallet_has_a_token payment_void_state_known \
         product_description_bounded product_status_known promotion_kind_known \
         promotion_percentage_of_its_kind promotion_product_role_known \
         promotion_quantities_of_its_kind provider_currency_exponent_in_range \
         provider_reference_well_formed refund_reason_known sha256_digest_of_32_bytes \
         slug_well_formed stock_movement_explained stock_movement_kind_known \
         stock_transfer_goes_elsewhere store_credit_entry_kind_known store_credit_kind_known \
         variant_sku_well_formed voucher_code_well_formed voucher_redemption_state_known \
         webhook_delivery_attempts_in_range webhook_delivery_state_known \
         webhook_received_state_known webhook_received_type_bounded webhook_secret_long_enough",
    ),
    (
        Code::VariantNotForSale,
        "cart_line_at_a_listed_price cart_line_of_a_live_variant order_line_at_a_listed_price",
    ),
    (
        Code::VariantUnknown,
        "order_line_of_a_variant price_of_a_variant stock_level_of_a_variant \
         stock_transfer_line_of_a_variant",
    ),
    (Code::VoucherNeedsCustomer, "voucher_redemption_names_the_customer"),
    (
        Code::VoucherUnknown,
        "cart_voucher_names_a_voucher voucher_redemption_in_terms_of_its_voucher",
    ),
    (Code::VoucherUsedUp, "voucher_used_within_its_limit"),
    (Code::VoucherUsedUpByCustomer, "voucher_customer_used_within_its_limit"),
    (Code::Busy, "webhook_secret_expires_after_creation webhook_secret_one_current"),
    (Code::WebhookUrlNotEncrypted, "webhook_endpoint_url_bounded webhook_endpoint_url_encrypted"),
    (Code::WebhookEndpointExists, "webhook_endpoint_url_once"),
    (Code::WeightNegative, "variant_weight_not_negative"),
];

static BY_NAME: LazyLock<HashMap<&str, Code>> = LazyLock::new(|| {
    let names = |(code, names): &(Code, &'static str)| {
        let code = *code;
        names.split_whitespace().map(move |name| (name, code)).collect::<Vec<_>>()
    };
    MEANINGS.iter().flat_map(names).collect()
});

/// What a refusal by this constraint means; none for a name that no migration declares.
pub fn of_constraint(constraint: &str) -> Option<Code> {
    BY_NAME.get(constraint).copied()
}

/// Every constraint that has a meaning.
pub fn constraints() -> impl Iterator<Item = &'static str> {
    BY_NAME.keys().copied()
}
