//! A server to test with, and the little of the protocol that the tests need.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use proofmark_postgres::{
    Address, Cache, Image, Installation, Search, Server, ServerOptions, base_image, find,
};

/// The installation and the image that all tests of this process share.
pub(crate) fn base() -> &'static (Installation, Image) {
    static BASE: OnceLock<(Installation, Image)> = OnceLock::new();
    BASE.get_or_init(|| {
        let found = find(&Search::new()).expect("a PostgreSQL is found or fetched");
        let image = base_image(&found.installation, &Cache::user()).expect("initdb works");
        (found.installation, image)
    })
}

pub(crate) fn start(options: &ServerOptions) -> Server {
    let (installation, image) = base();
    Server::start(installation, image, options).expect("the server starts")
}

/// The first column of the answer to `sql`, or the message of the server's error.
pub(crate) fn query(address: &Address, sql: &str) -> Result<Vec<String>, String> {
    let mut stream = UnixStream::connect(address.socket()).map_err(|error| error.to_string())?;
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    body.extend_from_slice(format!("user\0{}\0database\0postgres\0\0", address.user).as_bytes());
    send(&mut stream, &[], &body)?;
    read_answer(&mut stream)?;
    send(&mut stream, b"Q", format!("{sql}\0").as_bytes())?;
    read_answer(&mut stream)
}

fn send(stream: &mut UnixStream, kind: &[u8], body: &[u8]) -> Result<(), String> {
    let mut bytes = kind.to_vec();
    bytes.extend(u32::try_from(body.len() + 4).expect("short").to_be_bytes());
    bytes.extend_from_slice(body);
    stream.write_all(&bytes).map_err(|error| error.to_string())
}

fn read_answer(stream: &mut UnixStream) -> Result<Vec<String>, String> {
    let (mut rows, mut failed) = (Vec::new(), None);
    loop {
        let mut head = [0_u8; 5];
        stream.read_exact(&mut head).map_err(|error| error.to_string())?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let mut body = vec![0_u8; length - 4];
        stream.read_exact(&mut body).map_err(|error| error.to_string())?;
        match head[0] {
            b'Z' => return failed.map_or(Ok(rows), Err),
            b'D' => {
                let size = usize::from(u16::from_be_bytes([body[4], body[5]]));
                rows.push(String::from_utf8_lossy(&body[6..6 + size]).into_owned());
            }
            b'E' => failed = Some(String::from_utf8_lossy(&body).replace('\0', " ")),
            _ => {}
        }
    }
}
