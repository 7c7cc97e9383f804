//! The document: committed, and never broken.

use expect_test::expect_file;
use serde_json::Value;
use shop::http::openapi::{document, text};

/// `UPDATE_EXPECT=1 cargo test -p shop --test service api::contract` writes it anew.
#[test]
fn the_committed_document_is_what_the_routes_say() {
    expect_file!["../../../openapi.json"].assert_eq(&text(&document()));
}

#[test]
fn nothing_that_was_released_is_broken() {
    let released: Value =
        serde_json::from_str(include_str!("../../../openapi.released.json")).unwrap();
    let now: Value = serde_json::from_str(&text(&document())).unwrap();
    let broken = breaks(&released, &now);
    assert!(broken.is_empty(), "the release had more: {broken:#?}");
}

#[test]
fn a_break_is_seen() {
    let now: Value = serde_json::from_str(&text(&document())).unwrap();
    let without = |pointer: &str, member: &str| {
        let mut changed = now.clone();
        changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(member).unwrap();
        breaks(&now, &changed)
    };
    assert_eq!(without("/paths", "/v1/orders"), ["/v1/orders is gone"]);
    assert_eq!(without("/paths/~1v1~1orders", "post"), ["POST /v1/orders is gone"]);
    let gone = without("/components/schemas/Payment/properties", "state");
    assert_eq!(gone, ["Payment.state is gone"]);
    let mut changed = now.clone();
    let required = &mut changed["components"]["schemas"]["NewCart"]["required"];
    required.as_array_mut().unwrap().push("customer".into());
    assert_eq!(breaks(&now, &changed), ["NewCart.customer is needed now"]);
    let mut changed = now.clone();
    let words = &mut changed["components"]["schemas"]["MethodType"]["enum"];
    words.as_array_mut().unwrap().retain(|word| word != "card");
    assert_eq!(breaks(&now, &changed), ["MethodType has no \"card\" any more"]);
    let mut wider = now.clone();
    wider["paths"]["/v2/orders"] = now["paths"]["/v1/orders"].clone();
    assert!(breaks(&now, &wider).is_empty());
}

/// What callers of the one cannot do with the other.
fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, item) in old["paths"].as_object().unwrap() {
        let Some(now) = new["paths"].get(path) else {
            broken.push(format!("{path} is gone"));
            continue;
        };
        for (method, about) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let Some(now) = now.get(method) else {
                broken.push(format!("{name} is gone"));
                continue;
            };
            for status in about["responses"].as_object().unwrap().keys() {
                if status.starts_with('2') && now["responses"].get(status).is_none() {
                    broken.push(format!("{name} does not answer {status} any more"));
                }
            }
            if about["security"] != now["security"] {
                broken.push(format!("{name} is open to others"));
            }
        }
    }
    for (name, schema) in old["components"]["schemas"].as_object().unwrap() {
        let Some(now) = new["components"]["schemas"].get(name) else { continue };
        let members = |schema: &Value| -> Vec<String> {
            schema["properties"].as_object().map_or(vec![], |all| all.keys().cloned().collect())
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let kept = members(now);
        broken.extend(
            members(schema)
                .iter()
                .filter(|member| !kept.contains(member))
                .map(|member| format!("{name}.{member} is gone")),
        );
        let needed = list(&schema["required"]);
        broken.extend(
            list(&now["required"])
                .iter()
                .filter(|member| !needed.contains(member))
                .map(|member| format!("{name}.{} is needed now", member.as_str().unwrap())),
        );
        let words = list(&now["enum"]);
        broken.extend(
            list(&schema["enum"])
                .iter()
                .filter(|word| !words.contains(word))
                .map(|word| format!("{name} has no {word} any more")),
        );
    }
    broken
}

#[proofmark::test]
async fn the_document_is_served_with_a_page_to_try_it(test_client: crate::client::TestClient) {
    let served = test_client.get("/openapi.json").await;
    assert_eq!(served.expect(200)["openapi"], "3.1.0");
    let page = test_client.get("/docs/").await;
    page.expect(200);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
}
