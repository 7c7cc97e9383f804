//! Opens a backend before a client asks for it.
//!
//! In goes a database that was just handed out, and in its stock there is soon a backend for a
//! client that begins as the last one of that template did. Main function: [`open_ahead`].
//!
//! **Invariant**: it is a convenience: what goes wrong here is found out again by the client, who
//! is told.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use proofmark_wire::startup::StartupMessage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Backend, Fit, Greeting, Opening, Past};
use crate::backend::{LoginError, connect, log_in};
use crate::shared::Shared;
use crate::stream::Stream;
use crate::{Granted, Upstream};

/// How long a login may take; whoever ends a lease waits for it.
const DEADLINE: Duration = Duration::from_secs(2);

/// Opens a backend for the next client of a lease, in the background.
pub(crate) fn open_ahead(shared: &Rc<Shared>, template: &str, at: &Granted) {
    let Some(mut startup) = shared.warm.last(template) else { return };
    startup.set("database", at.database.as_bytes());
    let Some(fit) = Fit::new(at, &startup) else { return };
    let Some(ahead) = shared.warm.begin(&fit) else { return };
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let past = Past { fit: fit.clone(), uses: 0, epoch: shared.warm.epoch() };
        let opened = tokio::time::timeout(DEADLINE, open(&startup, &fit.at)).await;
        if let Ok(Ok((server, greeting))) = opened {
            shared.warm.park(Backend { server, greeting, past });
        }
        drop(ahead);
    });
}

async fn open(
    startup: &StartupMessage,
    at: &Granted,
) -> Result<(Stream, Rc<Greeting>), LoginError> {
    let mut server = connect(&at.address).await?;
    let mut packet = Vec::with_capacity(256);
    startup.write(&mut packet);
    server.write_all(&packet).await?;
    let (user, password) = match &at.address {
        Upstream::Socket { .. } => ("", None),
        Upstream::Tcp { user, password, .. } => (user.as_str(), password.as_deref()),
    };
    let mut bytes = log_in(&mut server, user, password).await?;
    let mut opening = Opening::Coming(Vec::new());
    loop {
        opening.received(&bytes);
        if opening.is_over() {
            break;
        }
        bytes.clear();
        if server.read_buf(&mut bytes).await? == 0 {
            return Err(LoginError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    match opening {
        Opening::Known(greeting) => Ok((server, greeting)),
        _ => Err(LoginError::Unexpected),
    }
}
