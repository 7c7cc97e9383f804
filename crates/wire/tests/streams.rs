//! Properties of the parts that see every byte of a session.

use proofmark_wire::startup::{Opening, Read, read_opening};
use proofmark_wire::{
    Interest, Outcome, Replies, Scanner, Strings, backend, frame, frontend, nth_statement,
    statement_shape,
};
use proptest::collection::vec;
use proptest::prelude::*;

static CLIENT: Interest = Replies::client_interest();
static SERVER: Interest = Replies::server_interest();

type Found = (u8, usize, Vec<u8>);

fn scan(interest: &'static Interest, chunks: &[&[u8]]) -> Vec<Found> {
    let mut scanner = Scanner::new(interest);
    let mut found = Vec::new();
    for chunk in chunks {
        scanner.feed(chunk, |message| {
            found.push((message.tag, message.body_length, message.body.to_vec()));
        });
    }
    found
}

/// Cuts `bytes` at these places, given as fractions of 65,536.
fn cut<'a>(bytes: &'a [u8], cuts: &[u16]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> =
        cuts.iter().map(|cut| bytes.len() * usize::from(*cut) / 65_536).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn stream(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (tag, body) in messages {
        frame(&mut bytes, *tag, |out| out.extend_from_slice(body));
    }
    bytes
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_messages(
        messages in vec((prop::sample::select(b"QPBEDCFSXdcfZ123nTtsIGE".to_vec()),
                         vec(any::<u8>(), 0..600)), 0..40),
        cuts in vec(any::<u16>(), 0..60),
    ) {
        let bytes = stream(&messages);
        for interest in [&CLIENT, &SERVER] {
            let whole = scan(interest, &[&bytes]);
            prop_assert_eq!(&scan(interest, &cut(&bytes, &cuts)), &whole);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(&scan(interest, &single), &whole);
        }
    }

    #[test]
    fn garbage_never_panics(
        client in vec(any::<u8>(), 0..2_000),
        server in vec(any::<u8>(), 0..2_000),
    ) {
        let mut replies = Replies::default();
        Scanner::new(&CLIENT).feed(&client, |message| replies.sent(message));
        Scanner::new(&SERVER).feed(&server, |message| { replies.received(message); });
    }

    #[test]
    fn any_order_of_messages_is_survived_and_a_quiet_end_is_reached(
        talk in vec((any::<bool>(), prop::sample::select(b"QPBEDCFScfZ123nTtsIGW".to_vec()),
                     vec(any::<u8>(), 0..20)), 0..300),
    ) {
        let (mut client, mut server) = (Scanner::new(&CLIENT), Scanner::new(&SERVER));
        let mut replies = Replies::default();
        for (from_client, tag, body) in &talk {
            let bytes = stream(&[(*tag, body.clone())]);
            if *from_client {
                client.feed(&bytes, |message| replies.sent(message));
            } else {
                server.feed(&bytes, |message| { replies.received(message); });
            }
        }
        for _ in 0..=talk.len() {
            server.feed(&stream(&[(b'Z', b"I".to_vec())]), |message| {
                replies.received(message);
            });
        }
        client.feed(&stream(&[(b'S', Vec::new()), (b'Q', b"known\0".to_vec())]), |message| {
            replies.sent(message);
        });
        server.feed(&stream(&[(b'Z', b"I".to_vec())]), |message| { replies.received(message); });
        let mut error = None;
        server.feed(&stream(&[(b'E', Vec::new())]), |message| {
            if let Outcome::Error { text, .. } = replies.received(message) {
                error = text;
            }
        });
        prop_assert_eq!(error.as_deref(), Some(&b"known"[..]));
    }

    #[test]
    fn bodies_of_garbage_never_panic(body in vec(any::<u8>(), 0..300)) {
        let _ = frontend::Parse::parse(&body);
        let _ = frontend::Parse::head(&body);
        let _ = frontend::Bind::parse(&body);
        let _ = frontend::Bind::head(&body);
        let _ = frontend::Execute::parse(&body);
        let _ = frontend::Describe::parse(&body);
        let _ = frontend::Close::parse(&body);
        let _ = frontend::Query::parse(&body);
        let _ = backend::Authentication::parse(&body);
        let _ = backend::BackendKeyData::parse(&body);
        let _ = backend::CommandComplete::parse(&body);
        let _ = backend::CopyResponse::parse(&body);
        let _ = backend::DataRow::parse(&body);
        let _ = backend::NegotiateProtocolVersion::parse(&body);
        let _ = backend::NotificationResponse::parse(&body);
        let _ = backend::ParameterStatus::parse(&body);
        let _ = backend::RowDescription::parse(&body);
        prop_assert!(backend::ErrorFields::new(&body).iter().count() <= body.len());
    }

    #[test]
    fn an_opening_never_takes_more_than_was_sent(bytes in vec(any::<u8>(), 0..100)) {
        match read_opening(&bytes) {
            Ok(Read::Whole(Opening::DirectTls, used)) => prop_assert_eq!(used, 0),
            Ok(Read::Whole(_, used)) => prop_assert!(used <= bytes.len()),
            Ok(Read::Needs(length)) => prop_assert!(length > bytes.len()),
            Err(_) => {}
        }
    }

    #[test]
    fn no_value_is_left_in_a_shape(
        before in "[a-z ]{0,20}",
        value in "[A-Z]{3,30}",
        behind in "[a-z ]{0,20}",
        quote in 0..6,
        end in any::<u16>(),
    ) {
        let literal = match quote {
            0 => format!("'{value}'"),
            1 => format!("e'\\'{value}'"),
            2 => format!("$${value}$$"),
            3 => format!("$t${value}$t$"),
            4 => format!("'a'\n'{value}'"),
            _ => format!("u&'{value}'"),
        };
        let sql = format!("{before} {literal} {behind}");
        let cut = &sql[..sql.len() * usize::from(end) / 65_535];
        for text in [sql.as_str(), cut] {
            let shape = statement_shape(text.as_bytes(), Strings::Standard);
            prop_assert!(!shape.contains(&value[..1]), "{shape}");
        }
    }

    #[test]
    fn shapes_and_splits_survive_garbage(sql in vec(any::<u8>(), 0..400), nth in 0_usize..5) {
        for strings in [Strings::Standard, Strings::Escaping] {
            let statement = nth_statement(&sql, nth, strings);
            prop_assert!(statement.len() <= sql.len());
            let shape = statement_shape(statement, strings);
            prop_assert!(shape.len() <= proofmark_wire::SHAPE_LENGTH_MAX);
        }
    }
}
