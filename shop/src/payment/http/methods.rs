//! `/v1/customers/{id}/payment-methods`: ways to pay that a customer keeps.
//!
//! The numbers of cards and accounts go to the provider, which gives a token for them. No key is
//! taken here: a digest of the request would be kept with it, and who has the digest of a number
//! finds the number. Sent twice, the same card is refused as stored already.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems,
};
use crate::id::{CustomerId, PaymentMethodId, StoreCreditId};
use crate::payment::MethodType;
use crate::payment::method::{
    CardError, ChangeMethodError, MethodError, MethodForm, StoreMethod, StoreMethodError,
    delete_method, set_default_method, store_method,
};
use crate::payment::provider::TokenizeError;
use crate::value::Slug;

problems!(ChangeMethodError { E::NotFound => PaymentMethodNotFound });
problems!(StoreMethodError {
    E::WrongProvider => ProviderWrong,
    E::Tokenize(TokenizeError::Unsupported) => ProviderWrong,
    E::Tokenize(TokenizeError::Refused) => PaymentMethodRefused,
    E::Tokenize(TokenizeError::Unanswered(_)) => ProviderUnavailable,
    E::AlreadyStored => PaymentMethodStored,
    E::NoCustomer | E::CustomerDeleted => CustomerNotFound,
    // Whoever has the id of somebody else's credit learns nothing of it.
    E::NoAccount | E::ForeignAccount => StoreCreditUnknown,
    E::AccountExpired => StoreCreditExpired,
    E::CardExpired => PaymentMethodExpired,
    E::TokenLooksLikeACard => ValueRefused,
});

impl From<MethodError> for Problem {
    fn from(error: MethodError) -> Self {
        use MethodError as E;
        let (field, reason) = match &error {
            E::Missing(name) => (*name, "missing"),
            E::Unexpected(name) => (*name, "unknown"),
            E::Card(CardError::Expiry | CardError::Expired | CardError::TooFarAhead) => {
                ("expiry", "form")
            }
            E::Card(CardError::SecurityCode) => ("cvc", "form"),
            E::Card(_) => ("number", "form"),
            E::Account(_) => ("iban", "form"),
            E::GiftCard(_) => ("code", "form"),
            E::Reference(_) => ("token", "form"),
            E::Name(_) => ("name", "form"),
            E::Id(_) => ("account", "form"),
        };
        let problem = Self::new(Code::BodyInvalid).refusing(field, reason);
        problem.with("field", format!("details.{field}")).saying(error)
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, store))
        .routes(routes!(forget))
        .routes(routes!(prefer))
}

/// A way to pay that shall be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPaymentMethod {
    method_type: MethodType,
    /// Who keeps it.
    provider: Slug,
    /// What belongs to a method of this type, and nothing else.
    details: MethodForm,
    /// Whether it is offered first from now on.
    #[serde(default)]
    default: bool,
}

/// A way to pay that was kept.
#[derive(Debug, Serialize, ToSchema)]
struct StoredPaymentMethod {
    id: PaymentMethodId,
    method_type: MethodType,
    /// The brand of the card, or the wallet, bank, lender or scheme.
    brand: Option<String>,
    /// The last four digits of the card or account.
    last4: Option<String>,
}

/// Stores a way to pay.
#[utoipa::path(post, path = "/v1/customers/{id}/payment-methods", tag = "payments",
    request_body = NewPaymentMethod, params(("id" = CustomerId, Path)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = StoredPaymentMethod)))]
async fn store(
    State(state): State<AppState>,
    caller: Caller,
    Segment(customer): Segment<CustomerId>,
    Body(new): Body<NewPaymentMethod>,
) -> Result<(StatusCode, Json<StoredPaymentMethod>), Problem> {
    let context = caller.context(&state);
    let NewPaymentMethod { method_type, provider, details, default } = new;
    if !method_type.is_kept_by(provider.as_str()) {
        return Err(Problem::new(Code::ProviderWrong));
    }
    // Nothing was begun with this provider: a name that nobody has is the caller's error.
    let provider = state.providers.find(provider.as_str());
    let provider = provider.ok_or_else(|| Problem::new(Code::ProviderWrong))?;
    let method = details.read(method_type, context.now())?;
    let request = StoreMethod { customer, method, preferred: default };
    let stored = store_method(&state.pool, &context, provider, request).await?;
    let crate::payment::method::StoredMethod { id, method_type, brand, last4 } = stored;
    Ok((StatusCode::CREATED, Json(StoredPaymentMethod { id, method_type, brand, last4 })))
}

/// A way to pay, without what is secret of it.
#[derive(Debug, Serialize, ToSchema)]
struct PaymentMethod {
    id: PaymentMethodId,
    method_type: MethodType,
    provider: String,
    brand: Option<String>,
    last4: Option<String>,
    /// Until the end of which month a card is valid.
    exp_month: Option<i16>,
    exp_year: Option<i16>,
    /// The gift card or credit that it draws on.
    store_credit: Option<StoreCreditId>,
    default: bool,
    created_at: DateTime<Utc>,
}

type Row = (
    PaymentMethodId,
    MethodType,
    String,
    Option<String>,
    Option<String>,
    Option<i16>,
    Option<i16>,
    Option<StoreCreditId>,
    bool,
    DateTime<Utc>,
);

fn method(row: Row) -> PaymentMethod {
    let (id, method_type, provider, brand, last4, exp_month, exp_year, store_credit, default, at) =
        row;
    PaymentMethod {
        id,
        method_type,
        provider,
        brand,
        last4,
        exp_month,
        exp_year,
        store_credit,
        default,
        created_at: at,
    }
}

/// Lists the ways to pay that a customer keeps, the oldest first.
#[utoipa::path(get, path = "/v1/customers/{id}/payment-methods", tag = "payments",
    params(("id" = CustomerId, Path), PageQuery), security(("api_key" = ["payments.read"])),
    responses((status = 200, body = Page<PaymentMethod>)))]
async fn list(
    State(state): State<AppState>,
    Segment(customer): Segment<CustomerId>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<PaymentMethod>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, type::text, provider::text, brand::text, last4::text, exp_month::int2,
                exp_year::int2, store_credit_id, is_default, created_at
           FROM payment_method
          WHERE customer_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR id > $2)
          ORDER BY id LIMIT $3",
    )
    .bind(customer)
    .bind(page.after::<PaymentMethodId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let all = rows.into_iter().map(method).collect();
    Ok(Json(Page::of(all, page.limit, |one: &PaymentMethod| one.id.to_string())))
}

/// Forgets a way to pay; payments that were made with it keep naming it.
#[utoipa::path(delete, path = "/v1/customers/{id}/payment-methods/{method}", tag = "payments",
    params(("id" = CustomerId, Path), ("method" = PaymentMethodId, Path)),
    security(("api_key" = ["payments.write"])),
    responses((status = 204)))]
async fn forget(
    State(state): State<AppState>,
    caller: Caller,
    Segment((customer, method)): Segment<(CustomerId, PaymentMethodId)>,
) -> Result<StatusCode, Problem> {
    delete_method(&state.pool, &caller.context(&state), customer, method).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a way to pay the one that is offered first.
#[utoipa::path(put, path = "/v1/customers/{id}/payment-methods/{method}/default",
    tag = "payments",
    params(("id" = CustomerId, Path), ("method" = PaymentMethodId, Path)),
    security(("api_key" = ["payments.write"])),
    responses((status = 204)))]
async fn prefer(
    State(state): State<AppState>,
    caller: Caller,
    Segment((customer, method)): Segment<(CustomerId, PaymentMethodId)>,
) -> Result<StatusCode, Problem> {
    set_default_method(&state.pool, &caller.context(&state), customer, method).await?;
    Ok(StatusCode::NO_CONTENT)
}
