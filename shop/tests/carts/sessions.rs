//! Sessions, and the one active cart of a customer.

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use shop::cart::{self, Create, CreateError, SESSION_LIFE, SessionError, SessionToken};
use shop::money::Currency;

use crate::make::Make;

#[proofmark::test]
async fn only_the_digest_of_a_token_is_stored(make: Make) {
    let cart = make.cart().await;
    let stored: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT token_hash::bytea FROM cart_session")
        .fetch_all(&make.db)
        .await
        .unwrap();
    let hex = cart.session.reveal();
    let bytes: Vec<u8> =
        (5..69).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    assert_eq!(stored, [(Sha256::digest(&bytes).to_vec(),)]);
}

#[proofmark::test]
async fn a_session_finds_its_cart_until_it_ends(make: Make) {
    let cart = make.cart().await;
    let mut db = make.db.acquire().await.unwrap();
    let context = &make.context;
    assert_eq!(cart::find_by_session(&mut db, context, &cart.session).await.unwrap(), cart.id);
    let second = cart::open_session(&mut db, context, cart.id).await.unwrap();
    assert_eq!(cart::find_by_session(&mut db, context, &second).await.unwrap(), cart.id);

    cart::revoke_session(&mut db, context, &second).await.unwrap();
    cart::revoke_session(&mut db, context, &second).await.unwrap();
    let ended = cart::find_by_session(&mut db, context, &second).await;
    assert!(matches!(ended, Err(SessionError::Revoked)), "{ended:?}");

    let nobodys = SessionToken::random();
    for unknown in [
        cart::find_by_session(&mut db, context, &nobodys).await.err(),
        cart::revoke_session(&mut db, context, &nobodys).await.err(),
    ] {
        assert!(matches!(unknown, Some(SessionError::NotFound)), "{unknown:?}");
    }

    make.clock.advance(SESSION_LIFE - TimeDelta::microseconds(1));
    assert_eq!(cart::find_by_session(&mut db, context, &cart.session).await.unwrap(), cart.id);
    make.clock.advance(TimeDelta::microseconds(1));
    let over = cart::find_by_session(&mut db, context, &cart.session).await;
    assert!(matches!(over, Err(SessionError::Expired)), "{over:?}");
}

#[proofmark::test]
async fn there_is_no_session_without_a_cart(make: Make) {
    let mut db = make.db.acquire().await.unwrap();
    let refused = cart::open_session(&mut db, &make.context, make.context.id()).await;
    assert!(matches!(refused, Err(cart::OpenSessionError::NotFound)), "{refused:?}");
}

#[proofmark::test]
async fn a_customer_has_one_cart(make: Make) {
    let customer = make.customer().await;
    make.cart().of(customer).await;
    let terms = Create {
        customer: Some(customer),
        currency: Currency::USD,
        tax_included: false,
        price_list: "default".parse().unwrap(),
    };
    let second = cart::create(&make.db, &make.context, terms.clone()).await;
    assert!(matches!(second, Err(CreateError::HasOne)), "{second:?}");

    let unknown = Create { customer: Some(make.context.id()), ..terms.clone() };
    let refused = cart::create(&make.db, &make.context, unknown).await;
    assert!(matches!(refused, Err(CreateError::NoSuchCustomer)), "{refused:?}");

    let gone = make.customer().await;
    sqlx::query("UPDATE customer SET deleted_at = created_at WHERE id = $1")
        .bind(gone)
        .execute(&make.db)
        .await
        .unwrap();
    let deleted = Create { customer: Some(gone), ..terms.clone() };
    let refused = cart::create(&make.db, &make.context, deleted).await;
    assert!(matches!(refused, Err(CreateError::NoSuchCustomer)), "{refused:?}");

    let no_list = Create { customer: None, price_list: "none".parse().unwrap(), ..terms };
    let refused = cart::create(&make.db, &make.context, no_list).await;
    assert!(matches!(refused, Err(CreateError::NoSuchPriceList)), "{refused:?}");
    let (carts,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM cart").fetch_one(&make.db).await.unwrap();
    assert_eq!(carts, 1, "nothing is written by a refusal");
}
