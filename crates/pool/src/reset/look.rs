//! The one question about a database whose test has ended.
//!
//! In: a session in the maintenance database. Out: [`Look`]: who is still connected, what is
//! prepared, what the server knows of the database, and which of its files were changed.
//!
//! Three statements, sent in one go and answered in this order: who is there; a record that is
//! flushed; the WAL up to it. So whatever was written by those who had left when the first was
//! answered is in the third.
//!
//! **Invariant**: needs no connection to the database, changes nothing in it.

use std::time::{Duration, Instant};

use super::detect::wal;
use tokio_postgres::types::ToSql;

use crate::cluster::OUTSIDE_THE_WAL;
use crate::lease::LeaseError;
use crate::session::Session;
use crate::slot::Inside;

/// How long clients may take to leave before they are ended, and before that is given up.
const LEAVING: Duration = Duration::from_secs(2);

/// Questions asked in a row before there is a pause between them: leaving takes a millisecond.
const AT_ONCE: u32 = 4;

/// What the server says about a database.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Clients that are still there.
    pub(crate) others: i64,
    /// Prepared transactions.
    pub(crate) prepared: Vec<String>,
    /// Its row in `pg_database` and its settings; none when the database is gone.
    pub(crate) belongings: Option<String>,
    /// Its files that were changed since the baseline; none when the WAL does not tell.
    pub(crate) files: Option<Vec<u32>>,
    /// What all databases share and the WAL does not have, where it is known that of what the WAL
    /// does have nothing was changed since the baseline.
    pub(crate) quiet: Option<String>,
}

/// Asking for every column of every backend takes longer than all the rest, and is done only when
/// somebody is there who may be a worker of autovacuum.
const LOOK: &str = "\
    select case when exists (select from pg_stat_get_backend_idset() b \
                              where pg_stat_get_backend_dbid(b) = $1 \
                                and not pg_stat_get_backend_pid(b) = any($2)) \
                then (select count(*) from pg_stat_get_activity(null) a \
                       where a.datid = $1 and not a.pid = any($2) \
                         and a.backend_type <> 'autovacuum worker') \
                else 0 end, \
           array(select p.gid from pg_prepared_xact() p where p.dbid = $1 order by 1), \
           (select row(d.datname, d.datdba, d.datallowconn, d.datistemplate, d.datconnlimit, \
                       d.dattablespace, d.datacl, \
                       (select s.description from pg_shdescription s \
                         where s.objoid = d.oid and s.classoid = 'pg_database'::regclass), \
                       array(select row(s.setrole, s.setconfig)::text from pg_db_role_setting s \
                              where s.setdatabase = d.oid order by s.setrole))::text \
              from pg_database d where d.oid = $1), \
           ";

/// Looks at the slot's database; `wal` says whether its files are to be asked for.
pub(crate) async fn look(
    control: &Session,
    version_num: u32,
    inside: &Inside,
    known: &[i32],
    wal: bool,
) -> Result<Look, LeaseError> {
    let about: [&(dyn ToSql + Sync); 2] = [&inside.oid, &known];
    let sql = format!("{LOOK}{OUTSIDE_THE_WAL}");
    let asked = control.cached_query(&sql, &about);
    let (rows, changed) = if wal {
        let changed = wal::changed(control, version_num, inside.oid, inside.baseline.lsn);
        futures_util::future::join(asked, changed).await
    } else {
        (asked.await, None)
    };
    let rows = rows.map_err(LeaseError::step("looking at a returned database"))?;
    let Some(row) = rows.first() else { return Ok(Look::default()) };
    let quiet = changed.as_ref().filter(|changed| !changed.shared).map(|_| row.get(3));
    Ok(Look {
        others: row.get(0),
        prepared: row.get(1),
        belongings: row.get(2),
        files: changed.map(|changed| changed.files),
        quiet,
    })
}

/// The same once nobody but `known` is connected; a client that stays is ended by the server.
/// None when it does not even leave then.
pub(crate) async fn look_when_left(
    control: &Session,
    version_num: u32,
    inside: &Inside,
    known: &[i32],
    wal: bool,
) -> Result<Option<Look>, LeaseError> {
    let begun = Instant::now();
    let mut asked = 0;
    let mut ended = false;
    loop {
        let seen = look(control, version_num, inside, known, wal).await?;
        if seen.others == 0 {
            return Ok(Some(seen));
        }
        if begun.elapsed() > LEAVING * 2 {
            return Ok(None);
        }
        if !ended && begun.elapsed() > LEAVING {
            ended = true;
            end_clients(control, inside.oid, known).await?;
        }
        asked += 1;
        if asked > AT_ONCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Ends whoever is connected to `database`, but for `known`.
pub(crate) async fn end_clients(
    control: &Session,
    database: u32,
    known: &[i32],
) -> Result<(), LeaseError> {
    control
        .cached_query(
            "select pg_terminate_backend(a.pid) from pg_stat_get_activity(null) a \
              where a.datid = $1 and not a.pid = any($2)",
            &[&database, &known],
        )
        .await
        .map_err(LeaseError::step("ending the clients of a returned database"))?;
    Ok(())
}
