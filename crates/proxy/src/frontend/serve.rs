//! Takes one connection from its first byte to where it belongs.
//!
//! In goes a fresh connection; out of here it is a session, a cancel request that was passed on,
//! or turned away with an event.
//!
//! **Invariant**: every connection that is not let in leaves one event, and no connection waits
//! longer than the startup deadline to say what it wants.

use std::rc::Rc;

use proofmark_wire::startup::{CancelRequest, OpeningError};

use super::admit::admit;
use super::negotiate::{NegotiateError, Wanted, negotiate};
use super::refusal::OwnError;
use crate::backend::cancel;
use crate::shared::Shared;
use crate::stream::Stream;
use crate::{Event, TurnedAway};

/// A connection that is not let in: what is told about it, and what it is told itself.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) reason: TurnedAway,
    pub(super) answer: Answer,
}

/// What a connection that is not let in is told.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nothing: nobody is there, or nobody would understand.
    Nothing,
    /// An error of the proxy's own.
    Own(OwnError),
    /// What the server said.
    Server(Vec<u8>),
}

impl Refused {
    pub(super) fn own(reason: TurnedAway, error: OwnError) -> Self {
        Self { reason, answer: Answer::Own(error) }
    }

    fn silent(reason: TurnedAway) -> Self {
        Self { reason, answer: Answer::Nothing }
    }
}

/// Serves one connection.
pub(crate) async fn serve(shared: Rc<Shared>, mut client: Stream) {
    let Some(_connected) = shared.connect() else {
        let error = OwnError::fatal(
            "53300",
            format!("{} clients are connected already", shared.options.sessions_max),
            "close connections that are no longer used, or run fewer workers",
        );
        return turn_away(&shared, client, Refused::own(TurnedAway::TooManySessions, error)).await;
    };
    let deadline = shared.options.startup_deadline;
    let refused = match tokio::time::timeout(deadline, negotiate(&mut client)).await {
        Ok(Ok(Wanted::Cancel(request))) => return pass_on(&shared, &request).await,
        Ok(Ok(Wanted::Session(startup, behind))) => {
            match admit(&shared, client, startup, behind).await {
                Ok(()) => return,
                Err((returned, refused)) => {
                    client = *returned;
                    refused
                }
            }
        }
        Ok(Err(error)) => not_negotiated(&error),
        Err(_) => Refused::own(
            TurnedAway::StartupTimeout,
            OwnError::fatal(
                "08P01",
                format!("no startup message came within {} s", deadline.as_secs()),
                "connect with a PostgreSQL driver",
            ),
        ),
    };
    turn_away(&shared, client, refused).await;
}

async fn turn_away(shared: &Rc<Shared>, client: Stream, refused: Refused) {
    shared.emit(Event::TurnedAway { reason: refused.reason });
    match refused.answer {
        Answer::Nothing => {}
        Answer::Own(error) => error.send_and_close(client).await,
        Answer::Server(bytes) => super::refusal::send_and_close(client, &bytes).await,
    }
}

/// A request with an unknown key, or for a server that is gone, does nothing; on a server too the
/// client is told nothing.
async fn pass_on(shared: &Rc<Shared>, request: &CancelRequest) {
    if let Some((upstream, request)) = shared.cancel_keys.request(request.key()) {
        drop(cancel(&upstream, &request).await);
    }
}

fn not_negotiated(error: &NegotiateError) -> Refused {
    match error {
        NegotiateError::Malformed(error) => malformed(*error),
        NegotiateError::DirectTls => Refused::silent(TurnedAway::DirectTls),
        NegotiateError::BytesBehindNegotiation => Refused::own(
            TurnedAway::BytesBehindNegotiation,
            OwnError::fatal(
                "08P01",
                "bytes came behind a request for encryption, before it was answered",
                "wait for the answer, or connect with sslmode=disable",
            ),
        ),
        NegotiateError::Left => Refused::silent(TurnedAway::LeftDuringStartup),
    }
}

fn malformed(error: OpeningError) -> Refused {
    let (sqlstate, hint) = match error {
        OpeningError::UnknownVersion { .. } => {
            ("0A000", "use a driver for PostgreSQL 7.4 or later")
        }
        _ => ("08P01", "connect with a PostgreSQL driver; this port speaks nothing else"),
    };
    let error = OwnError::fatal(sqlstate, error.to_string(), hint);
    Refused::own(TurnedAway::MalformedStartup, error)
}
