//! Deliveries of an endpoint that is deleted before they were made.

use shop::event::publish_batch;
use shop::event::webhook::{
    CreateEndpoint, DeliveryState, EndpointError, Fan, create_endpoint, delete_endpoint, deliveries,
};

use crate::make::Make;

#[proofmark::test]
async fn what_waits_for_an_endpoint_that_is_deleted_is_cancelled(make: Make) {
    let (db, context) = (&make.db, &make.context);
    let request = CreateEndpoint {
        url: "https://example.org/hook".parse().unwrap(),
        description: None,
        types: vec!["product.created".to_owned()],
    };
    let (endpoint, _) = create_endpoint(db, context, &request).await.unwrap();
    let other = CreateEndpoint { url: "https://example.org/other".parse().unwrap(), ..request };
    let (stays, _) = create_endpoint(db, context, &other).await.unwrap();
    let fan = Fan::new(context.clone());
    make.product().await;
    publish_batch(db, context, &fan, 10).await.unwrap();
    let states = async |endpoint| -> Vec<_> {
        let found = deliveries(db, endpoint, None, None, 10).await.unwrap();
        found.iter().map(|one| (one.state, one.next_attempt_at.is_some())).collect()
    };
    assert_eq!(states(endpoint).await, [(DeliveryState::Pending, true)]);

    delete_endpoint(db, context, endpoint).await.unwrap();

    assert_eq!(states(endpoint).await, [(DeliveryState::Cancelled, false)]);
    assert_eq!(states(stays).await, [(DeliveryState::Pending, true)]);
    // Nothing more is written for it, and it is deleted once.
    make.product().await;
    publish_batch(db, context, &fan, 10).await.unwrap();
    assert_eq!(states(endpoint).await.len(), 1);
    assert_eq!(states(stays).await.len(), 2);
    let again = delete_endpoint(db, context, endpoint).await;
    assert!(matches!(again, Err(EndpointError::NotFound)), "{again:?}");
}
