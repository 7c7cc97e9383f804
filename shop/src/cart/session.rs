//! Sessions: a bearer token for one cart.
//!
//! The token is 32 random bytes of the operating system. Whoever has it may work on the cart; the
//! database has its SHA-256 digest only, so reading the database gives nobody a cart.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use crate::context::Context;
use crate::database::DatabaseError;
use crate::id::{CartId, CartSessionId};

/// How long a session lasts.
pub const SESSION_LIFE: TimeDelta = TimeDelta::days(30);

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is `cart_` and 64 hexadecimal digits in lower case")]
pub struct ParseTokenError;

/// A secret that gives access to one cart.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A token that nobody has.
    ///
    /// # Panics
    /// Only where the operating system has no random bytes to give.
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system has random bytes to give");
        Self(bytes)
    }

    /// The text to hand to the browser, once.
    pub fn reveal(&self) -> String {
        let mut text = String::with_capacity(69);
        text.push_str("cart_");
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        text.extend(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)));
        text
    }

    /// What is stored of it.
    pub(crate) fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.0).to_vec()
    }
}

/// Says nothing about the secret.
impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

impl FromStr for SessionToken {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, ParseTokenError> {
        let digits = text.strip_prefix("cart_").ok_or(ParseTokenError)?.as_bytes();
        if digits.len() != 64 {
            return Err(ParseTokenError);
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(ParseTokenError),
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return Err(ParseTokenError) };
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Ok(Self(bytes))
    }
}

/// Why a token gives no cart.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No session has this token.
    #[error("there is no such session")]
    NotFound,
    /// Its time is over.
    #[error("the session has expired")]
    Expired,
    /// It was ended, for example by a login.
    #[error("the session was ended")]
    Revoked,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(SessionError {});

/// Why a session was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// There is no such cart.
    #[error("there is no such cart")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

crate::refusals!(OpenSessionError {
    "cart_session_of_a_cart" => OpenSessionError::NotFound,
});

/// Opens a session for a cart. The caller has made sure that it is for the cart's owner.
///
/// # Errors
/// [`OpenSessionError::NotFound`] when there is no such cart.
pub async fn open_session(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
) -> Result<SessionToken, OpenSessionError> {
    let token = SessionToken::random();
    sqlx::query(
        "INSERT INTO cart_session (id, cart_id, token_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(context.id::<CartSessionId>())
    .bind(cart)
    .bind(token.digest())
    .bind(context.now())
    .bind(context.now() + SESSION_LIFE)
    .execute(connection)
    .await?;
    Ok(token)
}

/// The cart of a session.
///
/// # Errors
/// See [`SessionError`].
pub async fn find_by_session(
    connection: &mut PgConnection,
    context: &Context,
    token: &SessionToken,
) -> Result<CartId, SessionError> {
    let found: Option<(CartId, DateTime<Utc>, bool)> = sqlx::query_as(
        "SELECT cart_id, expires_at, revoked_at IS NOT NULL FROM cart_session WHERE token_hash = $1",
    )
    .bind(token.digest())
    .fetch_optional(connection)
    .await?;
    match found {
        None => Err(SessionError::NotFound),
        Some((_, _, true)) => Err(SessionError::Revoked),
        Some((_, until, _)) if until <= context.now() => Err(SessionError::Expired),
        Some((cart, _, false)) => Ok(cart),
    }
}

/// The session of a token that is neither over nor ended.
///
/// # Errors
/// The database.
pub async fn find_session(
    connection: &mut PgConnection,
    context: &Context,
    token: &SessionToken,
) -> Result<Option<CartSessionId>, DatabaseError> {
    let found = sqlx::query_scalar(
        "SELECT id FROM cart_session
          WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > $2",
    )
    .bind(token.digest())
    .bind(context.now())
    .fetch_optional(connection)
    .await?;
    Ok(found)
}

/// Ends a session; ending it once more does nothing.
///
/// # Errors
/// [`SessionError::NotFound`].
pub async fn revoke_session(
    connection: &mut PgConnection,
    context: &Context,
    token: &SessionToken,
) -> Result<(), SessionError> {
    // A clock that went back would end the session before it began.
    let ended = sqlx::query(
        "UPDATE cart_session SET revoked_at = coalesce(revoked_at, greatest(created_at, $2))
          WHERE token_hash = $1",
    )
    .bind(token.digest())
    .bind(context.now())
    .execute(connection)
    .await?
    .rows_affected();
    if ended == 0 { Err(SessionError::NotFound) } else { Ok(()) }
}

/// Ends all sessions of a cart.
pub(crate) async fn revoke_all(
    connection: &mut PgConnection,
    context: &Context,
    cart: CartId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE cart_session SET revoked_at = greatest(created_at, $2)
          WHERE cart_id = $1 AND revoked_at IS NULL",
    )
    .bind(cart)
    .bind(context.now())
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_form() {
        let token = SessionToken::random();
        assert_eq!(token.reveal().parse(), Ok(token));
    }

    #[test]
    fn two_tokens_differ() {
        assert_ne!(SessionToken::random(), SessionToken::random());
    }

    #[test]
    fn a_token_is_not_shown_by_accident() {
        let token = SessionToken::random();
        assert_eq!(format!("{token:?}"), "SessionToken(..)");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = SessionToken::random().reveal();
        let capital = format!("cart_{}", "A".repeat(64));
        let long = format!("{good}0");
        let nul = format!("cart_{}", "\0".repeat(64));
        for text in ["", "cart_", &good[5..], &good[..68], &long, &capital, &nul] {
            assert_eq!(text.parse::<SessionToken>(), Err(ParseTokenError), "{text:?}");
        }
    }
}
