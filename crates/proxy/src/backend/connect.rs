//! Opens a connection to a server.
//!
//! **Invariant**: it sends nothing.

use std::io;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use crate::Upstream;
use crate::stream::{Socket, Stream};

/// How long a server may take to answer a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// Connects to a server.
pub(crate) async fn connect(upstream: &Upstream) -> io::Result<Stream> {
    let connected = tokio::time::timeout(CONNECT_DEADLINE, open(upstream)).await;
    connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn open(upstream: &Upstream) -> io::Result<Stream> {
    match upstream {
        Upstream::Socket { directory, port } => {
            let path = directory.join(format!(".s.PGSQL.{port}"));
            let stream = UnixStream::connect(path).await?.into_std()?;
            Stream::new(Socket::Unix(stream))
        }
        Upstream::Tcp { host, port, .. } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            Stream::new(Socket::Tcp(stream.into_std()?))
        }
    }
}
