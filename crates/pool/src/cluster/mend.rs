//! Putting the rest of a server back to how it was at the first look.
//!
//! In: what came or changed, and whose tests have all come back. Out: the same server without it.
//!
//! **Invariant**: a step that the server refuses (a role that still owns something, a tablespace
//! that is not empty) is tried again when the next database comes back; nothing is forced.

use serde_json::Value;

use super::Seen;
use super::snapshot::{Kind, Thing};
use crate::lease::{LeaseError, literal, quote, setting_value};
use crate::session::Session;
use crate::target::Target;

/// Attributes of a role: the column of `pg_roles`, and the word that gives or takes it.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("rolsuper", "superuser"),
    ("rolinherit", "inherit"),
    ("rolcreaterole", "createrole"),
    ("rolcreatedb", "createdb"),
    ("rolcanlogin", "login"),
    ("rolreplication", "replication"),
    ("rolbypassrls", "bypassrls"),
];

/// Mends what nobody that is still out can need. `from` is the database that has come back, where
/// it does not stay as it is: what a new role owns there is given up with it.
pub(super) async fn mend(
    target: &Target,
    seen: &mut Seen,
    from: Option<&str>,
) -> Result<(), LeaseError> {
    let due: Vec<Thing> = seen
        .pending
        .iter()
        .filter(|(_, still_out)| still_out.is_empty())
        .map(|(thing, _)| thing.clone())
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    let mut refused = Vec::new();
    let mut reload = false;
    for thing in due {
        let (before, now) = (seen.first.get(&thing), seen.last.get(&thing));
        if before == now || !one(target, seen, &thing, from).await? {
            refused.extend((before != now).then(|| thing.clone()));
        } else {
            reload |= thing.kind == Kind::ServerSetting;
        }
        seen.pending.remove(&thing);
    }
    let step = LeaseError::step("putting back what tests share on the server");
    if reload {
        seen.session.batch_execute("select pg_reload_conf()").await.map_err(&step)?;
    }
    seen.last = seen.questions.everything(&seen.session).await.map_err(&step)?;
    seen.signature = seen.questions.signature(&seen.session).await.map_err(&step)?;
    for thing in refused {
        seen.pending.insert(thing, std::collections::BTreeSet::new());
    }
    Ok(())
}

/// Mends one thing; false where the server refused.
async fn one(
    target: &Target,
    seen: &Seen,
    thing: &Thing,
    from: Option<&str>,
) -> Result<bool, LeaseError> {
    let (before, now) = (seen.first.get(thing), seen.last.get(thing));
    let name = quote(&thing.name);
    let statements = match (thing.kind, before, now) {
        (Kind::Subscription, None, Some(_)) => {
            let Some(database) = &thing.database else { return Ok(false) };
            let statements = [
                format!("alter subscription {name} disable"),
                format!("alter subscription {name} set (slot_name = none)"),
                format!("drop subscription {name}"),
            ];
            return inside(target, database, &statements).await;
        }
        (Kind::ReplicationSlot, None, Some(_)) => {
            let name = literal(&thing.name);
            vec![
                format!(
                    "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots \
                      where slot_name = {name} and active_pid is not null"
                ),
                format!("select pg_drop_replication_slot({name})"),
            ]
        }
        (Kind::Membership, before, now) => membership(before, now),
        (Kind::DatabaseSetting, before, now) => setting(before, now),
        (Kind::ServerSetting, Some(before), _) => {
            vec![format!("alter system set {name} to {}", setting_value(&thing.name, before))]
        }
        (Kind::ServerSetting, None, _) => vec![format!("alter system reset {name}")],
        (Kind::Tablespace, None, Some(_)) => vec![format!("drop tablespace {name}")],
        (Kind::Role, None, Some(_)) => return drop_role(target, seen, &name, from).await,
        (Kind::Role, Some(before), now) => role(&name, before, now.is_some()),
        // Tools use their databases for longer than a test; the rest cannot be made again.
        _ => return Ok(true),
    };
    Ok(accepted(&seen.session, &statements).await)
}

/// Runs statements one by one, because some must not be in a transaction; false at the first that
/// is refused.
async fn accepted(session: &Session, statements: &[String]) -> bool {
    for statement in statements {
        if session.batch_execute(statement).await.is_err() {
            return false;
        }
    }
    true
}

async fn inside(
    target: &Target,
    database: &str,
    statements: &[String],
) -> Result<bool, LeaseError> {
    let session = Session::open(&target.config(database)).await?;
    let done = accepted(&session, statements).await;
    session.close().await;
    Ok(done)
}

async fn drop_role(
    target: &Target,
    seen: &Seen,
    name: &str,
    from: Option<&str>,
) -> Result<bool, LeaseError> {
    let drop = [format!("drop role {name}")];
    if accepted(&seen.session, &drop).await {
        return Ok(true);
    }
    let Some(database) = from else { return Ok(false) };
    let there = seen
        .session
        .query_opt("select from pg_database where datname = $1", &[&database])
        .await
        .map_err(LeaseError::step("putting back what tests share on the server"))?;
    if there.is_some() {
        inside(target, database, &[format!("drop owned by {name} cascade")]).await?;
    }
    Ok(accepted(&seen.session, &drop).await)
}

fn parsed(properties: Option<&str>) -> Value {
    properties.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

fn membership(before: Option<&str>, now: Option<&str>) -> Vec<String> {
    let either = parsed(before.or(now));
    let word = |key: &str| quote(either[key].as_str().unwrap_or_default());
    let (role, member) = (word("role"), word("member"));
    let mut statements = vec![format!("revoke {role} from {member}")];
    if before.is_some() {
        let admin = if either["admin"] == true { " with admin option" } else { "" };
        statements.push(format!("grant {role} to {member}{admin}"));
    }
    statements
}

/// The settings of a database, of a role in it, or of all roles.
fn setting(before: Option<&str>, now: Option<&str>) -> Vec<String> {
    let either = parsed(before.or(now));
    let database = either["database"].as_str().map(quote);
    let whose = match (either["role"].as_str(), database) {
        (Some(role), Some(database)) => format!("role {} in database {database}", quote(role)),
        (None, Some(database)) => format!("database {database}"),
        (_, None) => "role all".to_owned(),
    };
    set_again(&whose, &parsed(before)["config"])
}

fn set_again(whose: &str, config: &Value) -> Vec<String> {
    let entries = config.as_array().into_iter().flatten().filter_map(Value::as_str);
    let set = entries.filter_map(|entry| {
        let (name, value) = entry.split_once('=')?;
        Some(format!("alter {whose} set {} to {}", quote(name), setting_value(name, value)))
    });
    std::iter::once(format!("alter {whose} reset all")).chain(set).collect()
}

/// A role as it was; one that was dropped owned nothing, or it could not have been.
fn role(name: &str, before: &str, exists: bool) -> Vec<String> {
    let before = parsed(Some(before));
    let create = (!exists).then(|| format!("create role {name}"));
    let words: Vec<String> = ATTRIBUTES
        .iter()
        .map(|(column, word)| format!("{}{word}", if before[column] == true { "" } else { "no" }))
        .collect();
    let limit = before["rolconnlimit"].as_i64().unwrap_or(-1);
    let until = literal(before["rolvaliduntil"].as_str().unwrap_or("infinity"));
    let words = words.join(" ");
    let alter = format!("alter role {name} {words} connection limit {limit} valid until {until}");
    let settings = set_again(&format!("role {name}"), &before["rolconfig"]);
    create.into_iter().chain([alter]).chain(settings).collect()
}
