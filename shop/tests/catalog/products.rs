//! Making, changing and deleting products and variants.

use chrono::Duration;
use shop::catalog::{
    CreateProductError, CreateVariant, CreateVariantError, DeleteProductError, DeleteVariantError,
    ProductStatus, UpdateProduct, UpdateProductError, create_product, create_variant,
    delete_product, delete_variant, find_variant, find_variant_by_sku, update_product,
};
use shop::id::{ProductId, VariantId};

use crate::make::Make;

fn variant_of(product: ProductId, sku: &str) -> CreateVariant {
    CreateVariant {
        product,
        sku: sku.parse().unwrap(),
        title: "Mug".parse().unwrap(),
        track_inventory: true,
        weight_g: None,
    }
}

#[proofmark::test]
async fn a_variant_is_found_by_its_id_and_by_its_code_in_any_case(make: Make) {
    let variant = make.variant().sku("Mug-1").await;
    let mut connection = make.db.acquire().await.unwrap();
    let by_id = find_variant(&mut connection, variant).await.unwrap().unwrap();
    let by_sku = find_variant_by_sku(&mut connection, &"mUG-1".parse().unwrap()).await.unwrap();
    assert_eq!(by_sku, Some(by_id.clone()));
    assert_eq!(by_id.sku.as_str(), "Mug-1");
}

#[proofmark::test]
async fn a_product_of_an_unknown_tax_class_is_refused(make: Make) {
    let product = shop::catalog::CreateProduct {
        title: "Mug".parse().unwrap(),
        description: None,
        tax_class: "luxury".parse().unwrap(),
        status: ProductStatus::Draft,
    };
    let made = create_product(&make.db, &make.context, product).await;
    assert!(matches!(made, Err(CreateProductError::UnknownTaxClass)), "{made:?}");
}

#[proofmark::test]
async fn a_variant_needs_a_living_product_and_a_code_of_its_own(make: Make) {
    let product = make.product().await;
    make.variant().of(product).sku("MUG").await;
    let taken = create_variant(&make.db, &make.context, variant_of(product, "mug")).await;
    assert!(matches!(taken, Err(CreateVariantError::SkuTaken)), "{taken:?}");

    let heavy = CreateVariant { weight_g: Some(-1), ..variant_of(product, "heavy") };
    let heavy = create_variant(&make.db, &make.context, heavy).await;
    assert!(matches!(heavy, Err(CreateVariantError::NegativeWeight)), "{heavy:?}");

    let foreign = make.context.id::<ProductId>();
    let foreign = create_variant(&make.db, &make.context, variant_of(foreign, "x")).await;
    assert!(matches!(foreign, Err(CreateVariantError::ProductNotFound)), "{foreign:?}");

    let deleted = make.product().await;
    delete_product(&make.db, &make.context, deleted).await.unwrap();
    let deleted = create_variant(&make.db, &make.context, variant_of(deleted, "x")).await;
    assert!(matches!(deleted, Err(CreateVariantError::ProductNotFound)), "{deleted:?}");
}

#[proofmark::test]
async fn a_product_is_deleted_once_and_after_its_variants(make: Make) {
    let product = make.product().await;
    let variant = make.variant().of(product).sku("MUG").await;
    let early = delete_product(&make.db, &make.context, product).await;
    assert!(matches!(early, Err(DeleteProductError::HasVariants)), "{early:?}");

    delete_variant(&make.db, &make.context, variant).await.unwrap();
    let again = delete_variant(&make.db, &make.context, variant).await;
    assert!(matches!(again, Err(DeleteVariantError::NotFound)), "{again:?}");
    let mut connection = make.db.acquire().await.unwrap();
    assert_eq!(find_variant(&mut connection, variant).await.unwrap(), None);
    make.variant().of(product).sku("mug").await; // The code is free again.

    let empty = make.product().await;
    delete_product(&make.db, &make.context, empty).await.unwrap();
    let again = delete_product(&make.db, &make.context, empty).await;
    assert!(matches!(again, Err(DeleteProductError::NotFound)), "{again:?}");
}

#[proofmark::test]
async fn nothing_is_deleted_before_it_was_made(make: Make) {
    let (product, variant) = (make.product().await, make.variant().await);
    make.clock.advance(Duration::hours(-1));
    let deleted = delete_product(&make.db, &make.context, product).await;
    assert!(matches!(deleted, Err(DeleteProductError::NotYetMade)), "{deleted:?}");
    let deleted = delete_variant(&make.db, &make.context, variant).await;
    assert!(matches!(deleted, Err(DeleteVariantError::NotYetMade)), "{deleted:?}");
}

#[proofmark::test]
async fn a_change_made_on_an_old_version_is_refused(make: Make) {
    let product = make.product().await;
    let change = UpdateProduct {
        product,
        version: 0,
        title: Some("ספל".parse().unwrap()),
        description: None,
        tax_class: None,
        status: Some(ProductStatus::Archived),
    };
    assert_eq!(update_product(&make.db, &make.context, change.clone()).await.unwrap(), 1);
    let late = update_product(&make.db, &make.context, change.clone()).await;
    assert!(matches!(late, Err(UpdateProductError::Changed { now: 1 })), "{late:?}");

    let class = Some("luxury".parse().unwrap());
    let unknown = UpdateProduct { version: 1, tax_class: class, ..change.clone() };
    let unknown = update_product(&make.db, &make.context, unknown).await;
    assert!(matches!(unknown, Err(UpdateProductError::UnknownTaxClass)), "{unknown:?}");

    delete_product(&make.db, &make.context, product).await.unwrap();
    let gone = update_product(&make.db, &make.context, change).await;
    assert!(matches!(gone, Err(UpdateProductError::NotFound)), "{gone:?}");
    let title: String =
        sqlx::query_scalar("SELECT title::text FROM product").fetch_one(&make.db).await.unwrap();
    assert_eq!(title, "ספל");
}

#[proofmark::test]
async fn what_does_not_exist_cannot_be_deleted(make: Make) {
    let product = delete_product(&make.db, &make.context, make.context.id::<ProductId>()).await;
    assert!(matches!(product, Err(DeleteProductError::NotFound)), "{product:?}");
    let variant = delete_variant(&make.db, &make.context, make.context.id::<VariantId>()).await;
    assert!(matches!(variant, Err(DeleteVariantError::NotFound)), "{variant:?}");
}
