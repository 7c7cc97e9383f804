//! `/v1/customers/{id}/addresses`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::customer::{
    AddAddress, AddAddressError, AddressError, AddressKind, PostalAddress, Postcode, add_address,
    remove_address, set_default_address,
};
use crate::http::{AppState, Body, Caller, Page, PageQuery, Problem, Search, Segment, problems};
use crate::id::{AddressId, CustomerId};
use crate::value::{Country, Label};

problems!(AddAddressError { E::CustomerNotFound => CustomerNotFound });
problems!(AddressError {
    E::CustomerNotFound => CustomerNotFound,
    E::NotFound => AddressNotFound,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(remove)).routes(routes!(prefer))
}

/// Where somebody lives.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    recipient: Label,
    line1: Label,
    line2: Option<Label>,
    city: Label,
    region: Option<Label>,
    postcode: Option<Postcode>,
    country: Country,
}

impl From<Address> for PostalAddress {
    fn from(address: Address) -> Self {
        let Address { recipient, line1, line2, city, region, postcode, country } = address;
        Self { recipient, line1, line2, city, region, postcode, country }
    }
}

/// An address to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAddress {
    kind: AddressKind,
    address: Address,
    /// Whether it is the one to begin with.
    #[serde(default)]
    default: bool,
}

/// An address that was added.
#[derive(Debug, Serialize, ToSchema)]
struct Added {
    id: AddressId,
}

/// Adds an address.
#[utoipa::path(post, path = "/v1/customers/{id}/addresses", tag = "customers",
    request_body = NewAddress, params(("id" = CustomerId, Path)),
    security(("api_key" = ["customers.write"])),
    responses((status = 201, body = Added)))]
async fn add(
    State(state): State<AppState>,
    caller: Caller,
    Segment(customer): Segment<CustomerId>,
    Body(NewAddress { kind, address, default }): Body<NewAddress>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let request = AddAddress { customer, kind, address: address.into(), default };
    let id = add_address(&state.pool, &caller.context(&state), request).await?;
    Ok((StatusCode::CREATED, Json(Added { id })))
}

/// An address of a customer.
#[derive(Debug, Serialize, ToSchema)]
struct KnownAddress {
    id: AddressId,
    kind: String,
    default: bool,
    address: Address,
}

/// Lists the addresses of a customer, the oldest first.
#[utoipa::path(get, path = "/v1/customers/{id}/addresses", tag = "customers",
    params(("id" = CustomerId, Path), PageQuery), security(("api_key" = ["customers.read"])),
    responses((status = 200, body = Page<KnownAddress>)))]
async fn list(
    State(state): State<AppState>,
    Segment(customer): Segment<CustomerId>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<KnownAddress>>, Problem> {
    type Row = (
        AddressId,
        String,
        bool,
        Label,
        Label,
        Option<Label>,
        Label,
        Option<Label>,
        Option<Postcode>,
        Country,
    );
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, kind::text, is_default, recipient::text, line1::text, line2::text, city::text,
                region::text, postcode::text, country::text
           FROM address
          WHERE customer_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(customer)
    .bind(page.after::<AddressId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |row: Row| {
        let (id, kind, default, recipient, line1, line2, city, region, postcode, country) = row;
        let address = Address { recipient, line1, line2, city, region, postcode, country };
        KnownAddress { id, kind, default, address }
    };
    let addresses = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(addresses, page.limit, |known: &KnownAddress| known.id.to_string())))
}

/// Removes an address; orders keep their own copy.
#[utoipa::path(delete, path = "/v1/customers/{id}/addresses/{address}", tag = "customers",
    params(("id" = CustomerId, Path), ("address" = AddressId, Path)),
    security(("api_key" = ["customers.write"])),
    responses((status = 204)))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Segment((customer, address)): Segment<(CustomerId, AddressId)>,
) -> Result<StatusCode, Problem> {
    remove_address(&state.pool, &caller.context(&state), customer, address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes an address the one to begin with.
#[utoipa::path(put, path = "/v1/customers/{id}/addresses/{address}/default", tag = "customers",
    params(("id" = CustomerId, Path), ("address" = AddressId, Path)),
    security(("api_key" = ["customers.write"])),
    responses((status = 204)))]
async fn prefer(
    State(state): State<AppState>,
    caller: Caller,
    Segment((customer, address)): Segment<(CustomerId, AddressId)>,
) -> Result<StatusCode, Problem> {
    set_default_address(&state.pool, &caller.context(&state), customer, address).await?;
    Ok(StatusCode::NO_CONTENT)
}
