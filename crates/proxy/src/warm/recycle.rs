//! Makes a backend that its client has left like one that was just opened.
//!
//! **Invariant**: what comes out well has no transaction, no temporary table, no prepared
//! statement, cursor, lock, listener or sequence value of its last client, every setting that the
//! server tells has the value of its start, and its statistics are written.

use std::collections::BTreeMap;

use proofmark_wire::backend::ParameterStatus;
use proofmark_wire::frontend::Query;

use super::exchange::exchange;
use super::greeting::{Greeting, seed};
use crate::stream::Stream;

/// The first version whose statistics can be written at once.
const FLUSH_SINCE: u32 = 15;

/// Settings that a client was told of since its greeting.
pub(crate) type Settings = BTreeMap<Vec<u8>, Vec<u8>>;

/// Whether a server of this version writes a backend's statistics when it is recycled.
pub(super) fn is_flushed(greeting: &Greeting) -> bool {
    greeting.server_major() >= FLUSH_SINCE
}

/// Recycles an idle backend; whether that went well.
pub(crate) async fn recycle(
    server: &mut Stream,
    greeting: &Greeting,
    mut settings: Settings,
    is_in_transaction: bool,
) -> bool {
    let mut bytes = Vec::with_capacity(256);
    let mut query = |text: &str| Query { text: text.as_bytes() }.write(&mut bytes);
    if is_in_transaction {
        query("ROLLBACK");
    }
    query("DISCARD ALL");
    // DISCARD ALL forgets a role that came with the startup message, and leaves the seed of
    // random() as it is.
    let seed = seed();
    if is_flushed(greeting) {
        query(&format!(
            "RESET ROLE; \
             SELECT pg_catalog.setseed({seed}), pg_catalog.pg_stat_force_next_flush()"
        ));
    } else {
        query(&format!("RESET ROLE; SELECT pg_catalog.setseed({seed})"));
    }
    let readies = if is_in_transaction { 3 } else { 2 };
    let asked = exchange(server, &bytes, readies, |body| {
        if let Ok(status) = ParameterStatus::parse(body) {
            settings.insert(status.name.to_vec(), status.value.to_vec());
        }
    });
    asked.await.is_ok() && settings.iter().all(|(name, value)| greeting.is_setting(name, value))
}
