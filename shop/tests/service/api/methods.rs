//! Ways to pay that a customer keeps.

use serde_json::{Value, json};

use super::stage::{Sale, cart, keyed};
use super::stage::{order, tables_that_hold};
use crate::client::AuthedClient;

const NUMBER: &str = "4242424242424242";

fn card(number: &str) -> Value {
    json!({ "method_type": "card", "provider": "fake",
        "details": { "number": number, "expiry": "12/40", "cvc": "123" } })
}

/// The path of the ways to pay of a customer.
fn of(customer: impl std::fmt::Display) -> String {
    format!("/v1/customers/{customer}/payment-methods")
}

#[proofmark::test]
async fn a_card_is_kept_as_what_the_provider_gave_for_it(shop: AuthedClient) {
    let path = of(shop.make.customer().await);
    let stored = shop.post(&path, card(NUMBER)).await;
    assert_eq!(stored.expect(201)["last4"], "4242");
    assert_eq!(stored.body["brand"], "visa");
    let id = stored.text_of(201, "id");
    shop.post(&path, card(NUMBER)).await.expect_problem(409, "payment_method_stored");
    let listed = shop.get(&path).await;
    let one = &listed.expect(200)["data"][0];
    assert_eq!(
        (&one["id"], &one["exp_year"], &one["default"]),
        (&json!(id), &json!(2040), &json!(false))
    );
    // Nothing that pays is in the answer, and the number is nowhere.
    assert!(!listed.text.contains("tok_"), "{}", listed.text);
    assert_eq!(tables_that_hold(&shop, NUMBER).await, Vec::<String>::new());

    let second = shop.post(&path, card("5555555555554444")).await.text_of(201, "id");
    shop.put(&format!("{path}/{second}/default"), json!({})).await.expect(204);
    let defaults = |answer: &Value| -> Vec<Value> {
        answer["data"].as_array().unwrap().iter().map(|one| one["default"].clone()).collect()
    };
    assert_eq!(defaults(shop.get(&path).await.expect(200)), [json!(false), json!(true)]);
    shop.delete(&format!("{path}/{second}")).await.expect(204);
    let gone = shop.delete(&format!("{path}/{second}")).await;
    gone.expect_problem(404, "payment_method_not_found");
    assert_eq!(defaults(shop.get(&path).await.expect(200)), [json!(false)]);
}

#[proofmark::test]
async fn what_is_no_way_to_pay_is_refused_by_its_field(shop: AuthedClient) {
    let path = of(shop.make.customer().await);
    let form = |kind: &str, details: Value| {
        let fake = "fake";
        json!({ "method_type": kind, "provider": fake, "details": details })
    };
    for (body, field) in [
        (card("4242424242424241"), "details.number"),
        (form("card", json!({ "number": NUMBER })), "details.expiry"),
        (form("card", json!({ "number": NUMBER, "expiry": "01/20" })), "details.expiry"),
        (form("card", json!({ "number": NUMBER, "expiry": "12/40", "cvc": "1" })), "details.cvc"),
        (form("card", json!({ "number": NUMBER, "expiry": "12/40", "iban": "x" })), "details.iban"),
        (form("wallet", json!({ "name": "some_pay", "token": "t" })), "details.name"),
        (form("bank_debit", json!({ "iban": "DE00", "mandate": "m" })), "details.iban"),
    ] {
        let refused = shop.post(&path, body).await;
        assert_eq!(refused.expect_problem(422, "body_invalid")["field"], field);
        assert!(!refused.text.contains("424242"), "{}", refused.text);
    }
    let elsewhere = json!({ "method_type": "card", "provider": "internal",
        "details": { "number": NUMBER, "expiry": "12/40" } });
    shop.post(&path, elsewhere).await.expect_problem(422, "provider_wrong");
    let code = json!({ "method_type": "gift_card", "provider": "internal",
        "details": { "code": "0123-4567-89AB-CDEF" } });
    shop.post(&path, code).await.expect_problem(422, "store_credit_unknown");
    let nobody: shop::id::CustomerId = shop.make.context.id();
    shop.post(&of(nobody), card(NUMBER)).await.expect_problem(404, "customer_not_found");
    assert_eq!(shop.get(&path).await.expect(200)["data"], json!([]));
}

#[proofmark::test]
async fn one_customer_pays_with_what_they_keep_and_no_other(shop: AuthedClient) {
    let (one, other) = (shop.make.customer().await, shop.make.customer().await);
    let stored = shop.post(&of(one), card(NUMBER)).await.text_of(201, "id");
    for (method, what) in [("DELETE", stored.clone()), ("PUT", format!("{stored}/default"))] {
        let path = format!("{}/{what}", of(other));
        let answer = shop.request(method.parse().unwrap(), &path).send().await;
        answer.expect_problem(404, "payment_method_not_found");
    }
    let sale = cart(&shop).await;
    let Sale { cart, .. } = &sale;
    let token = sale.shopper.token().unwrap().to_owned();
    let login = json!({ "customer": one, "token": token });
    let login = shop.post("/v1/cart-logins", login).await;
    assert_eq!(login.text_of(200, "id"), *cart);
    let shopper = shop.with_token(&login.text_of(200, "token"));
    let checkout = format!("/v1/carts/{cart}/checkout");
    shopper.post(&checkout, json!({ "country": "DE" })).await.expect(200);
    let order = shopper.post("/v1/orders", order(&sale)).await.expect(201).clone();
    let payment = json!({ "order": order["id"], "amount": order["total"], "method": stored });
    let payment = shopper.post("/v1/payments", payment).await.text_of(201, "id");
    let paid =
        keyed(&shopper, &format!("/v1/payments/{payment}/attempts"), "pay", &json!({})).await;
    assert_eq!(paid.expect(201)["payment_state"], "captured");
}
