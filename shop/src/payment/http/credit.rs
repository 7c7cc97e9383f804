//! `/v1/store-credits`: gift cards and credit that customers have.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{
    AppState, Caller, Code, Page, PageQuery, Problem, Search, Segment, problems, stored_money,
};
use crate::id::{CustomerId, StoreCreditId};
use crate::money::{Currency, Money};
use crate::payment::{CreditError, give_credit, issue_gift_card};

problems!(CreditError {
    E::NotPositive => AmountNotPositive,
    E::ExpiresInThePast => TimeInThePast,
    E::NoCustomer => CustomerUnknown,
    E::NotFound => StoreCreditNotFound,
    E::Money(_) => AmountOutOfRange,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, give)).routes(routes!(show)).routes(routes!(issue))
}

/// Credit for a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCredit {
    customer: CustomerId,
    amount: Money,
    expires_at: Option<DateTime<Utc>>,
}

/// A gift card to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGiftCard {
    amount: Money,
    /// Whose it is; none: whoever has the code.
    customer: Option<CustomerId>,
    expires_at: Option<DateTime<Utc>>,
}

/// A gift card that was issued.
#[derive(Debug, Serialize, ToSchema)]
struct IssuedGiftCard {
    id: StoreCreditId,
    /// Who has it has the money. It is shown in the answer to this request, also when that is
    /// repeated under its key, and nowhere else.
    code: String,
}

/// What the shop owes.
#[derive(Debug, Serialize, ToSchema)]
struct StoreCredit {
    id: StoreCreditId,
    customer: Option<CustomerId>,
    /// `gift_card` or `store_credit`.
    kind: String,
    issued: Money,
    /// What payments have claimed.
    held: Money,
    /// What payments have taken.
    spent: Money,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

type Row = (
    StoreCreditId,
    Option<CustomerId>,
    String,
    Currency,
    i64,
    i64,
    i64,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

fn credit(row: Row) -> Result<StoreCredit, Problem> {
    let (id, customer, kind, currency, issued, held, spent, created_at, expires_at) = row;
    Ok(StoreCredit {
        id,
        customer,
        kind,
        issued: stored_money(issued, currency)?,
        held: stored_money(held, currency)?,
        spent: stored_money(spent, currency)?,
        created_at,
        expires_at,
    })
}

const READ: &str = "
    SELECT id, customer_id, kind::text, currency, issued::bigint, held::bigint, spent::bigint,
           created_at, expires_at
      FROM store_credit
     WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3";

/// Gives a customer credit.
#[utoipa::path(post, path = "/v1/store-credits", tag = "payments", request_body = NewCredit,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = StoreCredit)))]
async fn give(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewCredit>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewCredit { customer, amount, expires_at } = body;
    once!(state, &context, claim, |connection| {
        let id = give_credit(connection, &context, amount, customer, expires_at).await?;
        let row: Row = sqlx::query_as(READ)
            .bind(id)
            .bind(None::<StoreCreditId>)
            .bind(1_i64)
            .fetch_one(&mut *connection)
            .await?;
        Answer::made(&credit(row)?)
    })
}

/// Issues a gift card.
#[utoipa::path(post, path = "/v1/gift-cards", tag = "payments", request_body = NewGiftCard,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["payments.write"])),
    responses((status = 201, body = IssuedGiftCard)))]
async fn issue(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewGiftCard>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let NewGiftCard { amount, customer, expires_at } = body;
    once!(state, &context, claim, |connection| {
        let (id, code) =
            issue_gift_card(connection, &context, amount, customer, expires_at).await?;
        let issued = IssuedGiftCard { id, code: code.reveal().to_owned() };
        Answer::made(&issued).map(Answer::secret)
    })
}

/// Lists what the shop owes on gift cards and as credit, the oldest first.
#[utoipa::path(get, path = "/v1/store-credits", tag = "payments", params(PageQuery),
    security(("api_key" = ["payments.read"])),
    responses((status = 200, body = Page<StoreCredit>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<StoreCredit>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(READ)
        .bind(None::<StoreCreditId>)
        .bind(page.after::<StoreCreditId>()?)
        .bind(page.limit.to_read())
        .fetch_all(&state.pool)
        .await?;
    let all = rows.into_iter().map(credit).collect::<Result<_, _>>()?;
    Ok(Json(Page::of(all, page.limit, |one: &StoreCredit| one.id.to_string())))
}

/// Shows what is left of a gift card or of credit.
#[utoipa::path(get, path = "/v1/store-credits/{id}", tag = "payments",
    params(("id" = StoreCreditId, Path)), security(("api_key" = ["payments.read"])),
    responses((status = 200, body = StoreCredit)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<StoreCreditId>,
) -> Result<Json<StoreCredit>, Problem> {
    let row: Option<Row> = sqlx::query_as(READ)
        .bind(id)
        .bind(None::<StoreCreditId>)
        .bind(1_i64)
        .fetch_optional(&state.pool)
        .await?;
    Ok(Json(credit(row.ok_or_else(|| Problem::new(Code::StoreCreditNotFound))?)?))
}
