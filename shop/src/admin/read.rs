//! What the pages show, read in one transaction each.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgPool, Postgres, Transaction};

use super::Trouble;
use super::page::{
    Count, Event, Events, Item, Level, Order, OrderLine, Orders, Overview, Payment, Payments, Step,
    Stock,
};
use crate::id::{EventId, OrderId, PaymentId};
use crate::money::{Currency, Money};

/// Rows of a page.
const ROWS: usize = 50;

async fn reading(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn money(minor: i64, currency: &str) -> String {
    let currency: Option<Currency> = currency.parse().ok();
    let money = currency.and_then(|currency| Money::new(minor, currency).ok());
    money.map_or_else(|| format!("{minor}"), |money| money.to_string())
}

/// Cuts what was read to a page, and says behind what the next one begins.
fn cut<T>(mut rows: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let next = if more { rows.last().map(key) } else { None };
    (rows, next)
}

fn to_read() -> i64 {
    i64::try_from(ROWS + 1).unwrap_or(i64::MAX)
}

/// A length of time as a person says it.
fn length(time: TimeDelta) -> String {
    match time.num_seconds() {
        ..=0 => "none".to_owned(),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

type Waiting = (i64, Option<DateTime<Utc>>, i64, i64, i64, i64, i64);

pub(super) async fn overview(pool: &PgPool, now: DateTime<Utc>) -> Result<Overview, Trouble> {
    let mut reading = reading(pool).await?;
    let states = async |reading: &mut Transaction<'static, Postgres>, sql: &'static str| {
        let rows: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&mut **reading).await?;
        let count = |(name, count): (String, i64)| Count { name: name.replace('_', " "), count };
        Ok::<Vec<Count>, sqlx::Error>(rows.into_iter().map(count).collect())
    };
    let orders = "SELECT state::text, count(*) FROM orders GROUP BY state ORDER BY 2 DESC, 1";
    let orders = states(&mut reading, orders).await?;
    let payments = "SELECT state::text, count(*) FROM payment GROUP BY state ORDER BY 2 DESC, 1";
    let payments = states(&mut reading, payments).await?;
    let (unpublished, oldest, deliveries, given_up, holds_due, notices, short): Waiting =
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL),
                    (SELECT min(occurred_at) FROM outbox WHERE published_at IS NULL),
                    (SELECT count(*) FROM webhook_delivery WHERE state = 'pending'),
                    (SELECT count(*) FROM webhook_delivery WHERE state = 'exhausted'),
                    (SELECT count(*) FROM reservation WHERE state = 'active' AND expires_at <= $1),
                    (SELECT count(*) FROM webhook_received WHERE state IN ('received', 'failed')),
                    (SELECT count(*) FROM stock_level WHERE on_hand - reserved - allocated <= 5)",
        )
        .bind(now)
        .fetch_one(&mut *reading)
        .await?;
    reading.rollback().await?;
    let lag = length(oldest.map_or_else(TimeDelta::zero, |oldest| now - oldest));
    let at = time(now);
    Ok(Overview {
        orders,
        payments,
        unpublished,
        lag,
        deliveries,
        given_up,
        holds_due,
        notices,
        short,
        at,
    })
}

type LevelRow = (String, String, String, i32, i32, i32);

pub(super) async fn stock(
    pool: &PgPool,
    wanted: &str,
    after: Option<&str>,
) -> Result<Stock, Trouble> {
    // The key of a row is "SKU location": neither has a blank.
    let (sku, location) = after.and_then(|key| key.split_once(' ')).unwrap_or(("", ""));
    // NUL is in no SKU, and PostgreSQL takes it in no text.
    let plain = |text: &str| text.replace('\0', "");
    let like = plain(wanted).replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let mut reading = reading(pool).await?;
    let rows: Vec<LevelRow> = sqlx::query_as(
        "SELECT variant.sku::text, variant.title::text, location.code::text, on_hand, reserved,
                allocated
           FROM stock_level
           JOIN variant ON variant.id = variant_id
           JOIN location ON location.id = location_id
          WHERE variant.deleted_at IS NULL AND (variant.sku::text, location.code::text) > ($1, $2)
            AND (variant.sku::text ILIKE '%' || $3 || '%'
                 OR variant.title::text ILIKE '%' || $3 || '%')
          ORDER BY variant.sku::text, location.code::text LIMIT $4",
    )
    .bind(plain(sku))
    .bind(plain(location))
    .bind(like)
    .bind(to_read())
    .fetch_all(&mut *reading)
    .await?;
    reading.rollback().await?;
    let (rows, next) = cut(rows, |(sku, _, location, ..)| format!("{sku} {location}"));
    let level = |(sku, title, location, on_hand, reserved, allocated): LevelRow| Level {
        sku,
        title,
        location,
        on_hand,
        reserved,
        allocated,
        free: on_hand - reserved - allocated,
    };
    let levels = rows.into_iter().map(level).collect();
    Ok(Stock { wanted: wanted.to_owned(), levels, next })
}

type OrderRow = (OrderId, i64, DateTime<Utc>, Option<String>, i64, i64, String, String);

pub(super) async fn orders(pool: &PgPool, before: Option<OrderId>) -> Result<Orders, Trouble> {
    let mut reading = reading(pool).await?;
    let rows: Vec<OrderRow> = sqlx::query_as(
        "SELECT id, number, placed_at, email, grand_total::bigint,
                (SELECT count(*) FROM order_line WHERE order_id = orders.id), currency::text,
                state::text
           FROM orders WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(before)
    .bind(to_read())
    .fetch_all(&mut *reading)
    .await?;
    reading.rollback().await?;
    let (rows, next) = cut(rows, |row| row.0.to_string());
    let order = |(id, number, placed, email, total, lines, currency, state): OrderRow| OrderLine {
        id: id.to_string(),
        number,
        placed: time(placed),
        buyer: email.unwrap_or_else(|| "a customer".to_owned()),
        lines,
        total: money(total, &currency),
        state: state.replace('_', " "),
    };
    Ok(Orders { orders: rows.into_iter().map(order).collect(), next })
}

type HeaderRow = (i64, String, DateTime<Utc>, String, i64, i64, i64);

pub(super) async fn order(pool: &PgPool, id: OrderId) -> Result<Option<Order>, Trouble> {
    let mut reading = reading(pool).await?;
    let header: Option<HeaderRow> = sqlx::query_as(
        "SELECT number, state::text, placed_at, currency::text,
                (lines_discount + shipping_discount)::bigint, shipping_amount::bigint,
                grand_total::bigint
           FROM orders WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&mut *reading)
    .await?;
    let Some((number, state, placed, currency, discount, shipping, total)) = header else {
        return Ok(None);
    };
    let items: Vec<(String, String, i32, i64, i64)> = sqlx::query_as(
        "SELECT sku, title::text, quantity::int, unit_price::bigint, total FROM order_line
          WHERE order_id = $1 ORDER BY id",
    )
    .bind(id)
    .fetch_all(&mut *reading)
    .await?;
    let history: Vec<(DateTime<Utc>, String, String, Option<String>)> = sqlx::query_as(
        "SELECT at, to_state::text, actor::text, reason::text FROM orders_history
          WHERE orders_id = $1 ORDER BY seq",
    )
    .bind(id)
    .fetch_all(&mut *reading)
    .await?;
    let payments: Vec<PaymentRow> = sqlx::query_as(PAYMENTS)
        .bind(None::<PaymentId>)
        .bind(to_read())
        .bind(Some(id))
        .fetch_all(&mut *reading)
        .await?;
    reading.rollback().await?;
    let item = |(sku, title, quantity, price, total): (String, String, i32, i64, i64)| Item {
        sku,
        title,
        quantity,
        price: money(price, &currency),
        total: money(total, &currency),
    };
    let step = |(at, what, who, why): (DateTime<Utc>, String, String, Option<String>)| Step {
        at: time(at),
        what: what.replace('_', " "),
        who,
        why: why.unwrap_or_default(),
    };
    Ok(Some(Order {
        number,
        id: id.to_string(),
        state: state.replace('_', " "),
        placed: time(placed),
        items: items.into_iter().map(item).collect(),
        discount: money(discount, &currency),
        shipping: money(shipping, &currency),
        total: money(total, &currency),
        payments: payments.into_iter().map(payment).collect(),
        history: history.into_iter().map(step).collect(),
    }))
}

const PAYMENTS: &str = "
    SELECT payment.id, payment.order_id, orders.number, payment.created_at, method_type::text,
           payment.currency::text, amount::bigint, captured, refunded, payment.state::text
      FROM payment JOIN orders ON orders.id = payment.order_id
     WHERE ($1::uuid IS NULL OR payment.id < $1) AND ($3::uuid IS NULL OR payment.order_id = $3)
     ORDER BY payment.id DESC LIMIT $2";

type PaymentRow = (PaymentId, OrderId, i64, DateTime<Utc>, String, String, i64, i64, i64, String);

fn payment(row: PaymentRow) -> Payment {
    let (id, order, number, begun, method, currency, amount, captured, refunded, state) = row;
    Payment {
        id: id.to_string(),
        order: order.to_string(),
        number,
        begun: time(begun),
        method: method.replace('_', " "),
        amount: money(amount, &currency),
        captured: money(captured, &currency),
        refunded: money(refunded, &currency),
        state: state.replace('_', " "),
    }
}

pub(super) async fn payments(
    pool: &PgPool,
    before: Option<PaymentId>,
) -> Result<Payments, Trouble> {
    let mut reading = reading(pool).await?;
    let rows: Vec<PaymentRow> = sqlx::query_as(PAYMENTS)
        .bind(before)
        .bind(to_read())
        .bind(None::<OrderId>)
        .fetch_all(&mut *reading)
        .await?;
    reading.rollback().await?;
    let (rows, next) = cut(rows, |row| row.0.to_string());
    Ok(Payments { payments: rows.into_iter().map(payment).collect(), next })
}

type EventRow = (EventId, DateTime<Utc>, String, String, String, i32, bool);

pub(super) async fn events(pool: &PgPool, before: Option<EventId>) -> Result<Events, Trouble> {
    let mut reading = reading(pool).await?;
    let rows: Vec<EventRow> = sqlx::query_as(
        "SELECT id, occurred_at, type, aggregatetype::text, aggregateid::text, seq,
                published_at IS NOT NULL
           FROM outbox WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(before)
    .bind(to_read())
    .fetch_all(&mut *reading)
    .await?;
    reading.rollback().await?;
    let (rows, next) = cut(rows, |row| row.0.to_string());
    let event = |(_, at, kind, aggregate, id, seq, published): EventRow| Event {
        at: at.format("%Y-%m-%d %H:%M:%S").to_string(),
        kind,
        of: format!("{} {}", aggregate.replace('_', " "), id.get(24..).unwrap_or(&id)),
        seq,
        published,
    };
    Ok(Events { events: rows.into_iter().map(event).collect(), next })
}
