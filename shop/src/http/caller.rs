//! Who asks.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::key::Grant;
use super::{AppState, Code, Problem};
use crate::cart::{SessionToken, Shopper};
use crate::context::{Actor, Context};
use crate::id::CartSessionId;

/// Who asks; the layer of access has made sure that they may ask this.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The merchant's own systems, by an API key.
    Key(Arc<Grant>),
    /// A shopper, by the token of a cart.
    Shopper(SessionToken, CartSessionId),
}

impl Caller {
    /// As the operations of carts know them: a key stands for the shop.
    pub fn shopper(&self) -> Shopper {
        match self {
            Self::Key(_) => Shopper::Shop,
            Self::Shopper(token, _) => Shopper::Session(token.clone()),
        }
    }

    /// Whether they have a scope.
    pub fn has(&self, scope: &str) -> bool {
        matches!(self, Self::Key(grant) if grant.scopes.contains(scope))
    }

    /// The token of a cart, if that is what they have.
    pub fn token(&self) -> Option<&SessionToken> {
        match self {
            Self::Key(_) => None,
            Self::Shopper(token, _) => Some(token),
        }
    }

    /// Their name in histories and in the scope of their idempotency keys.
    pub fn name(&self) -> String {
        match self {
            Self::Key(grant) => grant.id.to_string(),
            Self::Shopper(_, session) => session.to_string(),
        }
    }

    /// The service's context, acting for them.
    pub fn context(&self, state: &AppState) -> Context {
        state.context.acting(Actor::named(&self.name()))
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::new(Code::CredentialsMissing))
    }
}
