//! Every operation in every state: allowed, or refused by its name.

use shop::id::PaymentId;
use shop::payment::provider::ManualProvider;
use shop::payment::provider::fake::FakeProvider;
use shop::payment::{
    AttemptError, Capture, CaptureError, DisputeError, PaymentState as P, RefundError, Void,
    VoidError, authorize, cancel, capture, open_dispute, purchase, reauthorize, refund, void,
};

use super::books::hold;
use crate::make::Make;
use crate::make::payment::{eur, refund_of, token};

/// What an operation answered, without what differs between payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Done,
    WrongState,
    WrongMode,
    NothingLeft,
    AlreadyOpen,
}

fn attempt<T>(result: Result<T, AttemptError>, state: P) -> Answered {
    match result {
        Ok(_) => Answered::Done,
        Err(AttemptError::WrongState(found)) if found == state => Answered::WrongState,
        Err(AttemptError::WrongMode) => Answered::WrongMode,
        Err(error) => panic!("{state}: {error:?}"),
    }
}

const OPERATIONS: [&str; 8] =
    ["authorize", "purchase", "reauthorize", "cancel", "capture", "void", "refund", "dispute"];

async fn run(
    make: &Make,
    fake: &FakeProvider,
    operation: &str,
    payment: PaymentId,
    state: P,
) -> Answered {
    let (db, context) = (&make.db, &make.context);
    match operation {
        "authorize" => attempt(authorize(db, context, fake, payment, token()).await, state),
        "purchase" => attempt(purchase(db, context, fake, payment, token()).await, state),
        "reauthorize" => attempt(reauthorize(db, context, fake, payment, token()).await, state),
        "cancel" => attempt(cancel(db, context, fake, payment).await, state),
        "capture" => {
            let request = Capture { payment, amount: Some(eur(100)) };
            match capture(db, context, fake, request).await {
                Ok(_) => Answered::Done,
                Err(CaptureError::WrongState(found)) if found == state => Answered::WrongState,
                Err(error) => panic!("{state}: {error:?}"),
            }
        }
        "void" => match void(db, context, fake, Void { payment, amount: None }).await {
            Ok(_) => Answered::Done,
            Err(VoidError::WrongState(found)) if found == state => Answered::WrongState,
            Err(VoidError::NotPositive) => Answered::NothingLeft,
            Err(error) => panic!("{state}: {error:?}"),
        },
        "refund" => match refund(db, context, fake, &refund_of(payment, eur(100))).await {
            Ok(_) => Answered::Done,
            Err(RefundError::WrongState(found)) if found == state => Answered::WrongState,
            Err(error) => panic!("{state}: {error:?}"),
        },
        _ => {
            let mut transaction = db.begin().await.unwrap();
            let request = make.dispute_of(payment, eur(100));
            let result = open_dispute(&mut transaction, context, &request).await;
            transaction.commit().await.unwrap();
            match result {
                Ok(_) => Answered::Done,
                Err(DisputeError::WrongState(found)) if found == state => Answered::WrongState,
                Err(DisputeError::AlreadyOpen) => Answered::AlreadyOpen,
                Err(error) => panic!("{state}: {error:?}"),
            }
        }
    }
}

fn expected(operation: &str, state: P) -> Answered {
    use Answered as A;
    match (operation, state) {
        ("authorize", P::RequiresPaymentMethod)
        | ("reauthorize", P::Authorized)
        | ("cancel", P::RequiresPaymentMethod | P::RequiresAction)
        | ("capture" | "void", P::Authorized | P::PartiallyCaptured)
        | ("refund" | "dispute", P::PartiallyCaptured | P::Captured | P::PartiallyRefunded) => {
            A::Done
        }
        ("purchase", P::RequiresPaymentMethod) => A::WrongMode,
        (
            "void",
            P::Captured | P::PartiallyRefunded | P::Refunded | P::Disputed | P::ChargedBack,
        ) => A::NothingLeft,
        ("dispute", P::Disputed) => A::AlreadyOpen,
        _ => A::WrongState,
    }
}

#[proofmark::test]
async fn every_operation_in_every_state_is_allowed_or_refused_by_name(make: Make) {
    let fake = make.fake();
    for operation in OPERATIONS {
        for &state in P::ALL {
            let payment = make.payment_in(state, &fake).await;
            let found = run(&make, &fake, operation, payment, state).await;
            assert_eq!(found, expected(operation, state), "{operation} of {state}");
            if found != Answered::Done {
                assert_eq!(make.state_of(payment).await, state, "{operation} of {state}");
            }
        }
    }
    hold(&make, "all").await;
}

#[proofmark::test]
async fn no_operation_takes_another_provider_or_a_payment_that_is_not_there(make: Make) {
    let fake = make.fake();
    let (db, context) = (&make.db, &make.context);
    let payment = make.payment_in(P::Authorized, &fake).await;
    let manual = &ManualProvider;
    let all = Capture { payment, amount: None };
    assert!(matches!(
        reauthorize(db, context, manual, payment, token()).await,
        Err(AttemptError::WrongProvider)
    ));
    assert!(matches!(capture(db, context, manual, all).await, Err(CaptureError::WrongProvider)));
    assert!(matches!(
        void(db, context, manual, Void { payment, amount: None }).await,
        Err(VoidError::WrongProvider)
    ));
    make.capture(&fake, payment, 10_000).await;
    assert!(matches!(
        refund(db, context, manual, &refund_of(payment, eur(1))).await,
        Err(RefundError::WrongProvider)
    ));
    let nobody: PaymentId = context.id();
    assert!(matches!(
        authorize(db, context, &fake, nobody, token()).await,
        Err(AttemptError::NotFound)
    ));
    assert!(matches!(cancel(db, context, &fake, nobody).await, Err(AttemptError::NotFound)));
    let none = Capture { payment: nobody, amount: None };
    assert!(matches!(capture(db, context, &fake, none).await, Err(CaptureError::NotFound)));
    let none = Void { payment: nobody, amount: None };
    assert!(matches!(void(db, context, &fake, none).await, Err(VoidError::NotFound)));
    assert!(matches!(
        refund(db, context, &fake, &refund_of(nobody, eur(1))).await,
        Err(RefundError::NotFound)
    ));
}

#[proofmark::test]
async fn an_attempt_under_way_excludes_another_and_moves_of_held_money(make: Make) {
    use shop::payment::provider::fake::Behaviour;
    let fake = make.fake();
    let (db, context) = (&make.db, &make.context);
    let payment = make.payment().await;
    fake.script([Behaviour::TimeOutAfter]);
    authorize(db, context, &fake, payment, token()).await.unwrap();
    assert!(matches!(
        authorize(db, context, &fake, payment, token()).await,
        Err(AttemptError::AttemptPending)
    ));
    let held = make.payment_in(P::Authorized, &fake).await;
    fake.script([Behaviour::TimeOutAfter]);
    reauthorize(db, context, &fake, held, token()).await.unwrap();
    let all = Capture { payment: held, amount: None };
    assert!(matches!(capture(db, context, &fake, all).await, Err(CaptureError::AttemptPending)));
    assert!(matches!(
        void(db, context, &fake, Void { payment: held, amount: None }).await,
        Err(VoidError::AttemptPending)
    ));
    assert!(matches!(
        authorize(db, context, &fake, make.payment().await, None).await,
        Err(AttemptError::NoSource)
    ));
}
