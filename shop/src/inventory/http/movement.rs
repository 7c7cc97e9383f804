//! `/v1/stock-movements`: deliveries, stock-takes and write-offs.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::idempotency::{Answer, Keyed, once};
use crate::http::{AppState, Caller, Code, Page, PageQuery, Problem, Search, problems};
use crate::id::{LocationId, StockOperationId, VariantId};
use crate::inventory::{
    Basis, Receive, ReceiveError, ReceivedLine, StockTake, WriteOff, adjust_within, receive_within,
    write_off_within,
};
use crate::value::{Label, Quantity};

problems!(ReceiveError {
    E::LocationNotFound => LocationUnknown,
    E::VariantNotFound { .. } => VariantUnknown,
    E::AlreadyReceived => OperationKnown,
    E::Empty => NoUnits,
    E::VariantTwice { .. } => LineTwice,
});

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, make))
}

/// What moves stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NewMovementKind {
    /// Units arrive.
    Receive,
    /// A stock-take found more or fewer than were known.
    Adjust,
    /// Units are given up: broken, stolen, expired.
    WriteOff,
}

/// A movement of stock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMovement {
    kind: NewMovementKind,
    location: LocationId,
    variant: VariantId,
    /// How many arrived, or are given up.
    quantity: Option<Quantity>,
    /// For `adjust`: how many were counted.
    #[schema(minimum = 0, maximum = 1_000_000)]
    counted: Option<i64>,
    /// For `adjust`: how many were known when they were counted.
    #[schema(minimum = 0, maximum = 1_000_000)]
    known: Option<i32>,
    /// Needed unless units arrive.
    reason: Option<Label>,
}

/// A movement that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeMovement {
    operation: StockOperationId,
    /// How many more are there; fewer when negative.
    delta: i32,
}

/// Moves stock.
#[utoipa::path(post, path = "/v1/stock-movements", tag = "stock", request_body = NewMovement,
    params(("Idempotency-Key" = String, Header)),
    security(("api_key" = ["stock.write"])),
    responses((status = 201, body = MadeMovement)))]
async fn make(
    State(state): State<AppState>,
    caller: Caller,
    Keyed { body, claim }: Keyed<NewMovement>,
) -> Result<Answer, Problem> {
    let context = caller.context(&state);
    let operation: StockOperationId = context.id();
    let wanted = Wanted::read(body, operation)?;
    once!(state, &context, claim, |connection| {
        let delta = match &wanted {
            Wanted::Receive(request) => {
                receive_within(connection, &context, request).await?;
                request.lines.iter().map(|line| line.quantity.get()).sum()
            }
            Wanted::Adjust(request) => adjust_within(connection, &context, request).await?,
            Wanted::WriteOff(request) => {
                write_off_within(connection, &context, request).await?;
                -request.quantity.get()
            }
        };
        Answer::made(&MadeMovement { operation, delta })
    })
}

enum Wanted {
    Receive(Receive),
    Adjust(StockTake),
    WriteOff(WriteOff),
}

impl Wanted {
    fn read(body: NewMovement, operation: StockOperationId) -> Result<Self, Problem> {
        use NewMovementKind as K;
        let NewMovement { kind, location, variant, quantity, counted, known, reason } = body;
        let missing = |field: &str| Problem::new(Code::BodyInvalid).with("field", field);
        let superfluous = match kind {
            K::Receive | K::WriteOff if counted.is_some() => Some("counted"),
            K::Receive | K::WriteOff if known.is_some() => Some("known"),
            K::Adjust if quantity.is_some() => Some("quantity"),
            _ => None,
        };
        if let Some(field) = superfluous {
            return Err(missing(field).saying("this kind of movement has no such field"));
        }
        if kind == K::Receive {
            let quantity = quantity.ok_or_else(|| missing("quantity"))?;
            let lines = vec![ReceivedLine { variant, quantity }];
            return Ok(Self::Receive(Receive { operation, location, lines, reason }));
        }
        let reason = reason.ok_or_else(|| missing("reason"))?;
        if kind == K::WriteOff {
            let quantity = quantity.ok_or_else(|| missing("quantity"))?;
            return Ok(Self::WriteOff(WriteOff { operation, location, variant, quantity, reason }));
        }
        let counted = counted.ok_or_else(|| missing("counted"))?;
        let basis = Basis::OnHand(known.ok_or_else(|| missing("known"))?);
        Ok(Self::Adjust(StockTake { operation, location, variant, counted, basis, reason }))
    }
}

/// A movement.
#[derive(Debug, Serialize, ToSchema)]
struct Movement {
    id: i64,
    location: LocationId,
    variant: VariantId,
    kind: String,
    delta: i32,
    reason: Option<String>,
    at: DateTime<Utc>,
}

/// Lists movements, the oldest first.
#[utoipa::path(get, path = "/v1/stock-movements", tag = "stock", params(PageQuery),
    security(("api_key" = ["stock.read"])),
    responses((status = 200, body = Page<Movement>)))]
async fn list(
    State(state): State<AppState>,
    Search(page): Search<PageQuery>,
) -> Result<Json<Page<Movement>>, Problem> {
    type Row = (i64, LocationId, VariantId, String, i32, Option<String>, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, location_id, variant_id, kind::text, delta, reason::text, at
           FROM stock_movement WHERE $1::bigint IS NULL OR id > $1 ORDER BY id LIMIT $2",
    )
    .bind(page.after::<i64>()?)
    .bind(page.limit.to_read())
    .fetch_all(&state.pool)
    .await?;
    let one = |(id, location, variant, kind, delta, reason, at): Row| Movement {
        id,
        location,
        variant,
        kind,
        delta,
        reason,
        at,
    };
    let movements = rows.into_iter().map(one).collect();
    Ok(Json(Page::of(movements, page.limit, |movement: &Movement| movement.id.to_string())))
}
