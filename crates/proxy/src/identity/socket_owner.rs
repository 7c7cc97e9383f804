//! Finds the user and the process at the other end of a loopback connection.
//!
//! In go the connection's two addresses, out come the other socket's user and inode, and the
//! process that has it open.
//!
//! **Invariant**: a socket is looked for only among the processes it is given.

use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The client's socket, as the system lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListedSocket {
    pub(super) uid: u32,
    pub(super) inode: u64,
}

/// The socket whose own address is `client` and whose peer is `proxy`.
pub(super) fn listed_socket(client: SocketAddr, proxy: SocketAddr) -> Option<ListedSocket> {
    #[cfg(target_os = "linux")]
    if let Some(socket) = super::sock_diag::ask(client, proxy) {
        return Some(socket);
    }
    in_tables(client, proxy)
}

/// The same, from the kernel's tables (proc_pid_net(5)), for where it cannot be asked.
fn in_tables(client: SocketAddr, proxy: SocketAddr) -> Option<ListedSocket> {
    ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().find_map(|path| {
        let table = super::proc_file::read(path)?;
        find(&String::from_utf8_lossy(&table), client, proxy)
    })
}

fn find(table: &str, client: SocketAddr, proxy: SocketAddr) -> Option<ListedSocket> {
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (local, remote) = (fields.nth(1)?, fields.next()?);
        if !(is_address(local, client) && is_address(remote, proxy)) {
            return None;
        }
        Some(ListedSocket {
            uid: fields.nth(4)?.parse().ok()?,
            inode: fields.nth(1)?.parse().ok()?,
        })
    })
}

/// Whether `0100007F:1538` (32-bit words in the machine's byte order, then the port) is `address`;
/// an IPv4 address may be listed as an IPv6 one that stands for it.
fn is_address(listed: &str, address: SocketAddr) -> bool {
    let Some((words, port)) = listed.split_once(':') else { return false };
    if u16::from_str_radix(port, 16) != Ok(address.port()) {
        return false;
    }
    let mut octets = [0; 16];
    let word_count = words.len() / 8;
    for (index, octets) in octets.chunks_exact_mut(4).take(word_count).enumerate() {
        let word = words.get(index * 8..index * 8 + 8).map(|word| u32::from_str_radix(word, 16));
        let Some(Ok(word)) = word else { return false };
        octets.copy_from_slice(&word.to_ne_bytes());
    }
    let listed = match word_count {
        1 => IpAddr::from([octets[0], octets[1], octets[2], octets[3]]),
        4 => Ipv6Addr::from(octets).to_canonical(),
        _ => return false,
    };
    listed == address.ip().to_canonical()
}

/// The first of these processes that has the socket open.
pub(super) fn owner(inode: u64, pids: impl IntoIterator<Item = u32>) -> Option<u32> {
    let wanted = format!("socket:[{inode}]");
    pids.into_iter().find(|pid| has_open(*pid, &wanted))
}

fn has_open(pid: u32, wanted: &str) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|descriptor| {
        fs::read_link(descriptor.path()).is_ok_and(|link| link.as_os_str() == wanted)
    })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn addresses_are_read_in_both_families() {
        let address: SocketAddr = "127.0.0.1:5432".parse().expect("an address");
        assert!(is_address("0100007F:1538", address));
        assert!(is_address("0000000000000000FFFF00000100007F:1538", address));
        assert!(!is_address("0100007F:1539", address));
        assert!(!is_address("0200007F:1538", address));
        assert!(!is_address("nonsense", address));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_other_end_of_a_connection_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = listener.local_addr().expect("a bound socket");
        let stream = TcpStream::connect(proxy).expect("it listens");
        let client = stream.local_addr().expect("a connected socket");
        let listed = in_tables(client, proxy).expect("it is listed");
        if let Some(asked) = super::super::sock_diag::ask(client, proxy) {
            assert_eq!(asked, listed);
        } else {
            println!("SKIPPED the kernel's own answer: sock_diag is not to be had here");
        }
        assert_eq!(listed_socket(client, proxy), Some(listed));
        assert_eq!(listed.uid, nix::unistd::geteuid().as_raw());
        assert_eq!(owner(listed.inode, [1, std::process::id()]), Some(std::process::id()));
        assert_eq!(owner(listed.inode, []), None);
    }
}
