//! Shoppers who keep buying until the shop does not answer, and what they were told.

use std::sync::{Arc, Mutex};

use shop::cart::{self, CartRequest};
use shop::id::{OrderId, PaymentId, VariantId};
use shop::inventory::Strategy;
use shop::money::Currency;
use shop::order;
use shop::payment::provider::fake::FakeProvider;
use shop::payment::{CaptureMode, MethodType, PayWith, Start, StartError, purchase, refund, start};
use shop::value::Quantity;
use tokio::sync::watch;

use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

/// What a shopper was told, and so must be true whatever happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The order is placed.
    Placed(OrderId),
    /// The money was taken.
    Taken(PaymentId),
    /// A part of it went back.
    Back(PaymentId),
}

/// Everything that was said, in order, and how much it is.
#[derive(Debug, Clone)]
pub struct Answers {
    said: Arc<Mutex<Vec<Said>>>,
    count: watch::Sender<usize>,
}

impl Answers {
    pub fn new() -> Self {
        Self { said: Arc::default(), count: watch::Sender::new(0) }
    }

    fn note(&self, said: Said) {
        self.said.lock().unwrap().push(said);
        self.count.send_modify(|count| *count += 1);
    }

    /// Everything that was said.
    pub fn all(&self) -> Vec<Said> {
        self.said.lock().unwrap().clone()
    }

    /// Waits until so much was said.
    pub async fn until(&self, wanted: usize) {
        let mut count = self.count.subscribe();
        count.wait_for(|count| *count >= wanted).await.unwrap();
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Buys two units of a variant at 10.00, pays, and gets one paid back, again and again, until
/// something fails.
pub async fn keep_buying(
    make: Make,
    fake: FakeProvider,
    variant: VariantId,
    answers: Answers,
) -> Failure {
    loop {
        if let Err(failure) = buy(&make, &fake, variant, &answers).await {
            return failure;
        }
    }
}

async fn buy(
    make: &Make,
    fake: &FakeProvider,
    variant: VariantId,
    answers: &Answers,
) -> Result<(), Failure> {
    let (db, context) = (&make.db, &make.context);
    let price_list = "default".parse()?;
    let wanted =
        cart::Create { customer: None, currency: Currency::EUR, tax_included: true, price_list };
    let made = cart::create(db, context, wanted).await?;
    let shopper = cart::Shopper::Session(made.session);
    let request = CartRequest { cart: made.cart, shopper, version: None };
    cart::add_line(db, context, &request, variant, Quantity::new(2)?).await?;
    cart::begin_checkout(db, context, &request, Strategy::MostStock).await?;
    let placed = order::place(db, context, &make.placing(request)).await?;
    answers.note(Said::Placed(placed.order));
    let card = PayWith::Once { method_type: MethodType::Card, provider: "fake".parse()? };
    let paying = Start {
        order: placed.order,
        amount: eur(2_000),
        with: card,
        capture_mode: CaptureMode::Automatic,
        expires_at: None,
    };
    let payment = shop::transact!(db, StartError, |connection| {
        start(connection, context, &paying).await
    })?;
    purchase(db, context, fake, payment, token()).await?;
    answers.note(Said::Taken(payment));
    refund(db, context, fake, &refund_of(payment, eur(500))).await?;
    answers.note(Said::Back(payment));
    Ok(())
}
