//! Counts what goes over the wire: statements and round trips.
//!
//! In: a server's socket. Out: another socket that leads to it, and [`Counts`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// What clients have sent.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Execute and Query messages.
    pub(crate) statements: AtomicU64,
    /// Query messages, and Sync and Flush after something else: the client waits for each. A Sync
    /// alone is the pool's question whether a connection that came back is still good, for which
    /// nobody waits.
    pub(crate) round_trips: AtomicU64,
}

impl Counts {
    pub(crate) fn take(&self) -> (u64, u64) {
        let taken = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        (taken(&self.statements), taken(&self.round_trips))
    }

    /// Counts whole messages at the beginning of `bytes` and gives the number of bytes counted.
    fn count(&self, bytes: &[u8]) -> usize {
        let (mut done, mut is_asked) = (0, false);
        while let Some(&[tag, a, b, c, d]) = bytes[done..].first_chunk::<5>() {
            let length = u32::from_be_bytes([a, b, c, d]) as usize + 1;
            if bytes.len() - done < length {
                break;
            }
            if matches!(tag, b'E' | b'Q') {
                self.statements.fetch_add(1, Ordering::Relaxed);
            }
            let waits = matches!(tag, b'S' | b'H');
            if tag == b'Q' || (waits && is_asked) {
                self.round_trips.fetch_add(1, Ordering::Relaxed);
            }
            is_asked = !waits;
            done += length;
        }
        done
    }
}

/// Opens a socket of the same name in `directory`, for as long as the runtime lives.
pub(crate) fn open(directory: &Path, server: PathBuf) -> anyhow::Result<Arc<Counts>> {
    let name = server.file_name().unwrap_or_default();
    let listener = UnixListener::bind(directory.join(name))?;
    let counts = Arc::new(Counts::default());
    let shared = Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, counts) = (server.clone(), Arc::clone(&shared));
            // A connection that breaks fails the statement that waits on it.
            tokio::spawn(async move { drop(relay(client, &server, &counts).await) });
        }
    });
    Ok(counts)
}

async fn relay(client: UnixStream, server: &Path, counts: &Counts) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = UnixStream::connect(server).await?.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut pending = Vec::new();
    let mut is_started = false;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from_client.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        to_server.write_all(&buffer[..read]).await?;
        if !is_started {
            // The startup message has no tag; sqlx sends it alone and waits.
            is_started = true;
            continue;
        }
        pending.extend_from_slice(&buffer[..read]);
        let counted = counts.count(&pending);
        pending.drain(..counted);
    }
    drop(to_server);
    back.await.map_err(std::io::Error::other)??;
    Ok(())
}
