//! Logs in to a server that asks for a password, in place of the client.
//!
//! In goes a connection on which the startup message has been sent, out come the bytes that the
//! client is to get: everything from the server's AuthenticationOk on.
//!
//! **Invariant**: a password goes to the server only, and appears in no error.

use std::io;

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use proofmark_wire::backend::Authentication;
use proofmark_wire::frontend::{Password, SaslInitialResponse, SaslResponse};
use proofmark_wire::{Malformed, tag};
use thiserror::Error;
use tokio::io::AsyncWriteExt;

use super::Incoming;
use crate::stream::Stream;

/// Why a login failed.
#[derive(Debug, Error)]
pub(crate) enum LoginError {
    /// The server refused; its ErrorResponse, as it came, is for the client.
    #[error("the server refused the login")]
    Refused(Vec<u8>),
    /// The server wants a password and none is known.
    #[error("the server asks for a password and none is known for it")]
    NoPassword,
    /// The server wants something that is not spoken.
    #[error("the server asks for a login method that is not spoken: {0}")]
    Unspoken(String),
    /// The SCRAM exchange failed.
    #[error("the SCRAM exchange failed")]
    Scram(#[source] io::Error),
    /// The server sent something that is no part of a login.
    #[error("the server sent something that is no part of a login")]
    Unexpected,
    /// A message could not be read.
    #[error("the server sent a message that cannot be read")]
    Malformed(#[from] Malformed),
    /// The connection failed.
    #[error("the connection failed during the login")]
    Io(#[from] io::Error),
}

/// Answers the server until it is content. Gives what the client is to get.
pub(crate) async fn log_in(
    server: &mut Stream,
    user: &str,
    password: Option<&str>,
) -> Result<Vec<u8>, LoginError> {
    let mut incoming = Incoming::new(server);
    let mut for_client = Vec::new();
    let mut scram = None;
    loop {
        let message = incoming.message().await.map_err(not_a_message)?;
        match message[0] {
            tag::backend::ERROR_RESPONSE => return Err(LoginError::Refused(message)),
            tag::backend::NEGOTIATE_PROTOCOL_VERSION => for_client.extend_from_slice(&message),
            tag::backend::AUTHENTICATION => {
                let asked = Authentication::parse(&message[5..])?;
                if asked == Authentication::Ok {
                    for_client.extend_from_slice(&message);
                    for_client.append(&mut incoming.bytes);
                    return Ok(for_client);
                }
                let answer = answer(&asked, user, password, &mut scram)?;
                incoming.server.write_all(&answer).await?;
            }
            _ => return Err(LoginError::Unexpected),
        }
    }
}

fn not_a_message(error: io::Error) -> LoginError {
    match error.kind() {
        io::ErrorKind::InvalidData => LoginError::Unexpected,
        _ => LoginError::Io(error),
    }
}

fn answer(
    asked: &Authentication<'_>,
    user: &str,
    password: Option<&str>,
    scram: &mut Option<ScramSha256>,
) -> Result<Vec<u8>, LoginError> {
    let password = password.ok_or(LoginError::NoPassword)?.as_bytes();
    let mut out = Vec::new();
    match asked {
        Authentication::Ok => {}
        Authentication::CleartextPassword => Password { secret: password }.write(&mut out),
        Authentication::Md5Password { salt } => {
            let hash = md5_hash(user.as_bytes(), password, *salt);
            Password { secret: hash.as_bytes() }.write(&mut out);
        }
        Authentication::Sasl { mechanisms } => {
            if !mechanisms.contains(&SCRAM_SHA_256.as_bytes()) {
                let names: Vec<_> = mechanisms.iter().map(|name| name.escape_ascii()).collect();
                let names = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                return Err(LoginError::Unspoken(names));
            }
            let started = scram.insert(ScramSha256::new(password, ChannelBinding::unsupported()));
            let response = started.message();
            SaslInitialResponse { mechanism: SCRAM_SHA_256, response }.write(&mut out);
        }
        Authentication::SaslContinue(challenge) => {
            let started = scram.as_mut().ok_or(LoginError::Unexpected)?;
            started.update(challenge).map_err(LoginError::Scram)?;
            SaslResponse { response: started.message() }.write(&mut out);
        }
        Authentication::SaslFinal(proof) => {
            let started = scram.as_mut().ok_or(LoginError::Unexpected)?;
            started.finish(proof).map_err(LoginError::Scram)?;
        }
        Authentication::Other(method) => {
            return Err(LoginError::Unspoken(format!("number {method}")));
        }
    }
    Ok(out)
}
