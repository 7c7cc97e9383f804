//! Dropping databases off everybody's path.
//!
//! In: names. Out: nothing by those names on the server any more.
//!
//! **Invariant**: drops what it is told to, one at a time, and ends whoever is still connected.

use tokio::sync::mpsc;

use crate::lease::{LeaseError, drop_database};
use crate::session::Session;
use crate::target::Target;

/// Drops what arrives until nobody can send any more.
pub(crate) async fn drop_all(
    target: Target,
    mut databases: mpsc::UnboundedReceiver<String>,
) -> Result<(), LeaseError> {
    let mut open: Option<Session> = None;
    let mut first_failure = None;
    while let Some(database) = databases.recv().await {
        let session = match open.take() {
            Some(session) if !session.is_closed() => session,
            _ => match Session::open(target.maintenance()).await {
                Ok(session) => session,
                Err(error) => {
                    first_failure.get_or_insert(LeaseError::Connect(error));
                    continue;
                }
            },
        };
        let ended = session
            .cached_query(
                "select pg_terminate_backend(a.pid) from pg_stat_get_activity(null) a \
                   join pg_database d on d.oid = a.datid where d.datname = $1",
                &[&database],
            )
            .await;
        let dropped = match ended {
            Ok(_) => drop_database(&session, &database).await,
            Err(error) => Err(error),
        };
        if let Err(source) = dropped {
            first_failure.get_or_insert(LeaseError::Step { step: "dropping a database", source });
        }
        open = Some(session);
    }
    first_failure.map_or(Ok(()), Err)
}
