//! The corpus, replayed, and with some bytes changed, by every `cargo test`.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

/// Changed copies of each file.
const CHANGED: u32 = 32;
/// The larger files are for libFuzzer; here they would only take time.
const CHANGED_LENGTH_MAX: usize = 20_000;

fn replay(name: &str, judge: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("a readable file");
        files += 1;
        judge(&bytes);
        if bytes.is_empty() || bytes.len() > CHANGED_LENGTH_MAX {
            continue;
        }
        let changes = vec((any::<u16>(), any::<u8>()), 1..6);
        let config = Config { cases: CHANGED, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&changes, |changes| {
            let mut bytes = bytes.clone();
            for (place, byte) in changes {
                let place = usize::from(place) % bytes.len();
                bytes[place] = byte;
            }
            judge(&bytes);
            Ok(())
        });
        outcome.expect("it holds for every change");
    }
    assert!(files > 0, "{} is empty", folder.display());
}

#[test]
fn what_a_peer_sends_breaks_nothing() {
    replay("wire", crate::wire);
}

#[test]
fn what_stands_in_a_file_breaks_nothing() {
    replay("trace", crate::trace);
}
