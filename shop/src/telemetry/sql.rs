//! Whose SQL it is: the id of the request reaches the server with the transaction that it begins.
//!
//! In: a [`Tag`], which lives as long as the task of a request. Out: what a transaction begins
//! with: `BEGIN; SET LOCAL application_name = 'shop <request id>' /*application='shop',...*/`.
//!
//! Both statements travel in one message, so no round trip is added, and statements inside of the
//! transaction stay as they are, so each is prepared once per connection. A comment with the
//! request's id on every statement would prepare and plan every statement of every request anew.
//! The name is `LOCAL`: commit and rollback take it back, also behind a pooler.
//!
//! What the server shows it in: `pg_stat_activity.application_name` while the transaction runs,
//! `%a` of `log_line_prefix` in every line that it logs for it (slow statements, waits for locks,
//! deadlocks), and the comment, in the form of sqlcommenter, where statements are logged.
//!
//! **Invariant**: only characters that need no quoting get into the SQL.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

tokio::task_local! {
    static TAG: Arc<Tag>;
}

/// Whose work a task does.
#[derive(Debug)]
pub struct Tag {
    /// What its transactions begin with.
    begin: String,
    /// How often a transaction was tried once more.
    retries: AtomicU64,
}

impl Tag {
    /// The tag of a request: its id, the pattern of its route, and the trace it belongs to.
    ///
    /// The id has the form that [`request`](super::request) accepts, and `traceparent` that of
    /// the W3C; whatever else is in them is left out.
    pub fn of_request(id: &str, route: &str, traceparent: Option<&str>) -> Self {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
        };
        let id = plain(id);
        let mut begin = format!(
            "BEGIN; SET LOCAL application_name = 'shop {id}' \
             /*application='shop',request_id='{id}',route='{}'",
            percent_encoded(route),
        );
        if let Some(traceparent) = traceparent {
            // A string takes all.
            let _ = write!(begin, ",traceparent='{}'", plain(traceparent));
        }
        begin.push_str("*/");
        Self { begin, retries: AtomicU64::new(0) }
    }

    /// How often a transaction of this request was tried once more.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }
}

/// What a URL may hold unescaped, and `%XX` for the rest: the values of sqlcommenter.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // A string takes all.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Runs a future whose transactions carry the tag.
pub async fn tagged<F: Future>(tag: Arc<Tag>, future: F) -> F::Output {
    TAG.scope(tag, future).await
}

/// A future that another task shall run, with the tag of this one.
pub fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let tag = TAG.try_with(Arc::clone).ok();
    async move {
        match tag {
            Some(tag) => tagged(tag, future).await,
            None => future.await,
        }
    }
}

/// Begins a transaction, with the tag of the task if it has one.
///
/// # Errors
/// No connection.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    match TAG.try_with(Arc::clone) {
        // Safe: the tag holds nothing but characters that need no quoting.
        Ok(tag) => pool.begin_with(AssertSqlSafe(tag.begin.clone())).await,
        Err(_) => pool.begin().await,
    }
}

/// Counts a transaction that is tried once more.
pub(crate) fn count_retry() {
    // A task without a tag is no request.
    let _ = TAG.try_with(|tag| tag.retries.fetch_add(1, Ordering::Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_in_the_form_of_sqlcommenter() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let tag = Tag::of_request("req-1", "/v1/carts/{cart}/lines", Some(trace));
        assert_eq!(
            tag.begin,
            "BEGIN; SET LOCAL application_name = 'shop req-1' /*application='shop',\
             request_id='req-1',route='%2Fv1%2Fcarts%2F%7Bcart%7D%2Flines',\
             traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/"
        );
    }

    #[test]
    fn nothing_in_a_tag_can_leave_its_quotes() {
        let nasty = "'; DROP TABLE cart; --*/\\\0";
        let tag = Tag::of_request(nasty, nasty, Some(nasty));
        assert_eq!(
            tag.begin,
            "BEGIN; SET LOCAL application_name = 'shop DROPTABLEcart--' /*application='shop',\
             request_id='DROPTABLEcart--',route='%27%3B%20DROP%20TABLE%20cart%3B%20--%2A%2F%5C%00',\
             traceparent='DROPTABLEcart--'*/"
        );
    }
}
