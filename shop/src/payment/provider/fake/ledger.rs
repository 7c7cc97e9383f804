//! What the fake provider has done, by key, and what it holds, by authorisation.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Behaviour, Finish, reference};
use crate::id::{AttemptId, CaptureId, Id, PaymentId, RefundId, VoidId};
use crate::payment::provider::{Answer, Ask, What};
use crate::payment::reference::ProviderReference;
use crate::payment::webhook::News;
use crate::value::Slug;

/// Sums of a payment, in the provider's units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Held, or more.
    pub authorized: i64,
    /// Taken.
    pub captured: i64,
    /// Held and given up.
    pub voided: i64,
    /// Given back.
    pub refunded: i64,
}

/// One authorisation or purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub reference: ProviderReference,
    /// Of which payment.
    pub payment: PaymentId,
    /// What moved.
    pub moved: Moved,
    /// Whether another authorisation has taken its place, or its money was returned.
    pub closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Authorize,
    Purchase,
    Capture,
    Void,
    Refund,
}

#[derive(Debug, Clone)]
struct Record {
    kind: Kind,
    payment: PaymentId,
    units: i64,
    /// The authorisation that it is about, or that it takes the place of.
    of: Option<ProviderReference>,
    answer: Answer,
}

/// The fake's books.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: BTreeMap<ProviderReference, Account>,
    records: BTreeMap<Uuid, Record>,
}

fn code(text: &str) -> Slug {
    text.parse().expect("the codes here are slugs")
}

impl Ledger {
    pub(super) fn moved(&self, payment: PaymentId) -> Moved {
        let live = self.accounts.values().filter(|one| one.payment == payment && !one.closed);
        live.fold(Moved::default(), |sum, one| Moved {
            authorized: sum.authorized + one.moved.authorized,
            captured: sum.captured + one.moved.captured,
            voided: sum.voided + one.moved.voided,
            refunded: sum.refunded + one.moved.refunded,
        })
    }

    pub(super) fn accounts(&self, payment: PaymentId) -> Vec<Account> {
        self.accounts.values().filter(|one| one.payment == payment).cloned().collect()
    }

    pub(super) fn reference(&self, payment: PaymentId) -> Option<ProviderReference> {
        let mut live = self.accounts.values().filter(|one| one.payment == payment && !one.closed);
        live.next().map(|one| one.reference.clone())
    }

    /// Does what is asked, unless the key is known: then what became of it is the answer.
    pub(super) fn act(&mut self, ask: &Ask, behaviour: &Behaviour) -> (Answer, Option<News>) {
        let (kind, of) = match &ask.what {
            What::Cancel => return (self.cancel(ask), None),
            What::Authorize { replaces, .. } => (Kind::Authorize, replaces.clone()),
            What::Purchase { .. } => (Kind::Purchase, None),
            What::Capture { of } => (Kind::Capture, Some(of.clone())),
            What::Void { of } => (Kind::Void, Some(of.clone())),
            What::Refund { of } => (Kind::Refund, Some(of.clone())),
        };
        if let Some(record) = self.records.get(&ask.key) {
            let same = record.units == ask.units && record.payment == ask.payment;
            let answer = if same {
                record.answer.clone()
            } else {
                Answer::Failed { code: code("key_reused") }
            };
            return (answer, None);
        }
        let unheard = matches!(
            ask.what,
            What::Authorize { source: None, .. } | What::Purchase { source: None }
        );
        let not_heard = Answer::Declined { code: code("not_heard") };
        let mut record =
            Record { kind, payment: ask.payment, units: ask.units, of, answer: not_heard };
        let name = reference(&format!("{}_{}", prefix(kind), ask.key.simple()));
        if !unheard {
            record.answer = match behaviour {
                Behaviour::Decline(code) => Answer::Declined { code: code.clone() },
                Behaviour::Fail(code) => Answer::Failed { code: code.clone() },
                Behaviour::RequireAction => Answer::RequiresAction { reference: name },
                Behaviour::Pend => Answer::Pending { reference: name },
                _ => self.carry_out(&record, name),
            };
        }
        let answer = record.answer.clone();
        let news = news(ask.key, kind, answer.clone());
        self.records.insert(ask.key, record);
        (answer, Some(news))
    }

    fn cancel(&mut self, ask: &Ask) -> Answer {
        let record = self.records.entry(ask.key).or_insert_with(|| Record {
            kind: Kind::Authorize,
            payment: ask.payment,
            units: ask.units,
            of: None,
            answer: Answer::Canceled,
        });
        if matches!(record.answer, Answer::RequiresAction { .. } | Answer::Pending { .. }) {
            record.answer = Answer::Canceled;
        }
        record.answer.clone()
    }

    /// Moves the money.
    fn carry_out(&mut self, record: &Record, name: ProviderReference) -> Answer {
        let units = record.units;
        if let Kind::Authorize | Kind::Purchase = record.kind {
            if let Some(before) = record.of.as_ref().and_then(|of| self.accounts.get_mut(of)) {
                before.closed = true;
            }
            let captured = if record.kind == Kind::Purchase { units } else { 0 };
            let moved = Moved { authorized: units, captured, ..Moved::default() };
            let account =
                Account { reference: name.clone(), payment: record.payment, moved, closed: false };
            self.accounts.insert(name.clone(), account);
            return match record.kind {
                Kind::Purchase => Answer::Succeeded { reference: name },
                _ => Answer::Authorized { reference: name },
            };
        }
        let account = record.of.as_ref().and_then(|of| self.accounts.get_mut(of));
        let Some(account) = account.filter(|account| !account.closed) else {
            return Answer::Failed { code: code("unknown_authorization") };
        };
        let moved = &mut account.moved;
        let (sum, room) = match record.kind {
            Kind::Capture => (&mut moved.captured, moved.authorized - moved.voided),
            Kind::Void => (&mut moved.voided, moved.authorized - moved.captured),
            _ => (&mut moved.refunded, moved.captured),
        };
        if *sum + units > room {
            return Answer::Failed { code: code("exceeds_what_is_held") };
        }
        *sum += units;
        Answer::Succeeded { reference: name }
    }

    /// Ends what is pending, or returns what had succeeded.
    pub(super) fn finish(&mut self, key: Uuid, how: &Finish) -> Option<(News, Answer)> {
        let mut record = self.records.get(&key)?.clone();
        let name = reference(&format!("{}_{}", prefix(record.kind), key.simple()));
        let answer = match (how, &record.answer) {
            (Finish::Succeed, Answer::RequiresAction { .. } | Answer::Pending { .. }) => {
                self.carry_out(&record, name)
            }
            (Finish::Process, Answer::RequiresAction { .. }) => Answer::Pending { reference: name },
            (Finish::Decline(code), Answer::RequiresAction { .. } | Answer::Pending { .. }) => {
                Answer::Declined { code: code.clone() }
            }
            (Finish::Fail(code), before) => {
                if matches!(before, Answer::Succeeded { .. }) {
                    self.give_back(&record, &name);
                }
                Answer::Failed { code: code.clone() }
            }
            _ => return None,
        };
        record.answer = answer.clone();
        let news = news(key, record.kind, answer.clone());
        self.records.insert(key, record);
        Some((news, answer))
    }

    /// What had succeeded is returned by a bank.
    fn give_back(&mut self, record: &Record, name: &ProviderReference) {
        let account = match record.kind {
            Kind::Authorize | Kind::Purchase => self.accounts.get_mut(name),
            _ => record.of.as_ref().and_then(|of| self.accounts.get_mut(of)),
        };
        let Some(account) = account else { return };
        match record.kind {
            Kind::Purchase | Kind::Capture => account.moved.captured -= record.units,
            Kind::Refund => account.moved.refunded -= record.units,
            Kind::Void => account.moved.voided -= record.units,
            Kind::Authorize => account.closed = true,
        }
    }
}

const fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Authorize => "fa",
        Kind::Purchase => "fp",
        Kind::Capture => "fc",
        Kind::Void => "fv",
        Kind::Refund => "fr",
    }
}

fn news(key: Uuid, kind: Kind, became: Answer) -> News {
    match kind {
        Kind::Authorize | Kind::Purchase => {
            News::Attempt { attempt: AttemptId::from_uuid(key), became }
        }
        Kind::Capture => News::Capture { capture: CaptureId::from_uuid(key), became },
        Kind::Void => News::Void { void: VoidId::from_uuid(key), became },
        Kind::Refund => News::Refund { refund: RefundId::from_uuid(key), became },
    }
}
