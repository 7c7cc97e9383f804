//! `/v1/customers` and their addresses.

mod addresses;

pub(crate) use addresses::Address;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    DeleteError, Email, Phone, Register, RegisterError, Update, UpdateError, delete, find,
    register, update,
};
use crate::http::{
    AppState, Body, Caller, Code, Page, PageQuery, Problem, Search, Seen, Segment, Tag, problems,
};
use crate::id::CustomerId;
use crate::value::Label;

problems!(RegisterError { E::EmailTaken => EmailTaken });
problems!(UpdateError {
    E::NotFound => CustomerNotFound,
    E::Changed { .. } => VersionMismatch,
    E::EmailTaken => EmailTaken,
});
problems!(DeleteError {
    E::NotFound => CustomerNotFound,
    E::HasAnOpenCart => CustomerHasOpenCart,
    E::HasPaymentMethods => CustomerHasPaymentMethods,
    E::NotYetMade => TimeInThePast,
});

/// The routes of customers.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(show, change, remove))
        .merge(addresses::routes())
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
struct Customer {
    id: CustomerId,
    email: Email,
    name: Option<Label>,
    phone: Option<Phone>,
    version: i64,
    created_at: DateTime<Utc>,
}

impl From<super::Customer> for Customer {
    fn from(customer: super::Customer) -> Self {
        let super::Customer { id, email, name, phone, version, created_at } = customer;
        Self { id, email, name, phone, version, created_at }
    }
}

/// A customer's own fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    email: Email,
    name: Option<Label>,
    phone: Option<Phone>,
}

/// A customer who was registered.
#[derive(Debug, Serialize, ToSchema)]
struct Registered {
    id: CustomerId,
}

/// Registers a customer.
#[utoipa::path(post, path = "/v1/customers", tag = "customers", request_body = Fields,
    security(("api_key" = ["customers.write"])),
    responses((status = 201, body = Registered)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(Fields { email, name, phone }): Body<Fields>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let request = Register { email, name, phone };
    let id = register(&state.pool, &caller.context(&state), request).await?;
    Ok((StatusCode::CREATED, Json(Registered { id })))
}

/// Lists customers, the oldest first.
#[utoipa::path(get, path = "/v1/customers", tag = "customers", params(PageQuery),
    security(("api_key" = ["customers.read"])),
    responses((status = 200, body = Page<Customer>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Customer>>, Problem> {
    type Row = (CustomerId, Email, Option<Label>, Option<Phone>, i64, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, email::text, name::text, phone::text, version, created_at FROM customer
          WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2",
    )
    .bind(page.after::<CustomerId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, email, name, phone, version, created_at): Row| Customer {
        id,
        email,
        name,
        phone,
        version,
        created_at,
    };
    let customers = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(customers, page.limit, |customer: &Customer| customer.id.to_string())))
}

/// Shows a customer.
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers",
    params(("id" = CustomerId, Path)), security(("api_key" = ["customers.read"])),
    responses((status = 200, body = Customer, headers(("ETag" = String)))))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<CustomerId>,
) -> Result<(Tag, Json<Customer>), Problem> {
    let mut connection = state.pool.acquire().await?;
    let customer = find(&mut connection, id).await?;
    let customer = customer.ok_or_else(|| Problem::new(Code::CustomerNotFound))?;
    Ok((Tag(customer.version), Json(customer.into())))
}

/// The version after a change.
#[derive(Debug, Serialize, ToSchema)]
struct Changed {
    version: i64,
}

/// Replaces a customer's own fields. `If-Match` says which version was seen.
#[utoipa::path(put, path = "/v1/customers/{id}", tag = "customers", request_body = Fields,
    params(("id" = CustomerId, Path), Seen), security(("api_key" = ["customers.write"])),
    responses((status = 200, body = Changed, headers(("ETag" = String)))))]
async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Segment(customer): Segment<CustomerId>,
    seen: Seen,
    Body(Fields { email, name, phone }): Body<Fields>,
) -> Result<(Tag, Json<Changed>), Problem> {
    let version = seen.version()?;
    let request = Update { customer, version, email, name, phone };
    let version = update(&state.pool, &caller.context(&state), request).await?;
    Ok((Tag(version), Json(Changed { version })))
}

/// Deletes a customer: what is personal is overwritten.
#[utoipa::path(delete, path = "/v1/customers/{id}", tag = "customers",
    params(("id" = CustomerId, Path)), security(("api_key" = ["customers.write"])),
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<CustomerId>,
) -> Result<StatusCode, Problem> {
    delete(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
