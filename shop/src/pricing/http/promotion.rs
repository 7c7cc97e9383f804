//! `/v1/promotions`.

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
use crate::id::{ProductId, PromotionId};
use crate::money::Money;
use crate::pricing::{
    BasisPoints, CreatePromotion, CreatePromotionError, DeletePromotionError, Offer, Role,
    create_promotion, delete_promotion,
};
use crate::value::{Label, Quantity, Slug};

problems!(CreatePromotionError {
    E::NeverValid => NeverValid,
    E::NoAmount => PromotionAmountMissing,
    E::AmountNotPositive | E::MinimumNegative => AmountNotPositive,
    E::CurrencyTwice(_) => LineTwice,
    E::UnknownProduct => ProductUnknown,
    E::ProductTwice => LineTwice,
});
problems!(DeletePromotionError {
    E::NotFound => PromotionNotFound,
    E::BeforeCreation => TimeInThePast,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(end))
}

/// What a promotion gives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum NewOffer {
    /// So many hundredths of a percent off the matching lines.
    Percentage(i64),
    /// So much off, per currency.
    Amount(Vec<Money>),
    /// Who buys so many gets so many for less.
    BuyXGetY(BuyGet),
    /// Shipping costs nothing.
    FreeShipping {},
}

/// Who buys so many gets so many for less.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BuyGet {
    buy: Quantity,
    get: Quantity,
    /// In hundredths of a percent.
    #[schema(minimum = 1, maximum = 10_000)]
    off: i64,
}

/// A product that a promotion is about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct About {
    product: ProductId,
    role: AboutRole,
}

/// On which side of "buy X, get Y" a product is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AboutRole {
    /// It must be bought.
    Buy,
    /// It is given.
    Get,
    /// Either, or the promotion has no sides.
    Any,
}

/// A promotion to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPromotion {
    name: Label,
    offer: NewOffer,
    /// From which subtotal on, per currency.
    #[serde(default)]
    #[schema(max_items = 200)]
    minimums: Vec<Money>,
    /// Which products; none means all.
    #[serde(default)]
    #[schema(max_items = 1000)]
    products: Vec<About>,
    #[serde(default)]
    priority: i32,
    /// At most one promotion of a group applies.
    stacking_group: Option<Slug>,
    /// Whether it applies only with one of its vouchers.
    #[serde(default)]
    needs_voucher: bool,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadePromotion {
    id: PromotionId,
}

fn points(points: i64) -> Result<BasisPoints, Problem> {
    BasisPoints::new(points).map_err(|error| Problem::new(Code::BodyInvalid).saying(error))
}

/// Makes a promotion.
#[utoipa::path(post, path = "/v1/promotions", tag = "vouchers", request_body = NewPromotion,
    security(("api_key" = ["vouchers.write"])),
    responses((status = 201, body = MadePromotion)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewPromotion>,
) -> Result<(StatusCode, Json<MadePromotion>), Problem> {
    let context = caller.context(&state);
    let offer = match new.offer {
        NewOffer::Percentage(off) => Offer::Percentage(points(off)?),
        NewOffer::Amount(amounts) => Offer::Amount(amounts),
        NewOffer::BuyXGetY(BuyGet { buy, get, off }) => {
            Offer::BuyXGetY { buy, get, off: points(off)? }
        }
        NewOffer::FreeShipping {} => Offer::FreeShipping,
    };
    let about = |about: About| {
        let role = match about.role {
            AboutRole::Buy => Role::Buy,
            AboutRole::Get => Role::Get,
            AboutRole::Any => Role::Any,
        };
        (about.product, role)
    };
    let request = CreatePromotion {
        name: new.name,
        offer,
        minimums: new.minimums,
        products: new.products.into_iter().map(about).collect(),
        priority: new.priority,
        stacking_group: new.stacking_group,
        needs_voucher: new.needs_voucher,
        from: new.from.unwrap_or_else(|| context.now()),
        until: new.until,
    };
    let id = create_promotion(&state.pool, &context, request).await?;
    Ok((StatusCode::CREATED, Json(MadePromotion { id })))
}

/// A promotion.
#[derive(Debug, Serialize, ToSchema)]
struct Promotion {
    id: PromotionId,
    name: String,
    kind: String,
    priority: i32,
    needs_voucher: bool,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// Lists promotions, the oldest first.
#[utoipa::path(get, path = "/v1/promotions", tag = "vouchers", params(PageQuery),
    security(("api_key" = ["vouchers.read"])),
    responses((status = 200, body = Page<Promotion>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Promotion>>, Problem> {
    type Row =
        (PromotionId, String, String, i32, bool, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, name::text, kind::text, priority, needs_voucher, lower(valid), upper(valid)
           FROM promotion WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1)
          ORDER BY id LIMIT $2",
    )
    .bind(page.after::<PromotionId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, name, kind, priority, needs_voucher, from, until): Row| Promotion {
        id,
        name,
        kind,
        priority,
        needs_voucher,
        from,
        until,
    };
    let all = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(all, page.limit, |one: &Promotion| one.id.to_string())))
}

/// Ends a promotion.
#[utoipa::path(delete, path = "/v1/promotions/{id}", tag = "vouchers",
    params(("id" = PromotionId, Path)), security(("api_key" = ["vouchers.write"])),
    responses((status = 204)))]
async fn end(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<PromotionId>,
) -> Result<StatusCode, Problem> {
    delete_promotion(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
