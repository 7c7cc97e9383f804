//! What is on a server besides the databases that are handed out.
//!
//! In: a session of the maintenance database. Out: a [`Snapshot`].
//!
//! Every test asks for the signature, which is cheap; what it stands for is read only when it has
//! changed.
//!
//! **Invariant**: no password and no hash of one is read.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, SimpleQueryMessage, Statement};

/// What a test can leave on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    // In the order in which they are removed: what depends on others first.
    Subscription,
    ReplicationSlot,
    Membership,
    ParameterPrivilege,
    DatabaseSetting,
    ServerSetting,
    Tablespace,
    Role,
    Database,
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "subscription" => Self::Subscription,
            "slot" => Self::ReplicationSlot,
            "member" => Self::Membership,
            "parameter" => Self::ParameterPrivilege,
            "setting" => Self::DatabaseSetting,
            "system" => Self::ServerSetting,
            "tablespace" => Self::Tablespace,
            "role" => Self::Role,
            "database" => Self::Database,
            _ => return None,
        })
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The database that it belongs to, where it belongs to one.
    pub(super) database: Option<String>,
}

/// Everything of that sort, each with its properties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<Thing, String>);

impl Snapshot {
    pub(super) fn get(&self, thing: &Thing) -> Option<&str> {
        self.0.get(thing).map(String::as_str)
    }

    /// What came, went or changed since `earlier`.
    pub(super) fn changed_since(&self, earlier: &Self) -> Vec<Thing> {
        let things: BTreeSet<&Thing> = self.0.keys().chain(earlier.0.keys()).collect();
        let changed = things.into_iter().filter(|thing| self.get(thing) != earlier.get(thing));
        changed.cloned().collect()
    }
}

/// The kind, the name, the properties, and the database it belongs to.
const EVERYTHING: &str = "\
    select 'role', rolname, \
           (to_jsonb(r) - 'oid' - 'rolpassword' \
            || jsonb_build_object('rolvaliduntil', coalesce(rolvaliduntil, 'infinity')))::text, \
           null \
      from pg_roles r where rolname !~ '^pg_' \
    union all select 'member', m.rolname || ' in ' || g.rolname, \
           jsonb_build_object('role', g.rolname, 'member', m.rolname, \
                              'admin', bool_or(a.admin_option))::text, null \
      from pg_auth_members a join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member \
     where m.rolname !~ '^pg_' group by g.rolname, m.rolname \
    union all select 'tablespace', spcname, '', null from pg_tablespace \
    union all select 'slot', slot_name, slot_type, database from pg_replication_slots \
     where not temporary \
    union all select 'subscription', subname, '', d.datname \
      from pg_subscription join pg_database d on d.oid = subdbid \
    union all select 'setting', coalesce(d.datname, 'every database') \
                                || coalesce(' for the role ' || r.rolname, ''), \
           jsonb_build_object('database', d.datname, 'role', r.rolname, 'config', setconfig)::text, \
           null \
      from pg_db_role_setting s left join pg_database d on d.oid = setdatabase \
      left join pg_roles r on r.oid = setrole \
     where (setdatabase <> 0 or setrole = 0) \
       and coalesce(not starts_with(d.datname::text, 'proofmark_'), true) \
    union all select 'database', datname, '', null from pg_database \
     where not starts_with(datname::text, 'proofmark_')";

/// What `ALTER SYSTEM` has set, for superusers.
const SYSTEM: &str = " union all select 'system', name, setting, null from pg_file_settings \
     where sourcefile ~ 'postgresql\\.auto\\.conf$'";

/// Privileges on settings, from version 15 on.
const PARAMETERS: &str =
    " union all select 'parameter', parname, paracl::text, null from pg_parameter_acl";

/// Row versions of the same catalogs in one row: while it is the same, nothing has changed.
const SIGNATURE: &str = "\
    select concat_ws(' ', \
      (select count(*) from pg_tablespace), \
      (select string_agg(slot_name, ' ') from pg_replication_slots where not temporary), \
      (select string_agg(subname, ' ') from pg_subscription), \
      (select count(*) || ':' || sum(hashtext(xmin::text)) from pg_auth_members), \
      (select count(*) || ':' || sum(hashtext(xmin::text)) from pg_database \
        where not starts_with(datname::text, 'proofmark_')), \
      (select count(*) || ':' || sum(hashtext(xmin::text)) from pg_db_role_setting \
        where setdatabase = 0 or setdatabase in \
              (select oid from pg_database where not starts_with(datname::text, 'proofmark_')))";

/// What is shared by all databases, but is in no table of the server and so not in the WAL, as an
/// expression; for superusers.
pub(crate) const OUTSIDE_THE_WAL: &str = "concat_ws(' ', \
    (select string_agg(s.slot_name::text, ' ') from pg_get_replication_slots() s \
      where not s.temporary), \
    (select modification || ':' || size from pg_stat_file('postgresql.auto.conf', true)))";

/// How to ask one server.
#[derive(Debug)]
pub(super) struct Questions {
    everything: String,
    signature: Statement,
}

impl Questions {
    /// What may be asked on this session; of what only a superuser may see, what can be seen.
    pub(super) async fn prepare(
        session: &Client,
        version_num: u32,
        is_superuser: bool,
    ) -> Result<Self, tokio_postgres::Error> {
        let (mut everything, mut signature) = (EVERYTHING.to_owned(), SIGNATURE.to_owned());
        if is_superuser {
            everything.push_str(SYSTEM);
            signature.push_str(
                ", (select count(*) || ':' || sum(hashtext(xmin::text)) from pg_authid), \
                 (select modification || ':' || size \
                    from pg_stat_file('postgresql.auto.conf', true))",
            );
        } else {
            signature.push_str(", (select string_agg(r::text, ' ') from pg_roles r)");
        }
        if version_num >= 150_000 {
            everything.push_str(PARAMETERS);
            signature.push_str(
                ", (select count(*) || ':' || sum(hashtext(xmin::text)) from pg_parameter_acl)",
            );
        }
        signature.push(')');
        Ok(Self { everything, signature: session.prepare(&signature).await? })
    }

    /// A text that is another one when something has changed.
    pub(super) async fn signature(
        &self,
        session: &Client,
    ) -> Result<String, tokio_postgres::Error> {
        Ok(session.query_one(&self.signature, &[]).await?.get(0))
    }

    /// Everything that there is.
    pub(super) async fn everything(
        &self,
        session: &Client,
    ) -> Result<Snapshot, tokio_postgres::Error> {
        let messages = session.simple_query(&self.everything).await?;
        let things = messages.into_iter().filter_map(|message| {
            let SimpleQueryMessage::Row(row) = message else { return None };
            let kind = Kind::parse(row.get(0)?)?;
            let name = row.get(1).unwrap_or_default().to_owned();
            let database = row.get(3).map(str::to_owned);
            Some((Thing { kind, name, database }, row.get(2).unwrap_or_default().to_owned()))
        });
        Ok(Snapshot(things.collect()))
    }
}
