//! Stock on its way from one location to another.

use std::collections::BTreeMap;

use shop::catalog::delete_variant;
use shop::id::{LocationId, StockTransferId, VariantId};
use shop::inventory::{
    DraftTransfer, DraftTransferError, TransferError, TransferState, delete_location,
    transfer_cancel, transfer_draft, transfer_receive, transfer_send,
};

use super::stage::{held, level, priced, units};
use crate::make::Make;

/// How many of what.
type Lines = Vec<(VariantId, i64)>;

/// Whether an error is the one that is expected.
type Expected = fn(&DraftTransferError) -> bool;

async fn draft(
    make: &Make,
    from: LocationId,
    to: LocationId,
    lines: &[(VariantId, i64)],
) -> Result<StockTransferId, DraftTransferError> {
    let lines = lines.iter().map(|&(variant, quantity)| (variant, units(quantity))).collect();
    transfer_draft(&make.db, &make.context, DraftTransfer { from, to, lines }).await
}

async fn send(make: &Make, transfer: StockTransferId) -> Result<(), TransferError> {
    transfer_send(&make.db, &make.context, transfer).await
}

async fn receive(
    make: &Make,
    transfer: StockTransferId,
    arrived: &[(VariantId, i64)],
) -> Result<(), TransferError> {
    // Zero stands for: nothing arrived.
    let arrived: BTreeMap<_, _> = arrived
        .iter()
        .map(|&(variant, quantity)| (variant, (quantity > 0).then(|| units(quantity))))
        .collect();
    transfer_receive(&make.db, &make.context, transfer, &arrived).await
}

#[proofmark::test]
async fn what_is_sent_leaves_and_what_arrives_is_there(make: Make) {
    let (from, to) = (make.location().await, make.location().await);
    let (whole, part, lost) = (make.variant().await, make.variant().await, make.variant().await);
    for variant in [whole, part, lost] {
        make.receive(from, variant, 10).await;
    }
    let transfer = draft(&make, from, to, &[(whole, 10), (part, 5), (lost, 1)]).await.unwrap();
    assert_eq!(level(&make, from, whole).await, (10, 0, 0));
    send(&make, transfer).await.unwrap();
    assert_eq!(level(&make, from, whole).await, (0, 0, 0));
    assert_eq!(level(&make, from, part).await, (5, 0, 0));

    let much = receive(&make, transfer, &[(part, 6)]).await;
    assert!(matches!(much, Err(TransferError::MoreThanWasSent)), "{much:?}");
    let stranger = make.variant().await;
    let foreign = receive(&make, transfer, &[(stranger, 1)]).await;
    assert!(
        matches!(foreign, Err(TransferError::NoSuchLine { variant }) if variant == stranger),
        "{foreign:?}"
    );
    receive(&make, transfer, &[(part, 4), (lost, 0)]).await.unwrap();
    assert_eq!(level(&make, to, whole).await, (10, 0, 0));
    assert_eq!(level(&make, to, part).await, (4, 0, 0));
    let levels: i64 = sqlx::query_scalar("SELECT count(*) FROM stock_level WHERE location_id = $1")
        .bind(to)
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(levels, 2);
}

#[proofmark::test]
async fn what_is_promised_cannot_be_sent(make: Make) {
    let (from, to, variant) = (make.location().await, make.location().await, priced(&make).await);
    make.receive(from, variant, 10).await;
    held(&make, variant, 4).await;
    let all = draft(&make, from, to, &[(variant, 7)]).await.unwrap();
    let refused = send(&make, all).await;
    assert!(matches!(refused, Err(TransferError::OutOfStock)), "{refused:?}");
    let more = draft(&make, from, to, &[(variant, 11)]).await.unwrap();
    let refused = send(&make, more).await;
    assert!(matches!(refused, Err(TransferError::OutOfStock)), "{refused:?}");
    let never = draft(&make, to, from, &[(variant, 1)]).await.unwrap();
    let refused = send(&make, never).await;
    assert!(matches!(refused, Err(TransferError::OutOfStock)), "{refused:?}");
    let rest = draft(&make, from, to, &[(variant, 6)]).await.unwrap();
    send(&make, rest).await.unwrap();
    assert_eq!(level(&make, from, variant).await, (4, 4, 0));
}

#[proofmark::test]
async fn a_draft_that_cannot_be_is_refused_by_its_reason(make: Make) {
    let (from, to, variant) = (make.location().await, make.location().await, make.variant().await);
    let (closed, gone) = (make.location().await, make.variant().await);
    delete_location(&make.db, &make.context, closed).await.unwrap();
    delete_variant(&make.db, &make.context, gone).await.unwrap();
    let unknown = make.context.id();
    let line = (variant, 1);
    let no_location: Expected = |error| matches!(error, DraftTransferError::LocationNotFound);
    let no_variant: Expected = |error| matches!(error, DraftTransferError::VariantNotFound { .. });
    let cases: [(&str, LocationId, LocationId, Lines, Expected); 8] = [
        ("from nowhere", unknown, to, vec![line], no_location),
        ("to nowhere", from, unknown, vec![line], no_location),
        ("to a closed one", from, closed, vec![line], no_location),
        ("deleted", from, to, vec![line, (gone, 1)], no_variant),
        ("unknown", from, to, vec![(make.context.id(), 1)], no_variant),
        ("empty", from, to, vec![], |error| matches!(error, DraftTransferError::Empty)),
        ("same", from, from, vec![line], |error| matches!(error, DraftTransferError::SameLocation)),
        ("twice", from, to, vec![line, line], |error| {
            matches!(error, DraftTransferError::VariantTwice)
        }),
    ];
    for (name, from, to, lines, expected) in cases {
        let error = draft(&make, from, to, &lines).await.unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
    }
    let drafts: i64 = sqlx::query_scalar("SELECT count(*) FROM stock_transfer")
        .fetch_one(&make.db)
        .await
        .unwrap();
    assert_eq!(drafts, 0);
}

/// A transfer in a state.
async fn in_state(make: &Make, state: TransferState) -> StockTransferId {
    let (from, to, variant) = (make.location().await, make.location().await, make.variant().await);
    make.receive(from, variant, 10).await;
    let transfer = draft(make, from, to, &[(variant, 3)]).await.unwrap();
    match state {
        TransferState::Draft => {}
        TransferState::InTransit => send(make, transfer).await.unwrap(),
        TransferState::Received => {
            send(make, transfer).await.unwrap();
            receive(make, transfer, &[]).await.unwrap();
        }
        TransferState::Cancelled => {
            transfer_cancel(&make.db, &make.context, transfer, "no need").await.unwrap();
        }
    }
    transfer
}

#[proofmark::test]
async fn every_operation_is_done_in_its_states_and_refused_in_all_others(make: Make) {
    for operation in ["send", "receive", "cancel"] {
        for &state in TransferState::ALL {
            let transfer = in_state(&make, state).await;
            let done = match operation {
                "send" => send(&make, transfer).await,
                "receive" => receive(&make, transfer, &[]).await,
                _ => transfer_cancel(&make.db, &make.context, transfer, "no need").await,
            };
            let allowed = matches!(
                (operation, state),
                ("send" | "cancel", TransferState::Draft) | ("receive", TransferState::InTransit)
            );
            match done {
                Ok(()) => assert!(allowed, "{operation} while {state}"),
                Err(TransferError::WrongState { state: found }) => {
                    assert!(!allowed, "{operation} while {state}");
                    assert_eq!(found, state, "{operation}");
                }
                Err(other) => panic!("{operation} while {state}: {other:?}"),
            }
        }
    }
    let unknown = make.context.id();
    for error in [
        send(&make, unknown).await,
        receive(&make, unknown, &[]).await,
        receive(&make, unknown, &[(make.context.id(), 1)]).await,
        transfer_cancel(&make.db, &make.context, unknown, "no need").await,
    ] {
        assert!(matches!(error, Err(TransferError::NotFound)), "{error:?}");
    }
}

#[proofmark::test]
async fn a_closed_location_receives_nothing(make: Make) {
    let (from, to, variant) = (make.location().await, make.location().await, make.variant().await);
    make.receive(from, variant, 10).await;
    let transfer = draft(&make, from, to, &[(variant, 3)]).await.unwrap();
    send(&make, transfer).await.unwrap();
    delete_location(&make.db, &make.context, to).await.unwrap();
    let refused = receive(&make, transfer, &[]).await;
    assert!(matches!(refused, Err(TransferError::LocationDeleted)), "{refused:?}");
    receive(&make, transfer, &[(variant, 0)]).await.unwrap();
}

#[proofmark::test]
async fn transfers_against_each_other_never_deadlock(make: Make) {
    let (one, two) = (make.location().await, make.location().await);
    let (a, b) = (make.variant().await, make.variant().await);
    for location in [one, two] {
        make.receive(location, a, 100).await;
        make.receive(location, b, 100).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..8 {
        let (from, to) = if turn % 2 == 0 { (one, two) } else { (two, one) };
        let lines = if turn % 3 == 0 { [(a, 1), (b, 1)] } else { [(b, 1), (a, 1)] };
        let transfer = draft(&make, from, to, &lines).await.unwrap();
        let make = make.clone();
        tasks.spawn(async move {
            send(&make, transfer).await?;
            receive(&make, transfer, &[]).await
        });
    }
    for done in tasks.join_all().await {
        assert!(done.is_ok(), "{done:?}");
    }
    for (location, variant) in [(one, a), (one, b), (two, a), (two, b)] {
        assert_eq!(level(&make, location, variant).await, (100, 0, 0));
    }
}

#[proofmark::test]
async fn two_receipts_at_once_take_in_once(make: Make) {
    let (from, to, variant) = (make.location().await, make.location().await, make.variant().await);
    make.receive(from, variant, 10).await;
    let transfer = draft(&make, from, to, &[(variant, 3)]).await.unwrap();
    send(&make, transfer).await.unwrap();
    let two = [(variant, 2)];
    let (one, other) = tokio::join!(receive(&make, transfer, &[]), receive(&make, transfer, &two));
    assert!(one.is_ok() ^ other.is_ok(), "{one:?} {other:?}");
    let (there, ..) = level(&make, to, variant).await;
    assert_eq!(there, if one.is_ok() { 3 } else { 2 });
}
