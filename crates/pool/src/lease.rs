//! One isolated database: how it is named, made and dropped.
//!
//! In: a maintenance session and a template. Out: a [`Lease`].
//!
//! **Invariant**: makes and drops single databases; how many, and when, is the pool's business.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

pub(crate) use proofmark_catalog::literal;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::session::ConnectError;

/// Why a `write!` of ours is no error.
const NEVER: &str = "writing to a String cannot fail";

/// How long a database's last connections may take to leave before they are ended.
const LEAVING: Duration = Duration::from_secs(2);

/// An isolated database, held by one test.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Its real name on the server.
    pub database: String,
    /// The name that the suite knows it by.
    pub of: String,
}

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// No connection.
    #[error("no database could be copied from the template")]
    Connect(#[from] ConnectError),
    /// The server refused to copy.
    #[error("copying the template `{template}` failed")]
    Copy {
        /// The template's real name.
        template: String,
        /// The driver's word.
        source: tokio_postgres::Error,
    },
    /// Something around a lease failed.
    #[error("{step} failed")]
    Step {
        /// What was being done.
        step: &'static str,
        /// The driver's word.
        source: tokio_postgres::Error,
    },
    /// A background task reported this before.
    #[error("copying the template failed: {0}")]
    Earlier(String),
    /// This database is not out.
    #[error("a lease came back that was not out")]
    NotOut,
    /// The pool has been closed.
    #[error("no database is handed out any more: the run is ending")]
    Closed,
}

impl LeaseError {
    /// For `map_err` on a statement of ours.
    pub(crate) fn step(step: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |source| Self::Step { step, source }
    }
}

/// An error with its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// An error for a trace, which has no place for what the server says about rows: of its own errors
/// the code and the constraint.
pub(crate) fn told(error: &LeaseError) -> String {
    let LeaseError::Step { step, source } = error else { return chain(error) };
    let Some(refused) = source.as_db_error() else { return chain(error) };
    let constraint = refused.constraint().map(|name| format!(" by `{name}`")).unwrap_or_default();
    format!("{step} failed: the server refused with {}{constraint}", refused.code().code())
}

/// `name` as an SQL identifier.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The start of `name` in at most `bytes` bytes, without what drivers would have to encode.
pub(crate) fn shortened(name: &str, bytes: usize) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
        .take(bytes)
        .collect()
}

/// Statements that a copy needs because `CREATE DATABASE ... TEMPLATE` does not carry them:
/// `ALTER DATABASE ... SET` and privileges on the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Belongings {
    settings: Vec<(Option<String>, String, String)>,
    privileges: Option<String>,
}

impl Belongings {
    /// Reads those of `template`.
    pub(crate) async fn read(client: &Client, template: &str) -> Result<Self, LeaseError> {
        let failed = LeaseError::step("reading the template's settings");
        let settings = client
            .query(
                "select r.rolname::text, split_part(s.setting, '=', 1), \
                        substr(s.setting, strpos(s.setting, '=') + 1) \
                   from pg_db_role_setting d \
                   join pg_database b on b.oid = d.setdatabase \
                   left join pg_roles r on r.oid = d.setrole, \
                        unnest(d.setconfig) with ordinality s(setting, place) \
                  where b.datname = $1 order by r.rolname nulls first, s.place",
                &[&template],
            )
            .await
            .map_err(&failed)?;
        let privileges = client
            .query_opt(
                "select datacl::text from pg_database where datname = $1 and datacl is not null",
                &[&template],
            )
            .await
            .map_err(&failed)?;
        Ok(Self {
            settings: settings.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect(),
            privileges: privileges.map(|row| row.get(0)),
        })
    }

    /// The statements that give them to `database`; empty when there are none.
    fn statements(&self, database: &str) -> String {
        let quoted = quote(database);
        let mut sql = String::new();
        for (role, name, value) in &self.settings {
            let value = setting_value(name, value);
            let whose = match role {
                Some(role) => format!("role {} in database {quoted}", quote(role)),
                None => format!("database {quoted}"),
            };
            write!(sql, "alter {whose} set {name} to {value};").expect(NEVER);
        }
        if let Some(privileges) = &self.privileges {
            write!(sql, "revoke all on database {quoted} from public;").expect(NEVER);
            sql.push_str(&grants(privileges, &quoted));
        }
        sql
    }
}

/// List-valued settings (`search_path`) are stored as they are written after `TO`.
pub(crate) fn setting_value(name: &str, value: &str) -> String {
    let listed = matches!(
        name,
        "search_path"
            | "temp_tablespaces"
            | "session_preload_libraries"
            | "local_preload_libraries"
            | "datestyle"
            | "DateStyle"
    );
    if listed && !value.is_empty() { value.to_owned() } else { literal(value) }
}

/// `{=Tc/owner,role=CTc/owner}` as GRANT statements on `quoted`.
fn grants(acl: &str, quoted: &str) -> String {
    let mut sql = String::new();
    for item in acl.trim_matches(['{', '}']).split(',') {
        let item = item.trim_matches('"').replace("\\\"", "\"");
        let Some((grantee, rest)) = item.rsplit_once('=') else { continue };
        let granted = rest.split('/').next().unwrap_or_default();
        let role = match grantee {
            "" => "public".to_owned(),
            name if name.starts_with('"') => name.to_owned(),
            name => quote(name),
        };
        let mut letters = granted.chars().peekable();
        while let Some(letter) = letters.next() {
            let privilege = match letter {
                'C' => "create",
                'T' => "temporary",
                'c' => "connect",
                _ => continue,
            };
            let option = if letters.peek() == Some(&'*') { " with grant option" } else { "" };
            write!(sql, "grant {privilege} on database {quoted} to {role}{option};").expect(NEVER);
        }
    }
    sql
}

/// Copies `template` into a new database called `name`, with `mark` as its connection limit.
pub(crate) async fn copy(
    client: &Client,
    version_num: u32,
    template: &str,
    name: &str,
    mark: Option<i32>,
    belongings: &Belongings,
) -> Result<(), LeaseError> {
    // Copying files costs less than writing their content to the WAL; the choice exists from 15,
    // before that it is the only way.
    let strategy = if version_num >= 150_000 { " strategy file_copy" } else { "" };
    let limit = mark.map(|mark| format!(" connection limit {mark}")).unwrap_or_default();
    let (new, from) = (quote(name), quote(template));
    let sql = format!("create database {new} template {from}{strategy}{limit}");
    client
        .batch_execute(&sql)
        .await
        .map_err(|source| LeaseError::Copy { template: template.to_owned(), source })?;
    let statements = belongings.statements(name);
    if !statements.is_empty() {
        client
            .batch_execute(&statements)
            .await
            .map_err(LeaseError::step("copying the template's settings"))?;
    }
    Ok(())
}

/// Waits until nobody is connected to `database`; a client that stays is ended by the server.
pub(crate) async fn wait_until_empty(
    client: &Client,
    database: &str,
) -> Result<(), tokio_postgres::Error> {
    let begun = Instant::now();
    let mut asked = false;
    loop {
        let row = client
            .query_one(
                "select count(*) from pg_stat_activity \
                  where datname = $1 and pid <> pg_backend_pid()",
                &[&database],
            )
            .await?;
        if row.get::<_, i64>(0) == 0 || begun.elapsed() > LEAVING * 2 {
            return Ok(());
        }
        if !asked && begun.elapsed() > LEAVING {
            asked = true;
            client
                .execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity \
                      where datname = $1 and pid <> pg_backend_pid()",
                    &[&database],
                )
                .await?;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Drops `database`. The gentle way first: `WITH (FORCE)` sleeps for 100 ms in the server whenever
/// somebody is still connected.
pub(crate) async fn drop_database(
    client: &Client,
    database: &str,
) -> Result<(), tokio_postgres::Error> {
    let quoted = quote(database);
    for _ in 0..20 {
        match client.batch_execute(&format!("drop database if exists {quoted}")).await {
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            done => return done,
        }
    }
    client.batch_execute(&format!("drop database if exists {quoted} with (force)")).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(quote("a\"b"), "\"a\"\"b\"");
        assert_eq!(shortened("my-shop äö", 8), "my_shop_");
    }

    #[test]
    fn privileges_become_grants() {
        assert_eq!(
            grants("{=T/postgres,app=CTc*/postgres,\"\\\"odd role\\\"=c/postgres\"}", "\"d\""),
            "grant temporary on database \"d\" to public;\
             grant create on database \"d\" to \"app\";\
             grant temporary on database \"d\" to \"app\";\
             grant connect on database \"d\" to \"app\" with grant option;\
             grant connect on database \"d\" to \"odd role\";"
        );
    }
}
