//! Opens the sockets that clients connect to, and accepts.
//!
//! In goes where to listen, out come connections, each in a task of its own.
//!
//! **Invariant**: only loopback and Unix sockets are ever opened.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use crate::Listen;
use crate::frontend::serve;
use crate::shared::Shared;
use crate::stream::{Socket, Stream};

/// How long to wait before accepting again when the machine is out of something.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Sockets that are open but not yet accepting.
#[derive(Debug)]
pub(crate) struct Listeners {
    tcp: Vec<TcpListener>,
    unix: Vec<UnixListener>,
    paths: Vec<PathBuf>,
    pub(crate) port: u16,
}

impl Listeners {
    /// Opens every socket.
    pub(crate) fn open(places: &[Listen]) -> io::Result<Self> {
        let mut listeners = Self { tcp: Vec::new(), unix: Vec::new(), paths: Vec::new(), port: 0 };
        for place in places {
            if let Listen::Loopback { port } = place {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port))?;
                listener.set_nonblocking(true)?;
                if listeners.port == 0 {
                    listeners.port = listener.local_addr()?.port();
                }
                listeners.tcp.push(listener);
            }
        }
        for place in places {
            if let Listen::Directory(directory) = place {
                let path = directory.join(format!(".s.PGSQL.{}", listeners.port));
                let listener = UnixListener::bind(&path)?;
                listeners.paths.push(path.clone());
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
                listener.set_nonblocking(true)?;
                listeners.unix.push(listener);
            }
        }
        Ok(listeners)
    }

    /// Accepts on every socket until the tasks are dropped.
    pub(crate) fn accept(&mut self, shared: &Rc<Shared>) -> io::Result<()> {
        for listener in std::mem::take(&mut self.tcp) {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::task::spawn_local(accept_tcp(listener, Rc::clone(shared)));
        }
        for listener in std::mem::take(&mut self.unix) {
            let listener = tokio::net::UnixListener::from_std(listener)?;
            tokio::task::spawn_local(accept_unix(listener, Rc::clone(shared)));
        }
        Ok(())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for path in &self.paths {
            // Somebody may have removed it first, which is what is wanted.
            drop(std::fs::remove_file(path));
        }
    }
}

async fn accept_tcp(listener: tokio::net::TcpListener, shared: Rc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A connection that is gone already will tell so when it is read.
                drop(stream.set_nodelay(true));
                spawn(&shared, stream.into_std().map(Socket::Tcp));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn accept_unix(listener: tokio::net::UnixListener, shared: Rc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => spawn(&shared, stream.into_std().map(Socket::Unix)),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Serves a connection in a task of its own.
fn spawn(shared: &Rc<Shared>, socket: io::Result<Socket>) {
    // A socket that cannot be watched cannot be told so either; it is closed.
    if let Ok(client) = socket.and_then(Stream::new) {
        tokio::task::spawn_local(serve(Rc::clone(shared), client));
    }
}
