//! Asks the kernel for one socket, which takes microseconds however many there are.
//!
//! In go a connection's two addresses, out come the socket's user and inode. The kernel's tables
//! in `/proc/net` say the same but are read whole, and a suite that opens many connections leaves
//! thousands of closed ones in them.
//!
//! Source of the layouts: `linux/netlink.h`, `linux/inet_diag.h`; sock_diag(7).
//!
//! **Invariant**: an answer that is not understood is no answer.

use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd;

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};

use super::socket_owner::ListedSocket;

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const AF_INET: u8 = 2;
const IPPROTO_TCP: u8 = 6;
/// Length of the netlink header.
const HEADER: usize = 16;
/// Offsets of the user and the inode in the answer behind the header.
const UID: usize = 64;
const INODE: usize = 68;

/// The socket whose own address is `client` and whose peer is `proxy`, both IPv4.
pub(super) fn ask(client: SocketAddr, proxy: SocketAddr) -> Option<ListedSocket> {
    let (SocketAddr::V4(client), SocketAddr::V4(proxy)) = (client, proxy) else { return None };
    let netlink = socket(
        AddressFamily::Netlink,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    )
    .ok()?;
    let kernel = NetlinkAddr::new(0, 0);
    sendto(netlink.as_raw_fd(), &request(client, proxy), &kernel, MsgFlags::empty()).ok()?;
    // The kernel answers before it returns from the request.
    let mut answer = [0; 512];
    let length = recv(netlink.as_raw_fd(), &mut answer, MsgFlags::MSG_DONTWAIT).ok()?;
    read(&answer[..length])
}

/// A request for exactly one socket.
fn request(client: SocketAddrV4, proxy: SocketAddrV4) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72);
    bytes.extend_from_slice(&72_u32.to_ne_bytes());
    bytes.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&[AF_INET, IPPROTO_TCP, 0, 0]);
    // Any state.
    bytes.extend_from_slice(&u32::MAX.to_ne_bytes());
    bytes.extend_from_slice(&client.port().to_be_bytes());
    bytes.extend_from_slice(&proxy.port().to_be_bytes());
    for address in [client, proxy] {
        bytes.extend_from_slice(&address.ip().octets());
        bytes.extend_from_slice(&[0; 12]);
    }
    // Any interface, no cookie.
    bytes.extend_from_slice(&0_u32.to_ne_bytes());
    bytes.extend_from_slice(&[0xff; 8]);
    bytes
}

fn read(answer: &[u8]) -> Option<ListedSocket> {
    let (header, body) = answer.split_at_checked(HEADER)?;
    if header[4..6] != SOCK_DIAG_BY_FAMILY.to_ne_bytes() {
        return None;
    }
    let word = |offset: usize| {
        let bytes = body.get(offset..offset + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let (uid, inode) = (word(UID)?, word(INODE)?);
    // A socket that has been closed has no inode.
    (inode != 0).then(|| ListedSocket { uid, inode: u64::from(inode) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_has_the_length_it_says() {
        let address = "127.0.0.1:5432".parse().expect("an address");
        let request = request(address, address);
        assert_eq!(request.len(), 72);
        assert_eq!(request[..4], 72_u32.to_ne_bytes());
    }

    #[test]
    fn an_error_or_a_short_answer_is_no_answer() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0; 100]), None);
        let mut short = [0; HEADER + UID];
        short[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        assert_eq!(read(&short), None);
    }
}
