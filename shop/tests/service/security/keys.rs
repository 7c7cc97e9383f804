//! Keys: what they are compared with, and how.

use crate::client::AuthedClient;

/// By construction, because a measurement would only say that this machine was noisy: what is
/// stored of a secret is compared by `subtle`, and by nothing else.
#[test]
fn secrets_are_compared_in_constant_time_by_construction() {
    let secret = include_str!("../../../src/http/key/secret.rs");
    let body = secret.split("fn has_digest(").nth(1).expect("the comparison");
    let body = body.split("\n    }").next().expect("its body");
    assert!(body.contains(".ct_eq("), "{body}");
    assert!(!body.contains("=="), "{body}");
    let verify = include_str!("../../../src/http/key/verify.rs");
    assert_eq!(verify.matches(".has_digest(").count(), 1, "one comparison");
    assert!(!verify.contains("digest =="), "no other comparison");
    let derived = secret.split("pub struct ApiKey").next().expect("what stands before it");
    assert!(!derived.contains("PartialEq)]\npub struct ApiKey"), "a key is not compared by `==`");
}

/// One character of a key is changed, at every place: each is refused in the same words.
#[proofmark::test]
async fn a_key_that_is_wrong_anywhere_is_refused_in_the_same_words(client: AuthedClient) {
    let good =
        crate::client::key(&client.make, &crate::client::every_scope(&client.make).await).await;
    client.with_token(&good).get("/v1/products").await.expect(200);
    let mut told = std::collections::BTreeSet::new();
    for place in "shop_".len()..good.len() {
        let mut bytes = good.clone().into_bytes();
        if bytes[place] == b'_' {
            continue;
        }
        bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
        let wrong = String::from_utf8(bytes).unwrap();
        let answer = client.with_token(&wrong).get("/v1/products").await;
        answer.expect_problem(401, "credentials_invalid");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        told.insert(answer.text);
    }
    assert_eq!(told.len(), 1, "{told:?}");
}
