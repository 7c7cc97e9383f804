//! A month of orders, in every stage that an order can be in.

use chrono::{DateTime, TimeDelta, Utc};

use super::shelf::Buyer;
use super::{Seed, SeedError};
use crate::cart::{self, CartRequest, Shopper};
use crate::id::{OrderId, PaymentId, VariantId};
use crate::inventory::Strategy;
use crate::money::Currency;
use crate::order::{self, Place, Placed, Shipment, Wanted};
use crate::payment::provider::Source;
use crate::payment::provider::fake::FakeProvider;
use crate::payment::{
    CaptureMode, MethodType, PayWith, Refund, RefundReason, Start, purchase, refund, start,
};
use crate::pricing::{Destination, Policy};
use crate::value::Quantity;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Placed,
    Paid,
    Shipped,
    Delivered,
    Refunded,
}

impl Seed<'_> {
    /// One order after the other, from `begin` to `end`; gives how many there are, and open carts.
    pub(super) async fn month(
        &self,
        begin: DateTime<Utc>,
        end: DateTime<Utc>,
        shelf: &[VariantId],
        buyers: &[Buyer],
        count: usize,
        told: &(dyn Fn(&str) + Sync),
    ) -> Result<(usize, usize), SeedError> {
        let provider = FakeProvider::new(self.context.clone());
        // The last hour is left for what is not old enough to expire.
        let span = end - TimeDelta::hours(1) - begin;
        let (mut orders, mut carts) = (0, 0);
        for number in 0..count {
            let place = i32::try_from(number).unwrap_or(i32::MAX);
            let of = i32::try_from(count).unwrap_or(i32::MAX).max(1);
            self.clock.to(begin + span / of * place);
            let stage = self.stage(number, count);
            if stage == Stage::Open || stage == Stage::Placed {
                self.clock.to(end - TimeDelta::minutes(50));
            }
            match self.buy(stage, shelf, buyers, &provider).await? {
                Some(_) => orders += 1,
                None => carts += 1,
            }
            if (number + 1).is_multiple_of(250) {
                told(&format!("{} of {count} orders", number + 1));
            }
        }
        Ok((orders, carts))
    }

    /// The last tenth waits for something, most of the others are done.
    fn stage(&self, number: usize, count: usize) -> Stage {
        if number * 10 >= count * 9 {
            return if number.is_multiple_of(2) { Stage::Placed } else { Stage::Open };
        }
        match self.dice.below(20) {
            0 => Stage::Refunded,
            1..4 => Stage::Paid,
            4..8 => Stage::Shipped,
            _ => Stage::Delivered,
        }
    }

    async fn buy(
        &self,
        stage: Stage,
        shelf: &[VariantId],
        buyers: &[Buyer],
        provider: &FakeProvider,
    ) -> Result<Option<OrderId>, SeedError> {
        let guest = self.dice.below(4) == 0;
        let buyer = &buyers[self.dice.below(buyers.len())];
        let Some(placed) = self.place(stage, guest, shelf, buyer).await? else { return Ok(None) };
        if stage == Stage::Placed {
            return Ok(Some(placed.order));
        }
        let payment = self.pay(&placed, provider).await?;
        match stage {
            Stage::Shipped => self.ship(placed.order, false).await?,
            Stage::Delivered => self.ship(placed.order, true).await?,
            Stage::Refunded => self.give_back(payment, provider).await?,
            Stage::Open | Stage::Placed | Stage::Paid => {}
        }
        Ok(Some(placed.order))
    }

    async fn place(
        &self,
        stage: Stage,
        guest: bool,
        shelf: &[VariantId],
        buyer: &Buyer,
    ) -> Result<Option<Placed>, SeedError> {
        let (pool, context, dice) = (self.pool, &self.context, &self.dice);
        // One who has an open cart already looks on as a guest.
        let guest = guest || stage == Stage::Open;
        let wanted = cart::Create {
            customer: (!guest).then_some(buyer.id),
            currency: Currency::EUR,
            tax_included: true,
            price_list: "default".parse().map_err(SeedError::refused)?,
        };
        let made = cart::create(pool, context, wanted).await.map_err(SeedError::refused)?;
        let shopper = Shopper::Session(made.session);
        let request = CartRequest { cart: made.cart, shopper, version: None };
        let first = dice.below(shelf.len());
        for line in 0..=dice.below(4) {
            let variant = shelf[(first + line * 7) % shelf.len()];
            let quantity = Quantity::new(dice.between(1, 3)).map_err(SeedError::refused)?;
            cart::add_line(pool, context, &request, variant, quantity)
                .await
                .map_err(SeedError::refused)?;
        }
        if stage == Stage::Open {
            return Ok(None);
        }
        self.clock.on(TimeDelta::minutes(4));
        cart::begin_checkout(pool, context, &request, Strategy::MostStock)
            .await
            .map_err(SeedError::refused)?;
        let email = guest.then(|| format!("guest-{}@example.org", dice.between(1, 9_999)).parse());
        let place = Place {
            cart: request,
            email: email.transpose().map_err(SeedError::refused)?,
            destination: Destination::country(buyer.address.country),
            shipping_address: Some(buyer.address.clone()),
            billing_address: None,
            shipping_method: Some("parcel".parse().map_err(SeedError::refused)?),
            payment_is_cash: false,
            expected_total: None,
            policy: Policy::default(),
        };
        let placed = order::place(pool, context, &place).await.map_err(SeedError::refused)?;
        Ok(Some(placed))
    }

    async fn pay(&self, placed: &Placed, provider: &FakeProvider) -> Result<PaymentId, SeedError> {
        let (pool, context) = (self.pool, &self.context);
        self.clock.on(TimeDelta::minutes(1));
        let request = Start {
            order: placed.order,
            amount: placed.quote.totals.grand_total,
            with: PayWith::Once {
                method_type: MethodType::Card,
                provider: "fake".parse().map_err(SeedError::refused)?,
            },
            capture_mode: CaptureMode::Automatic,
            expires_at: None,
        };
        let payment = crate::alone!(pool, crate::payment::StartError, |connection| {
            start(connection, context, &request).await
        })
        .map_err(SeedError::refused)?;
        let token = Source::Token("tok_visa".parse().map_err(SeedError::refused)?);
        purchase(pool, context, provider, payment, Some(token))
            .await
            .map_err(SeedError::refused)?;
        Ok(payment)
    }

    async fn ship(&self, order: OrderId, arrives: bool) -> Result<(), SeedError> {
        let (pool, context) = (self.pool, &self.context);
        self.clock.on(TimeDelta::minutes(15));
        let parcels = order::fulfil(pool, context, order, &Wanted::Everything)
            .await
            .map_err(SeedError::refused)?;
        for parcel in parcels {
            order::ship(pool, context, parcel.fulfilment, &Shipment::default())
                .await
                .map_err(SeedError::refused)?;
            if arrives {
                order::deliver(pool, context, parcel.fulfilment)
                    .await
                    .map_err(SeedError::refused)?;
            }
        }
        Ok(())
    }

    async fn give_back(
        &self,
        payment: PaymentId,
        provider: &FakeProvider,
    ) -> Result<(), SeedError> {
        self.clock.on(TimeDelta::minutes(20));
        let request = Refund {
            payment,
            amount: None,
            reason: RefundReason::RequestedByCustomer,
            note: None,
            lines: Vec::new(),
            for_return: None,
        };
        refund(self.pool, &self.context, provider, &request).await.map_err(SeedError::refused)?;
        Ok(())
    }
}
