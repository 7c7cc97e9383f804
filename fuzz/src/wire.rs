//! A session's bytes, in both directions, and what is read out of them.
//!
//! In: bytes; the first says how the rest is cut. Out: a panic if the cut changes what is found, if
//! more is kept than was asked for, or if a reader takes more than there is.
//!
//! **Invariant:** every public reader of the wire crate is called.

use proofmark_wire::startup::{Opening, Read, read_opening};
use proofmark_wire::{
    Interest, Message, Replies, SHAPE_LENGTH_MAX, Scanner, Strings, backend, frontend,
    statement_shape, statements,
};

static CLIENT: Interest = Replies::client_interest();
static SERVER: Interest = Replies::server_interest();

/// Reads `bytes` as everything that a peer may send.
///
/// # Panics
/// If something does not hold that must hold whatever a peer sends.
pub fn wire(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    streams(usize::from(first), rest);
    opening(rest);
    bodies(rest);
    for strings in [Strings::Standard, Strings::Escaping] {
        text(rest, strings);
    }
}

fn streams(chunk: usize, bytes: &[u8]) {
    for interest in [&CLIENT, &SERVER] {
        let whole = found(interest, [bytes]);
        assert_eq!(whole, found(interest, bytes.chunks(chunk + 1)), "cut into {}", chunk + 1);
        let sum: usize = whole.iter().map(|(_, _, body)| body.len() + 5).sum();
        assert!(sum <= bytes.len(), "more was found than was sent");
    }
    let (client, server) = bytes.split_at(bytes.len() * chunk / 256);
    let mut replies = Replies::default();
    Scanner::new(&CLIENT).feed(client, |message| replies.sent(message));
    Scanner::new(&SERVER).feed(server, |message| {
        replies.received(message);
    });
    let _: (bool, u64) = (replies.will_be_ready(), replies.statements());
}

type Found = Vec<(u8, usize, Vec<u8>)>;

fn found<'a>(interest: &'static Interest, chunks: impl IntoIterator<Item = &'a [u8]>) -> Found {
    let mut scanner = Scanner::new(interest);
    let mut found = Vec::new();
    for chunk in chunks {
        scanner.feed(chunk, |Message { tag, body_length, body }| {
            assert!(body.len() <= body_length, "a body longer than its message");
            found.push((tag, body_length, body.to_vec()));
        });
    }
    found
}

fn opening(bytes: &[u8]) {
    match read_opening(bytes) {
        Ok(Read::Whole(Opening::DirectTls, used)) => assert_eq!(used, 0),
        Ok(Read::Whole(_, used)) => assert!(used <= bytes.len(), "took more than there is"),
        Ok(Read::Needs(length)) => assert!(length > bytes.len(), "asks for what it has"),
        Err(_) => {}
    }
}

fn bodies(body: &[u8]) {
    let _ = frontend::Parse::parse(body);
    let _ = frontend::Parse::head(body);
    let _ = frontend::Bind::parse(body);
    let _ = frontend::Bind::head(body);
    let _ = frontend::Execute::parse(body);
    let _ = frontend::Describe::parse(body);
    let _ = frontend::Close::parse(body);
    let _ = frontend::Query::parse(body);
    let _ = backend::Authentication::parse(body);
    let _ = backend::BackendKeyData::parse(body);
    let _ = backend::CommandComplete::parse(body);
    let _ = backend::CopyResponse::parse(body);
    let _ = backend::DataRow::parse(body);
    let _ = backend::NegotiateProtocolVersion::parse(body);
    let _ = backend::NotificationResponse::parse(body);
    let _ = backend::ParameterStatus::parse(body);
    let _ = backend::ReadyForQuery::parse(body);
    let _ = backend::RowDescription::parse(body);
    assert!(backend::ErrorFields::new(body).iter().count() <= body.len());
}

fn text(sql: &[u8], strings: Strings) {
    assert!(statement_shape(sql, strings).len() <= SHAPE_LENGTH_MAX, "a shape that is too long");
    let lengths = statements(sql, strings).map(<[u8]>::len);
    assert!(lengths.sum::<usize>() <= sql.len(), "statements longer than their text");
}
