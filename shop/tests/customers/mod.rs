//! Accounts and address books.

use chrono::Duration;
use shop::customer::{
    AddAddress, AddAddressError, AddressError, AddressKind, DeleteError, Register, RegisterError,
    Update, UpdateError, add_address, delete, find, register, remove_address, set_default_address,
    update,
};
use shop::id::{AddressId, CustomerId};
use shop::value::Country;

use crate::make::Make;

fn change(customer: CustomerId, version: i64, email: &str) -> Update {
    Update { customer, version, email: email.parse().unwrap(), name: None, phone: None }
}

#[proofmark::test]
async fn an_email_is_that_of_one_living_customer(make: Make) {
    let ada = make.customer().email("ada@example.org").await;
    let again = Register { email: "ADA@example.org".parse().unwrap(), name: None, phone: None };
    let taken = register(&make.db, &make.context, again.clone()).await;
    assert!(matches!(taken, Err(RegisterError::EmailTaken)), "{taken:?}");

    let bob = make.customer().email("bob@example.org").await;
    let taken = update(&make.db, &make.context, change(bob, 0, "ada@example.org")).await;
    assert!(matches!(taken, Err(UpdateError::EmailTaken)), "{taken:?}");

    delete(&make.db, &make.context, ada).await.unwrap();
    register(&make.db, &make.context, again).await.unwrap();
}

#[proofmark::test]
async fn a_change_made_on_an_old_version_is_refused(make: Make) {
    let ada = make.customer().email("ada@example.org").await;
    assert_eq!(update(&make.db, &make.context, change(ada, 0, "a@b.c")).await.unwrap(), 1);
    let late = update(&make.db, &make.context, change(ada, 0, "x@y.z")).await;
    assert!(matches!(late, Err(UpdateError::Changed { now: 1 })), "{late:?}");
    let mut connection = make.db.acquire().await.unwrap();
    let found = find(&mut connection, ada).await.unwrap().unwrap();
    assert_eq!((found.email.as_str(), found.version, found.name), ("a@b.c", 1, None));
}

#[proofmark::test]
async fn deleting_a_customer_overwrites_what_is_personal(make: Make) {
    let ada = make.customer().email("ada@example.org").living_in(Country::DE).await;
    delete(&make.db, &make.context, ada).await.unwrap();
    let (email, name, phone): (String, Option<String>, Option<String>) =
        sqlx::query_as("SELECT email, name::text, phone FROM customer")
            .fetch_one(&make.db)
            .await
            .unwrap();
    assert!(email.ends_with("@deleted.invalid"), "{email}");
    assert_eq!((name, phone), (None, None));
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM address)
              + (SELECT count(*) FROM outbox WHERE payload::text ~ 'example|Lovelace|Town')",
    )
    .fetch_one(&make.db)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[proofmark::test]
async fn nothing_is_done_with_a_customer_who_is_gone(make: Make) {
    let ada = make.customer().email("ada@example.org").await;
    let address = AddAddress {
        customer: ada,
        kind: AddressKind::Shipping,
        address: make.postal_address(Country::DE),
        default: false,
    };
    let kept = add_address(&make.db, &make.context, address.clone()).await.unwrap();
    make.clock.advance(Duration::hours(-1));
    let early = delete(&make.db, &make.context, ada).await;
    assert!(matches!(early, Err(DeleteError::NotYetMade)), "{early:?}");
    make.clock.advance(Duration::hours(2));
    delete(&make.db, &make.context, ada).await.unwrap();

    for (name, customer) in [("deleted", ada), ("unknown", make.context.id())] {
        let error = delete(&make.db, &make.context, customer).await.unwrap_err();
        assert!(matches!(error, DeleteError::NotFound), "{name}: {error:?}");
        let error = update(&make.db, &make.context, change(customer, 1, "x@y.z")).await;
        assert!(matches!(error, Err(UpdateError::NotFound)), "{name}: {error:?}");
        let error =
            add_address(&make.db, &make.context, AddAddress { customer, ..address.clone() }).await;
        assert!(matches!(error, Err(AddAddressError::CustomerNotFound)), "{name}: {error:?}");
        let error = set_default_address(&make.db, &make.context, customer, kept).await;
        assert!(matches!(error, Err(AddressError::CustomerNotFound)), "{name}: {error:?}");
        let error = remove_address(&make.db, &make.context, customer, kept).await;
        assert!(matches!(error, Err(AddressError::CustomerNotFound)), "{name}: {error:?}");
    }
}

/// The addresses of a kind that are the default.
async fn defaults(make: &Make, kind: AddressKind) -> Vec<AddressId> {
    sqlx::query_scalar("SELECT id FROM address WHERE is_default AND kind = $1")
        .bind(kind.as_str())
        .fetch_all(&make.db)
        .await
        .unwrap()
}

#[proofmark::test]
async fn one_address_of_a_kind_is_the_default(make: Make) {
    let (ada, bob) = (make.customer().await, make.customer().await);
    let add = async |customer, kind, default| {
        let address = make.postal_address(Country::DE);
        let request = AddAddress { customer, kind, address, default };
        add_address(&make.db, &make.context, request).await.unwrap()
    };
    let first = add(ada, AddressKind::Shipping, false).await;
    let second = add(ada, AddressKind::Shipping, false).await;
    let billing = add(ada, AddressKind::Billing, false).await;
    assert_eq!(defaults(&make, AddressKind::Shipping).await, [first]);
    set_default_address(&make.db, &make.context, ada, second).await.unwrap();
    assert_eq!(defaults(&make, AddressKind::Shipping).await, [second]);
    let third = add(ada, AddressKind::Shipping, true).await;
    assert_eq!(defaults(&make, AddressKind::Shipping).await, [third]);
    assert_eq!(defaults(&make, AddressKind::Billing).await, [billing]);

    remove_address(&make.db, &make.context, ada, third).await.unwrap();
    assert_eq!(defaults(&make, AddressKind::Shipping).await, [first]);
    let gone = remove_address(&make.db, &make.context, ada, third).await;
    assert!(matches!(gone, Err(AddressError::NotFound)), "{gone:?}");
    let foreign = set_default_address(&make.db, &make.context, bob, first).await;
    assert!(matches!(foreign, Err(AddressError::NotFound)), "{foreign:?}");
    let foreign = remove_address(&make.db, &make.context, bob, first).await;
    assert!(matches!(foreign, Err(AddressError::NotFound)), "{foreign:?}");
}

#[proofmark::test]
async fn two_defaults_set_at_once_leave_one(make: Make) {
    let ada = make.customer().await;
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let request = AddAddress {
            customer: ada,
            kind: AddressKind::Shipping,
            address: make.postal_address(Country::FR),
            default: false,
        };
        addresses.push(add_address(&make.db, &make.context, request).await.unwrap());
    }
    for _ in 0..10 {
        let (one, other) = tokio::join!(
            set_default_address(&make.db, &make.context, ada, addresses[0]),
            set_default_address(&make.db, &make.context, ada, addresses[1]),
        );
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert_eq!(defaults(&make, AddressKind::Shipping).await.len(), 1);
    }
}
