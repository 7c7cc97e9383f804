//! Accepts the clients of one actor and moves bytes between them and the server.
//!
//! In go sockets, out go messages to a [`Session`].
//!
//! **Invariant**: encryption is declined, cancel requests are passed on, and the login is the
//! client's and the server's own affair.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::batch::Frames;
use super::control::Control;
use super::session::{Over, Session};
use super::state::Shared;
use super::step::Actor;
use crate::Upstream;
use crate::backend::{cancel, connect};
use crate::frontend::{Wanted, negotiate};
use crate::stream::{Socket, Stream};

/// What all tasks of the gate's thread share.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) shared: Arc<Shared>,
    pub(super) control: Rc<Control>,
    pub(super) upstream: Upstream,
}

/// Accepts until the task is dropped.
pub(super) async fn accept(local: Rc<Local>, listener: TcpListener, actor: Actor) {
    while let Ok((stream, _)) = listener.accept().await {
        // A connection that is gone already will tell so when it is read.
        drop(stream.set_nodelay(true));
        let client = stream.into_std().map(Socket::Tcp).and_then(Stream::new);
        if let Ok(client) = client {
            tokio::task::spawn_local(serve(Rc::clone(&local), client, actor));
        }
    }
}

async fn serve(local: Rc<Local>, mut client: Stream, actor: Actor) {
    match negotiate(&mut client).await {
        // The server closes the connection either way, and so do we.
        Ok(Wanted::Cancel(request)) => drop(cancel(&local.upstream, &request).await),
        Ok(Wanted::Session(startup, behind)) => {
            let mut first = Vec::new();
            startup.write(&mut first);
            let Ok(mut server) = connect(&local.upstream).await else { return };
            if server.write_all(&first).await.is_err() {
                return;
            }
            run(local, actor, client, server, behind).await;
        }
        Err(_) => {}
    }
}

async fn run(local: Rc<Local>, actor: Actor, client: Stream, server: Stream, behind: Vec<u8>) {
    let (commands, mut told) = tokio::sync::mpsc::unbounded_channel();
    let id = local.shared.change(|state| state.open(actor, commands));
    let shared = Arc::clone(&local.shared);
    let (mut of_client, to_client) = tokio::io::split(client);
    let (mut of_server, to_server) = tokio::io::split(server);
    let mut session = Session::new(local, (id, actor), to_client, to_server);
    let mut asked = Frames { buffer: behind };
    let mut answered = Frames::default();
    loop {
        let went = tokio::select! {
            read = of_client.read_buf(&mut asked.buffer) => {
                arrived(read, &mut asked, Side::Client, &mut session).await
            }
            read = of_server.read_buf(&mut answered.buffer) => {
                arrived(read, &mut answered, Side::Server, &mut session).await
            }
            Some(command) = told.recv() => session.command(command).await,
        };
        if went.is_err() {
            break;
        }
    }
    shared.change(|state| state.close(id));
}

enum Side {
    Client(super::batch::Frame),
    Server(super::batch::Frame),
}

/// Hands every whole message to the session.
async fn arrived(
    read: io::Result<usize>,
    frames: &mut Frames,
    side: impl Fn(super::batch::Frame) -> Side,
    session: &mut Session,
) -> Result<(), Over> {
    if read? == 0 {
        return Err(Over);
    }
    while let Some(message) = frames.next().map_err(|_| Over)? {
        match side(message) {
            Side::Client(message) => session.asked(message).await?,
            Side::Server(message) => session.heard(message).await?,
        }
    }
    Ok(())
}
