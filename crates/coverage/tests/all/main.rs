//! What a coverage says of traces made by hand, and of one made with a real server.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its snapshots so")]

mod by_hand;
mod evidence;
mod made;
mod real_server;
mod shown;
