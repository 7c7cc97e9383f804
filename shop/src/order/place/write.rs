//! The rows of a new order.

use sqlx::types::Json;
use sqlx::{PgConnection, QueryBuilder};

use super::{Place, PlaceError};
use crate::cart::events::CartConverted;
use crate::cart::{CartRefusal, CartState};
use crate::context::Context;
use crate::customer::PostalAddress;
use crate::event::{Event as _, payload};
use crate::id::{AdjustmentId, CustomerId, EventId, OrderId, OrderLineId};
use crate::order::events::OrderPlaced;
use crate::pricing::{Adjustment, Quote};

/// Writes the order with its lines and addresses, converts the locked cart, and tells of both: one
/// round trip. Gives the order's number.
pub(super) async fn order(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
    request: &Place,
    customer: Option<CustomerId>,
    quote: &Quote,
    lines: &[OrderLineId],
) -> Result<i64, PlaceError> {
    let cart = request.cart.cart;
    let placed = OrderPlaced {
        order,
        cart,
        customer,
        total: quote.totals.grand_total,
        lines: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        vouchers: quote.redemptions.clone(),
    };
    let now = context.now();
    let mut sql = QueryBuilder::new(
        "WITH closed AS (
             UPDATE cart SET state = 'converted', state_seq = state_seq + 1,
                    event_seq = event_seq + 1, version = version + 1
              WHERE state = 'checkout' AND id = ",
    );
    sql.push_bind(cart).push(" RETURNING id, state_seq, event_seq), noted AS (");
    sql.push("INSERT INTO cart_history (cart_id, seq, from_state, to_state, actor, at) ");
    sql.push("SELECT id, state_seq, 'checkout', 'converted', ");
    sql.push_bind(context.actor().as_str().to_owned()).push(", ").push_bind(now);
    sql.push(" FROM closed), told AS (INSERT INTO outbox ");
    sql.push("(id, aggregatetype, aggregateid, seq, type, version, payload, occurred_at) SELECT ");
    sql.push_bind(context.id::<EventId>()).push(", 'cart', id, event_seq, ");
    sql.push_bind(CartConverted::TYPE).push(", ").push_bind(CartConverted::VERSION).push(", ");
    sql.push_bind(Json(payload(&CartConverted { cart, order })?)).push("::jsonb, ");
    sql.push_bind(now).push(" FROM closed UNION ALL SELECT ");
    sql.push_bind(context.id::<EventId>()).push(", 'order', ").push_bind(order).push(", 1, ");
    sql.push_bind(OrderPlaced::TYPE).push(", ").push_bind(OrderPlaced::VERSION).push(", ");
    sql.push_bind(Json(payload(&placed)?)).push("::jsonb, ").push_bind(now);
    sql.push(" FROM closed), ");
    header(&mut sql, context, order, request, customer, quote);
    line_rows(&mut sql, order, quote, lines);
    address_rows(&mut sql, order, request);
    sql.push(" SELECT number FROM header");
    let number: Option<i64> = sql.build_query_scalar().fetch_optional(connection).await?;
    // The cart is locked in this state.
    number.ok_or(PlaceError::Cart(CartRefusal::State(CartState::Checkout)))
}

type Sql = QueryBuilder<sqlx::Postgres>;

fn header(
    sql: &mut Sql,
    context: &Context,
    order: OrderId,
    request: &Place,
    customer: Option<CustomerId>,
    quote: &Quote,
) {
    let totals = &quote.totals;
    sql.push(
        "header AS (INSERT INTO orders (id, cart_id, customer_id, email, currency, tax_included,
             tax_rounding, rounding_mode, lines_subtotal, lines_discount, lines_tax,
             shipping_method, shipping_amount, shipping_discount, shipping_tax, rounding,
             grand_total, event_seq, placed_at) SELECT ",
    );
    let mut row = sql.separated(", ");
    row.push_bind(order).push("id").push_bind(customer);
    row.push_bind(request.email.as_ref().map(|email| email.as_str().to_owned()));
    row.push_bind(quote.currency).push_bind(quote.tax_included);
    row.push_bind(quote.policy.tax_rounding).push_bind(quote.policy.rounding);
    for amount in [totals.lines_subtotal, totals.lines_discount, totals.lines_tax] {
        row.push_bind(amount.minor());
    }
    row.push_bind(quote.shipping.as_ref().map(|shipping| shipping.method.clone()));
    for amount in [
        totals.shipping_amount,
        totals.shipping_discount,
        totals.shipping_tax,
        totals.rounding,
        totals.grand_total,
    ] {
        row.push_bind(amount.minor());
    }
    row.push("1").push_bind(context.now());
    sql.push(" FROM closed RETURNING number), ");
}

fn line_rows(sql: &mut Sql, order: OrderId, quote: &Quote, ids: &[OrderLineId]) {
    sql.push(
        "line AS (INSERT INTO order_line (order_id, currency, tax_included, id, variant_id,
             price_id, price_min_quantity, sku, title, quantity, unit_price, discount, tax_rate,
             tax) SELECT ",
    );
    sql.push_bind(order).push(", ").push_bind(quote.currency).push(", ");
    sql.push_bind(quote.tax_included).push(
        ", item.id, item.variant, item.price, item.min_quantity, item.sku, item.title,
             item.quantity, item.unit_price, item.discount, item.rate / 1000000.0, item.tax
           FROM closed, unnest(",
    );
    let lines = &quote.lines;
    macro_rules! column {
        ($value:expr, $type:literal) => {
            sql.push_bind(lines.iter().map($value).collect::<Vec<_>>());
            sql.push($type);
        };
    }
    sql.push_bind(ids.to_vec()).push("::uuid[], ");
    column!(|line| line.variant, "::uuid[], ");
    column!(|line| line.price_id, "::uuid[], ");
    column!(|line| line.price_min_quantity, "::int[], ");
    column!(|line| line.sku.clone(), "::text[], ");
    column!(|line| line.title.clone(), "::text[], ");
    column!(|line| line.quantity, "::int[], ");
    column!(|line| line.unit_price.minor(), "::bigint[], ");
    column!(|line| line.discount.minor(), "::bigint[], ");
    column!(|line| line.tax_rate.millionths(), "::bigint[], ");
    column!(|line| line.tax.minor(), "::bigint[]");
    sql.push(
        ") AS item (id, variant, price, min_quantity, sku, title, quantity, unit_price, discount,
             rate, tax) ORDER BY item.id)",
    );
}

fn address_rows(sql: &mut Sql, order: OrderId, request: &Place) {
    let addresses = [
        ("shipping", request.shipping_address.as_ref()),
        ("billing", request.billing_address.as_ref()),
    ];
    let addresses: Vec<(&str, &PostalAddress)> =
        addresses.into_iter().filter_map(|(kind, address)| Some((kind, address?))).collect();
    if addresses.is_empty() {
        return;
    }
    sql.push(
        ", address AS (INSERT INTO order_address (order_id, kind, recipient, line1, line2, city,
             region, postcode, country) ",
    );
    sql.push_values(addresses, |mut row, (kind, address)| {
        let text = |label: &crate::value::Label| label.as_str().to_owned();
        row.push_bind(order).push_bind(kind.to_owned());
        row.push_bind(text(&address.recipient)).push_bind(text(&address.line1));
        row.push_bind(address.line2.as_ref().map(text)).push_bind(text(&address.city));
        row.push_bind(address.region.as_ref().map(text));
        row.push_bind(address.postcode.as_ref().map(|code| code.as_str().to_owned()));
        row.push_bind(address.country);
    });
    sql.push(")");
}

const ADJUST: &str = "
    WITH used AS (
        INSERT INTO voucher_redemption (order_id, voucher_id, limited_per_customer, customer_id,
                                        redeemed_at)
        SELECT $1, voucher.id, voucher.limited_per_customer, $2, $3
          FROM unnest($4::uuid[]) AS item (id) JOIN voucher ON voucher.id = item.id
         ORDER BY voucher.id
    )
    INSERT INTO order_adjustment (id, order_id, currency, order_line_id, kind, amount,
                                  promotion_id, voucher_id, label)
    SELECT item.id, $1, $5, item.line, item.kind, item.amount, item.promotion, item.voucher,
           item.label
      FROM unnest($6::uuid[], $7::uuid[], $8::text[], $9::bigint[], $10::uuid[], $11::uuid[],
                  $12::text[])
               AS item (id, line, kind, amount, promotion, voucher, label)";

/// Uses the vouchers and says why the customer pays less than the list says: one round trip, none
/// where there is nothing to say.
pub(super) async fn adjustments(
    connection: &mut PgConnection,
    context: &Context,
    order: OrderId,
    customer: Option<CustomerId>,
    quote: &Quote,
    lines: &[OrderLineId],
) -> Result<(), PlaceError> {
    let of_lines = quote
        .lines
        .iter()
        .zip(lines)
        .flat_map(|(line, id)| line.adjustments.iter().map(move |part| (Some(*id), part)));
    let of_order = quote.order_adjustments.iter().map(|part| (None, part));
    let parts: Vec<(Option<OrderLineId>, &Adjustment)> = of_lines.chain(of_order).collect();
    if parts.is_empty() && quote.redemptions.is_empty() {
        return Ok(());
    }
    let ids: Vec<AdjustmentId> = parts.iter().map(|_| context.id()).collect();
    sqlx::query(ADJUST)
        .bind(order)
        .bind(customer)
        .bind(context.now())
        .bind(quote.redemptions.clone())
        .bind(quote.currency)
        .bind(ids)
        .bind(parts.iter().map(|(line, _)| *line).collect::<Vec<_>>())
        .bind(parts.iter().map(|(_, part)| part.kind.as_str()).collect::<Vec<_>>())
        .bind(parts.iter().map(|(_, part)| part.amount.minor()).collect::<Vec<_>>())
        .bind(parts.iter().map(|(_, part)| part.promotion).collect::<Vec<_>>())
        .bind(parts.iter().map(|(_, part)| part.voucher).collect::<Vec<_>>())
        .bind(parts.iter().map(|(_, part)| part.label.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
