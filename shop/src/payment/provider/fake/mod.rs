//! A provider that does as it is told: for tests and demonstrations.
//!
//! In: questions, and a script of how the next ones go: declined, failed, challenged, pending,
//! unanswered before or after it acted, held up. Out: answers, and a ledger of its own of what
//! money has moved, with which a test compares the books; and notices, which the test may deliver
//! twice, late, in any order, or not at all.
//!
//! **Invariant**: acts once per key, and never moves more than an authorisation holds.

mod ledger;
mod script;

pub use ledger::{Account, Moved};
pub use script::{Behaviour, Gate};

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Answer, Ask, AskError, Provider, Sensitive, TokenizeError, Tokenized};
use crate::context::Context;
use crate::id::PaymentId;
use crate::money::Money;
use crate::payment::DisputeState;
use crate::payment::reference::ProviderReference;
use crate::payment::webhook::{News, Notice};
use crate::value::Slug;
use ledger::Ledger;

/// The fake provider. Cloning gives another handle of the same.
#[derive(Debug, Clone)]
pub struct FakeProvider {
    context: Context,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Debug, Default)]
struct Inside {
    ledger: Ledger,
    script: VecDeque<Behaviour>,
    notices: Vec<Notice>,
    told: u32,
    asked: u32,
}

impl FakeProvider {
    /// A provider that has moved nothing yet.
    pub fn new(context: Context) -> Self {
        Self { context, inside: Arc::default() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the next questions go, in order; those after them succeed.
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.inside().script.extend(behaviours);
    }

    /// What has moved for a payment.
    pub fn moved(&self, payment: PaymentId) -> Moved {
        self.inside().ledger.moved(payment)
    }

    /// The accounts of a payment, also those that were replaced.
    pub fn accounts(&self, payment: PaymentId) -> Vec<Account> {
        self.inside().ledger.accounts(payment)
    }

    /// How many questions have come, answered or not.
    pub fn asked(&self) -> u32 {
        self.inside().asked
    }

    /// The notices that were not taken yet, in the order in which things happened.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.inside().notices)
    }

    /// What was pending or waiting for the customer comes to an end, or what had succeeded is
    /// returned: the ledger follows, and a notice is written.
    pub fn finish(&self, key: Uuid, how: &Finish) {
        let mut inside = self.inside();
        if let Some((news, _)) = inside.ledger.finish(key, how) {
            self.tell(&mut inside, news);
        }
    }

    /// The customer's bank takes `amount` of the payment's money back; the notice says so.
    pub fn dispute(
        &self,
        payment: PaymentId,
        amount: Money,
        reference: &str,
        respond_in: TimeDelta,
    ) {
        let mut inside = self.inside();
        let named = (inside.ledger.reference(payment), reference.parse(), "not received".parse());
        let (Some(of), Ok(dispute), Ok(reason)) = named else { return };
        let respond_by = self.context.now() + respond_in;
        let news = News::DisputeOpened { of, dispute, amount, reason, respond_by };
        self.tell(&mut inside, news);
    }

    /// A dispute goes on or ends; the notice says so.
    pub fn decide(&self, reference: &str, became: DisputeState) {
        if let Ok(dispute) = reference.parse() {
            self.tell(&mut self.inside(), News::DisputeChanged { dispute, became });
        }
    }

    fn tell(&self, inside: &mut Inside, news: News) {
        inside.told += 1;
        let event = reference(&format!("evt_{}", inside.told));
        // One microsecond apart, so that there is an order when the clock stands still.
        let occurred_at = self.context.now() + TimeDelta::microseconds(inside.told.into());
        let provider: Slug = "fake".parse().expect("a word is a slug");
        inside.notices.push(Notice { provider, event, occurred_at, news });
    }
}

/// How something pending ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// It succeeds.
    Succeed,
    /// The customer has acted, and the provider works on it.
    Process,
    /// It is declined.
    Decline(Slug),
    /// It fails; also late, after it had succeeded.
    Fail(Slug),
}

fn reference(text: &str) -> ProviderReference {
    text.parse().expect("the names that the fake gives are references")
}

#[async_trait]
impl Provider for FakeProvider {
    fn code(&self) -> &'static str {
        "fake"
    }

    async fn tokenize(&self, sensitive: Sensitive<'_>) -> Result<Tokenized, TokenizeError> {
        tokio::task::yield_now().await;
        let number = match &sensitive {
            Sensitive::Card(card) => card.number().reveal(),
            Sensitive::Account(account) => account.reveal(),
        };
        let digest: [u8; 32] = Sha256::digest(number.as_bytes()).into();
        let start = digest.first_chunk().copied().unwrap_or_default();
        let hash = format!("{:016x}", u64::from_be_bytes(start));
        let mut inside = self.inside();
        inside.told += 1;
        let token = format!("tok_{}_{hash}", inside.told);
        let token = token.parse().map_err(|_| TokenizeError::Refused)?;
        Ok(Tokenized { token, fingerprint: reference(&format!("fp_{hash}")) })
    }

    async fn ask(&self, ask: &Ask) -> Result<Answer, AskError> {
        let behaviour = {
            let mut inside = self.inside();
            inside.asked += 1;
            inside.script.pop_front().unwrap_or(Behaviour::Succeed)
        };
        tokio::task::yield_now().await;
        match &behaviour {
            Behaviour::TimeOutBefore => return Err(AskError::TimedOut),
            Behaviour::HoldBefore(gate) => gate.pass().await,
            _ => {}
        }
        let answer = {
            let mut inside = self.inside();
            let (answer, news) = inside.ledger.act(ask, &behaviour);
            if let Some(news) = news {
                self.tell(&mut inside, news);
            }
            answer
        };
        tokio::task::yield_now().await;
        match &behaviour {
            Behaviour::TimeOutAfter => Err(AskError::TimedOut),
            Behaviour::HoldAfter(gate) => {
                gate.pass().await;
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }
}
