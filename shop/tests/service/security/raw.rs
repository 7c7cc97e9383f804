//! Bytes on a connection, as no client library would send them.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What a service answered to bytes, until it closed the connection or said nothing more.
#[derive(Debug)]
pub struct Heard {
    pub text: String,
    /// Whether the service closed the connection.
    pub closed: bool,
}

impl Heard {
    /// How many answers there were.
    pub fn answers(&self) -> usize {
        self.text.matches("HTTP/1.1 ").count()
    }

    /// The status of the first answer; 0 when there is none.
    pub fn status(&self) -> u16 {
        self.text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
    }
}

/// Sends bytes, followed by an end of what is sent, and hears what comes back.
pub async fn say(url: &str, bytes: &[u8]) -> Heard {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The service may close before it has read everything: what it answered is still to be read.
    drop(stream.write_all(bytes).await);
    drop(stream.shutdown().await);
    let mut heard = Vec::new();
    // The connection was ended by us, so the service ends it as well: no timing is involved, the
    // limit only keeps a service that does not from holding up the test.
    let read = tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut heard)).await;
    Heard { text: String::from_utf8_lossy(&heard).into_owned(), closed: read.is_ok() }
}
