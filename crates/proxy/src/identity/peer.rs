//! Who is at the other end of a connection: the user, and the process.
//!
//! In goes a socket, out comes [`Peer`].
//!
//! **Invariant**: over TCP a process is looked for among the command's descendants first; the
//! rest of the machine is searched only when it is not there.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;

#[cfg(target_os = "linux")]
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

use super::process_table::ProcessTable;
use super::socket_owner::{listed_socket, owner};
use crate::stream::{Socket, Stream};

/// Processes that connected last; a pool of connections comes from one of them.
const RECENT_MAX: usize = 8;

/// The client's end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) user: PeerUser,
    pub(crate) pid: Option<u32>,
}

/// Whose the client's end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerUser {
    /// This user's.
    Known(u32),
    /// The system does not say (no `/proc`).
    Unknown,
}

/// Processes that connected last.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<u32>);

impl Recent {
    fn remember(&mut self, pid: u32) {
        self.0.retain(|known| *known != pid);
        self.0.push_front(pid);
        self.0.truncate(RECENT_MAX);
    }
}

/// Finds out who connected.
pub(crate) fn peer(stream: &Stream, table: &mut ProcessTable, root: Option<u32>) -> Peer {
    match stream.socket() {
        Socket::Unix(socket) => by_credentials(socket),
        Socket::Tcp(stream) => {
            let listed = match (stream.peer_addr(), stream.local_addr()) {
                (Ok(client), Ok(proxy)) => listed_socket(client, proxy),
                _ => None,
            };
            let Some(listed) = listed else { return Peer { user: PeerUser::Unknown, pid: None } };
            let pid = find_owner(listed.inode, table, root);
            Peer { user: PeerUser::Known(listed.uid), pid }
        }
    }
}

#[cfg(target_os = "linux")]
fn by_credentials(socket: &UnixStream) -> Peer {
    match getsockopt(socket, PeerCredentials) {
        Ok(credentials) => Peer {
            user: PeerUser::Known(credentials.uid()),
            // 0 is a process outside of this one's view.
            pid: u32::try_from(credentials.pid()).ok().filter(|pid| *pid != 0),
        },
        Err(_) => Peer { user: PeerUser::Unknown, pid: None },
    }
}

#[cfg(not(target_os = "linux"))]
fn by_credentials(socket: &UnixStream) -> Peer {
    match nix::unistd::getpeereid(socket) {
        Ok((uid, _)) => Peer { user: PeerUser::Known(uid.as_raw()), pid: None },
        Err(_) => Peer { user: PeerUser::Unknown, pid: None },
    }
}

fn find_owner(inode: u64, table: &mut ProcessTable, root: Option<u32>) -> Option<u32> {
    let recent: Vec<u32> = table.recent.0.iter().copied().collect();
    let pid = owner(inode, recent).or_else(|| {
        table.refresh();
        let below_root = root.map(|root| table.descendants(root)).unwrap_or_default();
        owner(inode, below_root).or_else(|| owner(inode, table.newest_first()))
    })?;
    table.recent.remember(pid);
    Some(pid)
}
