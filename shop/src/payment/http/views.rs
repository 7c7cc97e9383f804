//! Payments and what was done with them, as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use utoipa::ToSchema;

use crate::http::{Code, Problem, stored_money};
use crate::id::{
    AttemptId, CaptureId, DisputeId, OrderId, PaymentId, PaymentMethodId, RefundId, VoidId,
};
use crate::money::{Currency, Money};
use crate::payment::{
    CaptureMode, CaptureState, DisputeState, MethodType, PaymentState, RefundReason, RefundState,
};

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub(super) struct PaymentView {
    pub(super) id: PaymentId,
    pub(super) order: OrderId,
    state: PaymentState,
    provider: String,
    method_type: MethodType,
    method: Option<PaymentMethodId>,
    capture_mode: CaptureMode,
    amount: Money,
    authorized: Money,
    captured: Money,
    voided: Money,
    refunded: Money,
    disputed: Money,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

macro_rules! payment_columns {
    () => {
        "SELECT id, order_id, state::text, provider::text, method_type::text, payment_method_id,
                capture_mode::text, currency::text, amount::bigint AS amount, authorized, captured,
                voided, refunded, disputed, created_at, expires_at FROM payment"
    };
}

impl PaymentView {
    fn read(row: &PgRow) -> Result<Self, Problem> {
        let currency: Currency = row.try_get("currency")?;
        let money = |column: &str| stored_money(row.try_get(column)?, currency);
        Ok(Self {
            id: row.try_get("id")?,
            order: row.try_get("order_id")?,
            state: row.try_get("state")?,
            provider: row.try_get("provider")?,
            method_type: row.try_get("method_type")?,
            method: row.try_get("payment_method_id")?,
            capture_mode: row.try_get("capture_mode")?,
            amount: money("amount")?,
            authorized: money("authorized")?,
            captured: money("captured")?,
            voided: money("voided")?,
            refunded: money("refunded")?,
            disputed: money("disputed")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
        })
    }
}

/// There is no such payment.
pub(super) fn missing() -> Problem {
    Problem::new(Code::PaymentNotFound)
}

pub(super) async fn payment(
    connection: &mut PgConnection,
    id: PaymentId,
) -> Result<PaymentView, Problem> {
    let row = sqlx::query(concat!(payment_columns!(), " WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    PaymentView::read(&row.ok_or_else(missing)?)
}

pub(super) async fn payments(
    connection: &mut PgConnection,
    after: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<PaymentView>, Problem> {
    let sql =
        concat!(payment_columns!(), " WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2");
    let rows = sqlx::query(sql).bind(after).bind(limit).fetch_all(connection).await?;
    rows.iter().map(PaymentView::read).collect()
}

/// A request to hold or to take money, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(super) struct AttemptView {
    id: AttemptId,
    payment: PaymentId,
    amount: Money,
    /// `pending` until the provider has answered.
    state: String,
    decline_code: Option<String>,
    /// The state of the payment.
    payment_state: PaymentState,
}

pub(super) async fn attempt(
    connection: &mut PgConnection,
    id: AttemptId,
) -> Result<AttemptView, Problem> {
    type Row = (PaymentId, i64, Currency, String, Option<String>, PaymentState);
    let row: Option<Row> = sqlx::query_as(
        "SELECT payment_id, payment_attempt.amount::bigint, payment_attempt.currency::text,
                payment_attempt.state::text, decline_code::text, payment.state::text
           FROM payment_attempt JOIN payment ON payment.id = payment_id
          WHERE payment_attempt.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    let (payment, minor, currency, state, decline_code, payment_state) = row.ok_or_else(missing)?;
    let amount = stored_money(minor, currency)?;
    Ok(AttemptView { id, payment, amount, state, decline_code, payment_state })
}

/// Money that was taken, or is being taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Capture)]
pub(super) struct CaptureView {
    id: CaptureId,
    payment: PaymentId,
    amount: Money,
    /// `pending` until the provider has answered.
    state: CaptureState,
    payment_state: PaymentState,
}

pub(super) async fn capture(
    connection: &mut PgConnection,
    id: CaptureId,
) -> Result<CaptureView, Problem> {
    let row: Option<(PaymentId, i64, Currency, CaptureState, PaymentState)> = sqlx::query_as(
        "SELECT payment_id, capture.amount::bigint, capture.currency::text, capture.state::text,
                payment.state::text
           FROM capture JOIN payment ON payment.id = payment_id WHERE capture.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    let (payment, minor, currency, state, payment_state) = row.ok_or_else(missing)?;
    let amount = stored_money(minor, currency)?;
    Ok(CaptureView { id, payment, amount, state, payment_state })
}

/// Held money that was given up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Void)]
pub(super) struct VoidView {
    id: VoidId,
    payment: PaymentId,
    amount: Money,
    /// `pending` until the provider has answered.
    state: String,
    payment_state: PaymentState,
}

pub(super) async fn void(connection: &mut PgConnection, id: VoidId) -> Result<VoidView, Problem> {
    let row: Option<(PaymentId, i64, Currency, String, PaymentState)> = sqlx::query_as(
        "SELECT payment_id, payment_void.amount::bigint, payment_void.currency::text,
                payment_void.state::text, payment.state::text
           FROM payment_void JOIN payment ON payment.id = payment_id
          WHERE payment_void.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    let (payment, minor, currency, state, payment_state) = row.ok_or_else(missing)?;
    Ok(VoidView { id, payment, amount: stored_money(minor, currency)?, state, payment_state })
}

/// Money that goes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(super) struct RefundView {
    pub(super) id: RefundId,
    payment: PaymentId,
    amount: Money,
    state: RefundState,
    reason: RefundReason,
    created_at: DateTime<Utc>,
}

type RefundRow = (RefundId, PaymentId, i64, Currency, RefundState, RefundReason, DateTime<Utc>);

macro_rules! refund_columns {
    () => {
        "SELECT id, payment_id, amount::bigint, currency::text, state::text, reason::text,
                created_at FROM refund"
    };
}

fn refund_of(row: RefundRow) -> Result<RefundView, Problem> {
    let (id, payment, minor, currency, state, reason, created_at) = row;
    let amount = stored_money(minor, currency)?;
    Ok(RefundView { id, payment, amount, state, reason, created_at })
}

pub(super) async fn refund(
    connection: &mut PgConnection,
    id: RefundId,
) -> Result<RefundView, Problem> {
    let row: Option<RefundRow> = sqlx::query_as(concat!(refund_columns!(), " WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    refund_of(row.ok_or_else(|| Problem::new(Code::RefundNotFound))?)
}

pub(super) async fn refunds(
    connection: &mut PgConnection,
    payment: PaymentId,
    after: Option<RefundId>,
    limit: i64,
) -> Result<Vec<RefundView>, Problem> {
    let rows: Vec<RefundRow> = sqlx::query_as(concat!(
        refund_columns!(),
        " WHERE payment_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"
    ))
    .bind(payment)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(refund_of).collect()
}

/// Captured money that the customer's bank takes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dispute)]
pub(super) struct DisputeView {
    pub(super) id: DisputeId,
    payment: PaymentId,
    amount: Money,
    state: DisputeState,
    reason: String,
    created_at: DateTime<Utc>,
    /// Until when evidence is taken.
    respond_by: DateTime<Utc>,
}

type DisputeRow =
    (DisputeId, PaymentId, i64, Currency, DisputeState, String, DateTime<Utc>, DateTime<Utc>);

macro_rules! dispute_columns {
    () => {
        "SELECT id, payment_id, amount::bigint, currency::text, state::text, reason::text,
                created_at, respond_by FROM dispute"
    };
}

fn dispute_of(row: DisputeRow) -> Result<DisputeView, Problem> {
    let (id, payment, minor, currency, state, reason, created_at, respond_by) = row;
    let amount = stored_money(minor, currency)?;
    Ok(DisputeView { id, payment, amount, state, reason, created_at, respond_by })
}

pub(super) async fn dispute(
    connection: &mut PgConnection,
    id: DisputeId,
) -> Result<DisputeView, Problem> {
    let row: Option<DisputeRow> = sqlx::query_as(concat!(dispute_columns!(), " WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await?;
    dispute_of(row.ok_or_else(|| Problem::new(Code::DisputeNotFound))?)
}

pub(super) async fn disputes(
    connection: &mut PgConnection,
    after: Option<DisputeId>,
    limit: i64,
) -> Result<Vec<DisputeView>, Problem> {
    let rows: Vec<DisputeRow> = sqlx::query_as(concat!(
        dispute_columns!(),
        " WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2"
    ))
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(dispute_of).collect()
}
