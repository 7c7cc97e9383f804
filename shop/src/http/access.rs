//! Who may ask for what: the security of the OpenAPI document, enforced.
//!
//! In: the document, and a request with its token. Out: the [`Caller`] for the handler, or 401 or
//! 403, before anything of the request beyond its head is read.
//!
//! **Invariant**: an operation that the document does not open to somebody is closed to them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::OpenApi;

use super::openapi::{API_KEY, CART_TOKEN, operations};
use super::{AppState, Caller, Code, Problem, key};
use crate::cart::{SessionToken, find_session};

/// What an operation asks of its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Asked {
    /// The scopes an API key needs; none: no key is let in.
    key: Option<Vec<String>>,
    /// Whether the token of a cart is let in.
    cart: bool,
}

/// What every operation asks of its caller, by path and method.
#[derive(Debug)]
pub(super) struct Access(HashMap<(String, Method), Asked>);

impl Access {
    pub(super) fn of(document: &OpenApi) -> Self {
        let mut all = HashMap::new();
        for (path, method, operation) in operations(document) {
            let mut asked = Asked::default();
            for requirement in operation.security.iter().flatten() {
                let Ok(requirement) = serde_json::to_value(requirement) else { continue };
                let scopes = |scheme: &str| {
                    let names = requirement.get(scheme)?.as_array()?;
                    Some(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
                };
                asked.key = asked.key.or_else(|| scopes(API_KEY));
                asked.cart |= scopes(CART_TOKEN).is_some();
            }
            all.insert((path.to_owned(), method), asked);
        }
        Self(all)
    }

    fn asked(&self, request: &Request) -> Option<&Asked> {
        let path = request.extensions().get::<MatchedPath>()?.as_str().to_owned();
        let method = match request.method() {
            &Method::HEAD => Method::GET,
            method => method.clone(),
        };
        self.0.get(&(path, method))
    }
}

/// Lets a request through, with its caller, or answers 401 or 403.
pub(super) async fn check(
    State((state, access)): State<(AppState, Arc<Access>)>,
    mut request: Request,
    next: Next,
) -> Response {
    // What the document does not know is public, or is nothing: 404 and 405 say so.
    let Some(asked) = access.asked(&request) else { return next.run(request).await };
    match identify(&state, asked, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn identify(state: &AppState, asked: &Asked, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer(headers)?;
    if let Ok(token) = token.parse::<SessionToken>() {
        let mut connection = state.pool.acquire().await?;
        let session = find_session(&mut connection, &state.context, &token)
            .await?
            .ok_or_else(|| Problem::new(Code::CredentialsInvalid))?;
        if !asked.cart {
            return Err(Problem::new(Code::ScopeMissing));
        }
        return Ok(Caller::Shopper(token, session));
    }
    let grant = key::verify(state, token).await?;
    let scopes = asked.key.as_deref().ok_or_else(|| Problem::new(Code::ScopeMissing))?;
    if let Some(missing) = scopes.iter().find(|scope| !grant.scopes.contains(*scope)) {
        return Err(Problem::new(Code::ScopeMissing).with("scope", missing));
    }
    Ok(Caller::Key(grant))
}

/// The token of the only `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next().ok_or_else(|| Problem::new(Code::CredentialsMissing))?;
    if all.next().is_some() {
        return Err(Problem::new(Code::CredentialsInvalid));
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(|| Problem::new(Code::CredentialsInvalid))?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(Problem::new(Code::CredentialsInvalid))
    }
}
