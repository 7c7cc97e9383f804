//! Runs one session from the first byte behind the startup message to the end of both sockets.
//!
//! In go two sockets and a place in a lease, out come events. Main function: [`run`].
//!
//! **Invariant**: the place in the lease is given up after the backend is gone, or after the time
//! it may take.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use proofmark_wire::tag;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::frontend::{OwnError, farewell};
use crate::leases::{CloseReason, CloseSignal, Membership};
use crate::session::observe::Left;
use crate::session::relay::{Finish, Relay};
use crate::session::wind_down::wind_down;
use crate::session::{Observed, Watch};
use crate::shared::Shared;
use crate::stream::Stream;
use crate::warm::{Backend, Greeting, Past, recycle};
use crate::{Event, SessionId, Upstream};

/// A session that is about to begin.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) client: Stream,
    pub(crate) server: Stream,
    pub(crate) upstream: Upstream,
    /// What the client gets first: the server's answers to a login that was not its own.
    pub(crate) to_client: Vec<u8>,
    /// What the server gets first: the startup message, or what came behind it.
    pub(crate) to_server: Vec<u8>,
    /// The part of `to_server` that is no startup message.
    pub(crate) behind_startup: Vec<u8>,
    pub(crate) membership: Option<Membership>,
    /// What is known of the backend, if it may serve another client.
    pub(crate) past: Option<Past>,
    /// What the server said when the backend was opened, if that was for another client.
    pub(crate) greeting: Option<Rc<Greeting>>,
}

/// Passes bytes until the session is over.
pub(crate) async fn run(shared: &Rc<Shared>, session: Session) {
    let Session { id, mut client, mut server, upstream, membership, past, .. } = session;
    let lease = membership.as_ref().map(|membership| Rc::clone(membership.lease()));
    let mut watch = Watch::new(Observed {
        shared: Rc::clone(shared),
        session: id,
        lease,
        upstream,
        greeting: session.greeting,
        is_reusable: past.is_some(),
    });
    watch.sent(&session.behind_startup);
    watch.received(&session.to_client);
    let own_signal = Rc::new(CloseSignal::default());
    let signal = membership.as_ref().map_or(&own_signal, Membership::signal);

    let to_client = (&mut client, session.to_client);
    let to_server = (&mut server, session.to_server);
    let mut relay = Relay::new(to_client, to_server, &mut watch, signal, &shared.scratch);
    let finish = (&mut relay).await;
    let can_tell_client = relay.client_is_up_to_date();
    let server_is_up_to_date = relay.server_is_up_to_date();
    let client_has_closed = relay.client_has_closed();
    let keeps_goodbye = relay.keeps_goodbye();
    let can_tell_client = can_tell_client && watch.server_is_between_messages();

    let mut last_word = last_word(&finish, &watch, client_has_closed);
    if last_word.is_some() && says_goodbye(&mut client).await {
        last_word = None;
    }
    if matches!((&finish, &last_word), (Finish::Asked(CloseReason::Returned), Some(_))) {
        watch.was_left_open();
    }
    if let (Some(error), true) = (&last_word, can_tell_client) {
        let mut bytes = Vec::new();
        error.write(&mut bytes);
        // The client may be gone, or not reading; it is told, not waited for.
        let told = client.write_all(&bytes);
        drop(tokio::time::timeout(std::time::Duration::from_millis(100), told).await);
    }
    let past = past.filter(|_| finish.leaves_backend() && server_is_up_to_date);
    let kept = match past {
        Some(past) => keep(shared, past, &mut server, &mut watch).await,
        None => None,
    };
    if kept.is_some() {
    } else if !matches!(finish, Finish::ServerClosed) {
        let was_told = watch.said_goodbye() && !keeps_goodbye;
        wind_down(&mut server, &watch, server_is_up_to_date, was_told).await;
    } else if last_word.is_some() {
        watch.emit(|observed, lease| Event::ServerLost {
            session: observed.session,
            lease: lease.id,
        });
    }
    let abrupt = !watch.said_goodbye() && !matches!(finish, Finish::Asked(_));
    watch.close(abrupt);
    match kept {
        Some((past, greeting)) => shared.warm.park(Backend { server, greeting, past }),
        None => drop(server),
    }
    drop(membership);
    let bye = farewell(&mut client, &[]);
    // A client that does not close in time is closed on.
    drop(tokio::time::timeout(crate::frontend::FAREWELL, bye).await);
}

/// Makes the backend of a session that is over fit for another client, where it is idle and nothing
/// speaks against it.
async fn keep(
    shared: &Rc<Shared>,
    past: Past,
    server: &mut Stream,
    watch: &mut Watch,
) -> Option<(Past, Rc<Greeting>)> {
    if !shared.warm.wants(past.uses, past.epoch) {
        return None;
    }
    let left = watch.left()?;
    // A cancel request that is under way could hit whoever comes next.
    if watch.forget_key() {
        return None;
    }
    let Left { greeting, settings, is_in_transaction } = left;
    let is_fit = recycle(server, &greeting, settings, is_in_transaction).await;
    is_fit.then_some((past, greeting))
}

/// Whether the client is leaving as well: its goodbye has come and is not read yet. Some drivers
/// (node-postgres) do not wait for their own goodbye, and an error that comes instead of the end
/// would hit nobody who expects one. What else is read here belongs to a session that is over.
async fn says_goodbye(client: &mut Stream) -> bool {
    let mut first = [0];
    let read = poll_fn(|context| {
        let mut buffer = ReadBuf::new(&mut first);
        let read = Pin::new(&mut *client).poll_read(context, &mut buffer);
        Poll::Ready(read.map_ok(|()| buffer.filled().first().copied()))
    });
    match read.await {
        Poll::Ready(Ok(first)) => first.is_none_or(|first| first == tag::frontend::TERMINATE),
        Poll::Ready(Err(_)) => true,
        Poll::Pending => false,
    }
}

/// What the client is told when it is not the one who ended the session.
fn last_word(finish: &Finish, watch: &Watch, client_has_closed: bool) -> Option<OwnError> {
    let is_leaving = client_has_closed || watch.said_goodbye();
    match finish {
        Finish::Asked(_) if is_leaving => None,
        Finish::Asked(CloseReason::Returned) => Some(OwnError::lease_ended("it was returned")),
        Finish::Asked(CloseReason::ProcessEnded) => {
            Some(OwnError::lease_ended("the process that held it has ended"))
        }
        Finish::Asked(CloseReason::Shutdown) => Some(OwnError::shutting_down()),
        Finish::ServerClosed => (!is_leaving && !watch.was_told()).then(OwnError::server_lost),
        Finish::ClientGone | Finish::ClientLeft => None,
    }
}
