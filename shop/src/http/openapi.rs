//! The OpenAPI document, generated from the routes.
//!
//! In: what each handler says of itself. Out: the document that is served, committed and enforced.

mod shapes;

use axum::Router;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::{AppState, PROBLEM_JSON};

/// The scheme of API keys.
pub const API_KEY: &str = "api_key";

/// The scheme of the tokens of carts.
pub const CART_TOKEN: &str = "cart_token";

/// What is said beside the routes.
pub(super) fn base() -> OpenApi {
    let bearer = || SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let mut components = Components::new();
    components.add_security_scheme(API_KEY, bearer());
    components.add_security_scheme(CART_TOKEN, bearer());
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Shop")
                .version("1")
                .description(Some("A commerce core whose money and stock cannot go wrong.")),
        )
        .components(Some(components))
        .build()
}

/// What every problem has; some have members of their own beside.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemBody {
    /// What it means, as a relative reference.
    r#type: String,
    /// What it means, for people.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What it means, for programs: for good the same.
    code: String,
    /// What is wrong this time.
    detail: Option<String>,
}

/// Adds what every operation has in common, and gives the router that answers.
pub(super) fn finish(routes: OpenApiRouter<AppState>) -> (Router<AppState>, OpenApi) {
    let (router, mut document) = routes.split_for_parts();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in [
            (Method::GET, &mut item.get),
            (Method::PUT, &mut item.put),
            (Method::POST, &mut item.post),
            (Method::PATCH, &mut item.patch),
            (Method::DELETE, &mut item.delete),
        ] {
            if let Some(operation) = operation {
                add_problems(&method, operation);
            }
        }
    }
    (router, document)
}

fn add_problems(method: &Method, operation: &mut Operation) {
    let changes: &[u16] = if *method == Method::GET { &[] } else { &[409, 412] };
    let body: &[u16] = if operation.request_body.is_some() { &[413, 415] } else { &[] };
    let mut parameters = operation.parameters.iter().flatten();
    let version: &[u16] =
        if parameters.any(|one| matches!(one, RefOr::T(one) if one.name == "If-Match")) {
            &[428]
        } else {
            &[]
        };
    let always = [400, 401, 403, 404, 406, 422, 429, 500, 503];
    for status in always.iter().chain(changes).chain(body).chain(version) {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let answer = ResponseBuilder::new()
            .description("Not done, and why")
            .content(PROBLEM_JSON, content)
            .build();
        operation.responses.responses.entry(status.to_string()).or_insert(answer.into());
    }
}

/// Every operation of the document.
pub(super) fn operations(document: &OpenApi) -> impl Iterator<Item = (&str, Method, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        [
            (Method::GET, &item.get),
            (Method::PUT, &item.put),
            (Method::POST, &item.post),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ]
        .into_iter()
        .filter_map(move |(method, operation)| Some((path.as_str(), method, operation.as_ref()?)))
    })
}

/// The document of all routes.
pub fn document() -> OpenApi {
    finish(super::routes()).1
}

/// The names that members of bodies have.
pub(super) fn field_names(document: &OpenApi) -> Vec<String> {
    fn collect(value: &Value, names: &mut Vec<String>) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            names.extend(properties.keys().cloned());
        }
        match value {
            Value::Object(members) => members.values().for_each(|one| collect(one, names)),
            Value::Array(items) => items.iter().for_each(|one| collect(one, names)),
            _ => {}
        }
    }
    let mut names = Vec::new();
    collect(&serde_json::to_value(document).unwrap_or_default(), &mut names);
    names
}

/// The document as it is committed.
pub fn text(document: &OpenApi) -> String {
    document.to_pretty_json().unwrap_or_default() + "\n"
}

pub(super) fn show(text: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response()
}
