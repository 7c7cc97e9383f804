//! One default address, one open cart, one name: what there may be one of only.

use shop::cart::{self, Create, CreateError, Created};
use shop::catalog::{ProductStatus, UpdateProduct, UpdateProductError, update_product};
use shop::customer::{
    AddAddress, AddAddressError, AddressError, AddressKind, Register, RegisterError, add_address,
    register, remove_address, set_default_address,
};
use shop::id::{AddressId, CustomerId, ProductId};
use shop::money::Currency;
use shop::value::Country;
use sqlx::PgPool;

use super::{holds, loser};
use crate::make::Make;

async fn add(
    make: &Make,
    customer: CustomerId,
    default: bool,
) -> Result<AddressId, AddAddressError> {
    let address = make.postal_address(Country::DE);
    let request = AddAddress { customer, kind: AddressKind::Shipping, address, default };
    add_address(&make.db, &make.context, request).await
}

/// How many addresses a customer has, and how many of them are a default.
async fn addresses(make: &Make, customer: CustomerId) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE is_default) FROM address WHERE customer_id = $1",
    )
    .bind(customer)
    .fetch_one(&make.db)
    .await
    .unwrap()
}

#[proofmark::test]
async fn of_two_new_addresses_one_is_the_default(make: Make) {
    for default in [false, true] {
        let explored = make
            .explore(
                async || make.customer().await,
                async |db: PgPool, ada| add(&make.through(&db), *ada, default).await,
                async |db: PgPool, ada| add(&make.through(&db), *ada, default).await,
                async |ada, a: &Result<AddressId, _>, b: &Result<AddressId, _>| {
                    assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                    assert_eq!(addresses(&make, *ada).await, (2, 1));
                    make.invariants_hold().await;
                },
            )
            .await;
        holds(&explored);
    }
}

#[proofmark::test]
async fn two_addresses_that_become_the_default_leave_one(make: Make) {
    let explored = make
        .explore(
            async || {
                let ada = make.customer().await;
                add(&make, ada, true).await.unwrap();
                (ada, add(&make, ada, false).await.unwrap(), add(&make, ada, false).await.unwrap())
            },
            async |db: PgPool, (ada, one, _)| {
                set_default_address(&db, &make.context, *ada, *one).await
            },
            async |db: PgPool, (ada, _, other)| {
                set_default_address(&db, &make.context, *ada, *other).await
            },
            async |(ada, ..), a: &Result<(), AddressError>, b: &Result<(), AddressError>| {
                assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                assert_eq!(addresses(&make, *ada).await, (3, 1));
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_default_that_is_removed_while_another_becomes_it_leaves_one(make: Make) {
    let explored = make
        .explore(
            async || {
                let ada = make.customer().await;
                let first = add(&make, ada, true).await.unwrap();
                add(&make, ada, false).await.unwrap();
                (ada, first, add(&make, ada, false).await.unwrap())
            },
            async |db: PgPool, (ada, first, _)| {
                remove_address(&db, &make.context, *ada, *first).await
            },
            async |db: PgPool, (ada, _, last)| {
                set_default_address(&db, &make.context, *ada, *last).await
            },
            async |(ada, _, last), a: &Result<(), AddressError>, b: &Result<(), AddressError>| {
                assert!(a.is_ok() && b.is_ok(), "{a:?}, {b:?}");
                let default: AddressId = sqlx::query_scalar(
                    "SELECT id FROM address WHERE customer_id = $1 AND is_default",
                )
                .bind(ada)
                .fetch_one(&make.db)
                .await
                .unwrap();
                assert_eq!(default, *last);
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn a_customer_gets_one_cart_however_often_one_is_asked_for(make: Make) {
    let create = async |db: &PgPool, ada: CustomerId| {
        let wanted = Create {
            customer: Some(ada),
            currency: Currency::EUR,
            tax_included: true,
            price_list: "default".parse().unwrap(),
        };
        cart::create(db, &make.context, wanted).await
    };
    let explored = make
        .explore(
            async || make.customer().await,
            async |db: PgPool, ada| create(&db, *ada).await,
            async |db: PgPool, ada| create(&db, *ada).await,
            async |_, a: &Result<Created, _>, b: &Result<Created, _>| {
                let told = loser(a, b);
                assert!(matches!(told, CreateError::HasOne), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn an_email_is_registered_once(make: Make) {
    let join = async |db: &PgPool, email: &str| {
        let request = Register { email: email.parse().unwrap(), name: None, phone: None };
        register(db, &make.context, request).await
    };
    let explored = make
        .explore(
            async || format!("{}@example.org", make.name("ada")),
            async |db: PgPool, email| join(&db, email).await,
            async |db: PgPool, email| join(&db, &email.to_uppercase()).await,
            async |_, a: &Result<CustomerId, _>, b: &Result<CustomerId, _>| {
                let told = loser(a, b);
                assert!(matches!(told, RegisterError::EmailTaken), "{told:?}");
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}

#[proofmark::test]
async fn of_two_changes_made_on_one_version_one_is_refused(make: Make) {
    let update = async |db: &PgPool, product: ProductId, title: &str| {
        let change = UpdateProduct {
            product,
            version: 0,
            title: Some(title.parse().unwrap()),
            description: None,
            tax_class: None,
            status: Some(ProductStatus::Active),
        };
        update_product(db, &make.context, change).await.map(|version| (title.to_owned(), version))
    };
    let explored = make
        .explore(
            async || make.product().await,
            async |db: PgPool, product| update(&db, *product, "Cup").await,
            async |db: PgPool, product| update(&db, *product, "Bowl").await,
            async |product, a: &Result<(String, i64), _>, b: &Result<_, _>| {
                let told = loser(a, b);
                assert!(matches!(told, UpdateProductError::Changed { now: 1 }), "{told:?}");
                let stored: (String, i64) =
                    sqlx::query_as("SELECT title::text, version FROM product WHERE id = $1")
                        .bind(product)
                        .fetch_one(&make.db)
                        .await
                        .unwrap();
                assert_eq!(Some(&stored), a.as_ref().or(b.as_ref()).ok());
                make.invariants_hold().await;
            },
        )
        .await;
    holds(&explored);
}
