//! `/v1/vouchers`.

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
use crate::id::{PromotionId, VoucherId};
use crate::pricing::{
    CreateVoucher, CreateVoucherError, DeleteVoucherError, LimitVoucherError, VoucherCode,
    VoucherLimits, create_voucher, delete_voucher, limit_voucher,
};

problems!(CreateVoucherError {
    E::UnknownPromotion => PromotionUnknown,
    E::NeedsNone => PromotionNeedsNoVoucher,
    E::CodeTaken => CodeTaken,
    E::LimitNotPositive => LimitNotPositive,
    E::NeverValid => NeverValid,
});
problems!(LimitVoucherError {
    E::NotFound => VoucherNotFound,
    E::LimitNotPositive => LimitNotPositive,
    E::UsedMoreOften => VoucherUsedMoreOften,
    E::CountedOtherwise => VoucherCountedOtherwise,
});
problems!(DeleteVoucherError {
    E::NotFound => VoucherNotFound,
    E::BeforeCreation => TimeInThePast,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(show, limit, end))
}

/// A voucher to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewVoucher {
    promotion: PromotionId,
    code: VoucherCode,
    /// How often it may be used; none for as often as any.
    #[schema(minimum = 1)]
    usage_limit: Option<i32>,
    /// How often by one customer; a guest cannot use it then.
    #[schema(minimum = 1)]
    per_customer_limit: Option<i32>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeVoucher {
    id: VoucherId,
}

/// Makes a voucher of a promotion.
#[utoipa::path(post, path = "/v1/vouchers", tag = "vouchers", request_body = NewVoucher,
    security(("api_key" = ["vouchers.write"])),
    responses((status = 201, body = MadeVoucher)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Body(new): Body<NewVoucher>,
) -> Result<(StatusCode, Json<MadeVoucher>), Problem> {
    let context = caller.context(&state);
    let request = CreateVoucher {
        promotion: new.promotion,
        code: new.code,
        limits: VoucherLimits { total: new.usage_limit, per_customer: new.per_customer_limit },
        from: new.from.unwrap_or_else(|| context.now()),
        until: new.until,
    };
    let id = create_voucher(&state.pool, &context, request).await?;
    Ok((StatusCode::CREATED, Json(MadeVoucher { id })))
}

/// A voucher.
#[derive(Debug, Serialize, ToSchema)]
struct Voucher {
    id: VoucherId,
    promotion: PromotionId,
    code: String,
    usage_limit: Option<i32>,
    per_customer_limit: Option<i32>,
    used: i32,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

type Row = (
    VoucherId,
    PromotionId,
    String,
    Option<i32>,
    Option<i32>,
    i32,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

macro_rules! columns {
    () => {
        "SELECT id, promotion_id, code, usage_limit, per_customer_limit, used, lower(valid),
                upper(valid) FROM voucher WHERE deleted_at IS NULL"
    };
}

fn voucher(row: Row) -> Voucher {
    let (id, promotion, code, usage_limit, per_customer_limit, used, from, until) = row;
    Voucher { id, promotion, code, usage_limit, per_customer_limit, used, from, until }
}

/// Lists vouchers, the oldest first.
#[utoipa::path(get, path = "/v1/vouchers", tag = "vouchers", params(PageQuery),
    security(("api_key" = ["vouchers.read"])),
    responses((status = 200, body = Page<Voucher>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Voucher>>, Problem> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        columns!(),
        " AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
    ))
    .bind(page.after::<VoucherId>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let all = rows.into_iter().map(voucher).collect();
    Ok(Json(Page::of(all, page.limit, |one: &Voucher| one.id.to_string())))
}

/// Shows a voucher.
#[utoipa::path(get, path = "/v1/vouchers/{id}", tag = "vouchers",
    params(("id" = VoucherId, Path)), security(("api_key" = ["vouchers.read"])),
    responses((status = 200, body = Voucher)))]
async fn show(
    State(state): State<AppState>,
    Segment(id): Segment<VoucherId>,
) -> Result<Json<Voucher>, Problem> {
    let row: Option<Row> = sqlx::query_as(concat!(columns!(), " AND id = $1"))
        .bind(id)
        .fetch_optional(&state.pool)
        .await?;
    Ok(Json(voucher(row.ok_or_else(|| Problem::new(Code::VoucherNotFound))?)))
}

/// How often a voucher may be used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLimits {
    #[schema(minimum = 1)]
    usage_limit: Option<i32>,
    #[schema(minimum = 1)]
    per_customer_limit: Option<i32>,
}

/// Sets how often a voucher may be used.
#[utoipa::path(put, path = "/v1/vouchers/{id}", tag = "vouchers", request_body = NewLimits,
    params(("id" = VoucherId, Path)), security(("api_key" = ["vouchers.write"])),
    responses((status = 204)))]
async fn limit(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<VoucherId>,
    Body(new): Body<NewLimits>,
) -> Result<StatusCode, Problem> {
    let limits = VoucherLimits { total: new.usage_limit, per_customer: new.per_customer_limit };
    limit_voucher(&state.pool, &caller.context(&state), id, limits).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a voucher; its code is free again.
#[utoipa::path(delete, path = "/v1/vouchers/{id}", tag = "vouchers",
    params(("id" = VoucherId, Path)), security(("api_key" = ["vouchers.write"])),
    responses((status = 204)))]
async fn end(
    State(state): State<AppState>,
    caller: Caller,
    Segment(id): Segment<VoucherId>,
) -> Result<StatusCode, Problem> {
    delete_voucher(&state.pool, &caller.context(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
