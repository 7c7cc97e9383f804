//! `docs/reference/shop-http.md`, written from the document and compared with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::expect_file;
use serde_json::Value;
use shop::http::Code;
use shop::http::openapi::{document, text};

/// `UPDATE_EXPECT=1 cargo test -p shop --test service api::reference` writes it anew.
#[test]
fn the_reference_is_what_the_document_says() {
    let document: Value = serde_json::from_str(&text(&document())).unwrap();
    expect_file!["../../../../docs/reference/shop-http.md"].assert_eq(&reference(&document));
}

fn reference(document: &Value) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut by_tag: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let tag = operation["tags"][0].as_str().unwrap();
            by_tag.entry(tag).or_default().push(row(path, method, operation));
        }
    }
    for (tag, rows) in by_tag {
        write!(page, "\n## {}\n\n", capital(tag)).unwrap();
        page.push_str("| operation | what it does | who may | answers |\n|---|---|---|---|\n");
        page.push_str(&rows.concat());
    }
    page.push_str(PROBLEMS);
    for code in Code::ALL {
        let status = code.status().as_u16();
        writeln!(page, "| `{}` | {status} | {} |", code.as_str(), code.title()).unwrap();
    }
    page
}

/// An operation: what it is, who may ask for it, what it answers when it is done.
fn row(path: &str, method: &str, operation: &Value) -> String {
    let summary = operation["summary"].as_str().unwrap().trim_end_matches('.');
    let mut who = Vec::new();
    for one in operation["security"].as_array().into_iter().flatten() {
        if let Some(scopes) = one["api_key"].as_array() {
            let scopes = scopes.iter().map(|scope| format!("`{}`", scope.as_str().unwrap()));
            who.extend(scopes);
        }
        if one.get("cart_token").is_some() {
            who.push("the cart's token".to_owned());
        }
    }
    let named = |name: &str| {
        let mut all = operation["parameters"].as_array().into_iter().flatten();
        all.any(|parameter| parameter["name"] == name)
    };
    let mut answers: Vec<String> = operation["responses"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .map(|(status, answer)| {
            let schema = &answer["content"]["application/json"]["schema"]["$ref"];
            let name = schema.as_str().and_then(|name| name.rsplit('/').next());
            name.map_or(status.clone(), |name| format!("{status} `{name}`"))
        })
        .collect();
    for (header, mark) in [("Idempotency-Key", "key"), ("If-Match", "version")] {
        if named(header) {
            answers.push(mark.to_owned());
        }
    }
    let method = method.to_uppercase();
    let (who, answers) = (who.join(", "), answers.join(", "));
    format!("| `{method} {path}` | {summary} | {who} | {answers} |\n")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

const INTRODUCTION: &str = "\
# The shop over HTTP

Written from [`shop/openapi.json`](../../shop/openapi.json), which has every field; a running \
service serves it at `/openapi.json`, with a page to try it at `/docs/`.

A request carries `Authorization: Bearer` with an API key, whose scopes are in the third column, \
or with the token that was given with a cart.
Where the last column says *key*, the header `Idempotency-Key` is needed: repeated within 24 \
hours, the request is answered again and nothing is done twice.
Where it says *version*, the header `If-Match` carries the `ETag` of what was seen.
Lists take `limit` (1 to 100) and `after`, which is the `next` of the page before.

Beside the answers here, any operation may refuse with a problem \
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), whose `code` is one of those at the end of \
this page.
429 and 503 come with `Retry-After` in seconds.
";

const PROBLEMS: &str = "
## Problems

A code means the same for good; the texts may change.

| code | status | what it means |
|---|---|---|
";
