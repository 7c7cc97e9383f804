//! Placing an order: a cart in checkout becomes an order, in one transaction.
//!
//! Six round trips, whatever the cart holds: begin, lock the cart, price it, write the order,
//! promise its stock, commit; one more to claim vouchers and explain discounts, and one more where
//! there is nothing to pay and the order is confirmed at once.

mod error;
mod write;

pub use error::PlaceError;

use sqlx::{PgConnection, PgPool};

use super::{OrderState, confirm};
use crate::cart::{CartRequest, CartState, lock_for_order};
use crate::context::Context;
use crate::customer::{Email, PostalAddress};
use crate::id::{OrderId, OrderLineId, VariantId};
use crate::inventory;
use crate::money::Money;
use crate::pricing::{Destination, Policy, PriceCart, Quote, VoucherRefusal, price_cart};
use crate::value::Slug;

/// The order that is wanted.
#[derive(Debug, Clone)]
pub struct Place {
    /// The cart, in checkout.
    pub cart: CartRequest,
    /// How the customer is reached; a customer with an account may leave it out.
    pub email: Option<Email>,
    /// Where it is taxed and sent to.
    pub destination: Destination,
    /// Where exactly; in the country of the destination.
    pub shipping_address: Option<PostalAddress>,
    /// Who is billed.
    pub billing_address: Option<PostalAddress>,
    /// How it is sent; none when there is nothing to send.
    pub shipping_method: Option<Slug>,
    /// Whether it is paid in cash, whose coins round the total.
    pub payment_is_cash: bool,
    /// The total that the customer was shown; any other is refused. None takes what it comes to.
    pub expected_total: Option<Money>,
    /// How it is rounded.
    pub policy: Policy,
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Which.
    pub order: OrderId,
    /// Its number, for people.
    pub number: i64,
    /// Confirmed where there is nothing to pay, else placed.
    pub state: OrderState,
    /// What it comes to.
    pub quote: Quote,
    /// Its lines, in the order of the quote.
    pub lines: Vec<OrderLineId>,
}

/// Turns a cart in checkout into an order: its stock is promised, its vouchers are used.
///
/// # Errors
/// See [`PlaceError`]; nothing was written then.
pub async fn place(
    pool: &PgPool,
    context: &Context,
    request: &Place,
) -> Result<Placed, PlaceError> {
    crate::transact!(pool, PlaceError, |connection| {
        place_within(connection, context, request).await
    })
}

/// [`place`] as a part of the caller's transaction.
pub(crate) async fn place_within(
    connection: &mut PgConnection,
    context: &Context,
    request: &Place,
) -> Result<Placed, PlaceError> {
    let elsewhere = |address: &PostalAddress| address.country != request.destination.country;
    if request.shipping_address.as_ref().is_some_and(elsewhere) {
        return Err(PlaceError::AddressElsewhere);
    }
    let cart = request.cart.cart;
    let locked =
        lock_for_order::<PlaceError>(connection, context, &request.cart, &[CartState::Checkout])
            .await?;
    if !locked.prices_hold(context.now()) {
        Err(PlaceError::PricesExpired)?;
    }
    let wanted = PriceCart {
        cart,
        destination: &request.destination,
        shipping_method: request.shipping_method.as_ref(),
        payment_is_cash: request.payment_is_cash,
        policy: request.policy,
    };
    let quote = price_cart(connection, context, wanted).await?;
    agreed(request, &quote)?;
    let order: OrderId = context.id();
    let lines: Vec<OrderLineId> = quote.lines.iter().map(|_| context.id()).collect();
    let number =
        write::order(connection, context, order, request, locked.customer, &quote, &lines).await?;
    let promised: Vec<(VariantId, OrderLineId)> =
        quote.lines.iter().map(|line| line.variant).zip(lines.iter().copied()).collect();
    inventory::commit(connection, context, cart, &promised).await?;
    write::adjustments(connection, context, order, locked.customer, &quote, &lines).await?;
    let state = if quote.totals.grand_total.is_zero() {
        confirm(connection, context, order).await?;
        OrderState::Confirmed
    } else {
        OrderState::Placed
    };
    Ok(Placed { order, number, state, quote, lines })
}

/// Whether the customer agreed to this, and it is one that can be bought.
fn agreed(request: &Place, quote: &Quote) -> Result<(), PlaceError> {
    if quote.lines.is_empty() {
        return Err(PlaceError::CartEmpty);
    }
    for (_, refusal) in &quote.refused {
        match refusal {
            VoucherRefusal::UsedUp => return Err(PlaceError::VoucherUsedUp),
            VoucherRefusal::UsedUpByCustomer => return Err(PlaceError::VoucherUsedUpByCustomer),
            // The others take nothing off, which the total tells.
            _ => {}
        }
    }
    let now = quote.totals.grand_total;
    match request.expected_total {
        Some(shown) if shown != now => Err(PlaceError::PriceChanged { shown, now }),
        _ => Ok(()),
    }
}
