//! Reading what a fingerprint is made of.
//!
//! In: a session inside a database, and the fingerprint of another copy, if there is one. Out: a
//! [`Fingerprint`].
//!
//! **Invariant**: reads only, in one transaction of its own that sees one state, with settings of
//! its own: whatever a test did to those of its database or role changes no text that is hashed.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio_postgres::Row;

use super::{Contents, Fingerprint, Position, Rows};
use crate::claim::is_mark;
use crate::lease::{LeaseError, literal, quote};
use crate::session::Session;

/// The first identifier that the server gives to an object of a user (`FirstNormalObjectId`).
const FIRST_OF_USER: i64 = 16_384;

/// A state to read and how to write it down, whatever is set for the database or the role.
const BEGIN: &str = "begin isolation level repeatable read, read only; \
     set local search_path = pg_catalog; set local row_security = off; \
     set local statement_timeout = 0; set local lock_timeout = 0; \
     set local datestyle = 'ISO, YMD'; set local intervalstyle = 'iso_8601'; \
     set local timezone = 'UTC'; set local bytea_output = 'hex'; \
     set local extra_float_digits = 1; set local xmlbinary = 'base64'; \
     set local lc_monetary = 'C'; set local quote_all_identifiers = off; \
     set local jit = off; set local max_parallel_workers_per_gather = 0";

/// What the cluster keeps about the database, in names and values.
const BELONGINGS: &str = "\
    with own as (select * from pg_database where datname = current_database()) \
    select 'belonging', null::bigint, null::bigint, what, value from ( \
    select 'setting ' || split_part(s, '=', 1) \
           || coalesce(' of role ' || r.rolname, ''), s \
      from own join pg_db_role_setting on setdatabase = own.oid \
      left join pg_roles r on r.oid = setrole, unnest(setconfig) s \
    union all select 'privileges on the database', datacl::text from own \
    union all select 'owner of the database', datdba::text from own \
    union all select 'tablespace of the database', dattablespace::text from own \
    union all select 'connection limit of the database', datconnlimit::text from own \
    union all select 'subscription ' || subname, subowner::text \
      from own join pg_subscription on subdbid = own.oid \
    union all select 'comment on the database', description \
      from own join pg_shdescription d \
        on d.objoid = own.oid and d.classoid = 'pg_database'::regclass \
    union all select 'owners and privileges of its objects', \
           count(*) || ' ' || sum(hashtextextended(row(classid, objid, objsubid, \
           refclassid, refobjid, deptype)::text collate \"C\", 0)) \
      from own join pg_shdepend on dbid = own.oid) as belongings (what, value)";

/// Catalogs whose content is the server's own business: what ANALYZE has counted.
const LEFT_OUT: [&str; 2] = ["pg_statistic", "pg_statistic_ext_data"];

/// Columns that the server changes by itself, or that say where and not what.
const MASKED: [(&str, &[&str]); 2] = [
    (
        "pg_class",
        &[
            "relpages",
            "reltuples",
            "relallvisible",
            "relallfrozen",
            "relfrozenxid",
            "relminmxid",
            "relfilenode",
            // True for as long as nobody has looked whether it still is (pg_class in the manual).
            "relhasindex",
            "relhasrules",
            "relhastriggers",
            "relhassubclass",
        ],
    ),
    ("pg_index", &["indcheckxmin"]),
];

/// Catalogs whose rows [`pg_describe_object`] can describe by their `oid`.
const DESCRIBED: [&str; 32] = [
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_conversion",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_language",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_rel",
    "pg_rewrite",
    "pg_statistic_ext",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_type",
    "pg_user_mapping",
];

/// Reads the database of `inside`; what has the same row versions as in `like` is taken from
/// there.
pub(super) async fn read(
    inside: &Session,
    like: Option<&Fingerprint>,
) -> Result<Fingerprint, LeaseError> {
    let step = LeaseError::step("comparing a database with the template");
    let read = whole(inside, like).await;
    let ended = inside.batch_execute("rollback").await;
    let read = read.map_err(&step)?;
    ended.map_err(&step)?;
    Ok(read)
}

/// In two round trips after the beginning where nothing is to be read that `like` has already.
/// What is the same from copy to copy is asked by prepared statements: to plan it takes longer
/// than to run it.
async fn whole(
    inside: &Session,
    like: Option<&Fingerprint>,
) -> Result<Fingerprint, tokio_postgres::Error> {
    inside.batch_execute(BEGIN).await?;
    let relations = relations(inside).await?;
    let with_rows = || relations.iter().filter(|one| one.kind != Kind::Sequence);
    let sequences = relations.iter().filter(|one| one.kind == Kind::Sequence);
    let first = [
        union(with_rows().filter(|one| one.kind == Kind::Catalog).map(|one| versions(one, like))),
        union(with_rows().filter(|one| one.is_table()).map(|one| versions(one, like))),
        union(sequences.map(position)),
        BELONGINGS.to_owned(),
        LATEST.to_owned(),
    ];
    let asked = first.iter().filter(|sql| !sql.is_empty());
    let mut found = Found::default();
    for rows in try_join_all(asked.map(|sql| inside.cached_query(sql, &[]))).await? {
        found.add(&rows);
    }
    let mut read = Fingerprint {
        belongings: found.belongings(),
        youngest: found.youngest(),
        ..Fingerprint::default()
    };
    let to_read: Vec<&Relation> = with_rows()
        .filter(|one| {
            let seen = found.versions.get(&one.place);
            !seen.is_some_and(|seen| take_known(one, seen, like, &mut read))
        })
        .collect();
    let tables = to_read.iter().copied().filter(|one| one.is_table());
    let catalogs = to_read.iter().copied().filter(|one| one.kind == Kind::Catalog);
    let mut second = vec![union(tables.map(content))];
    if to_read.iter().any(|one| one.kind == Kind::Catalog) {
        let columns = columns(inside).await?;
        // Where there is something to compare with, rows of the server's own are named as well.
        second.push(union(catalogs.map(|one| contents(one, &columns, like.is_some()))));
    }
    for sql in second.iter().filter(|sql| !sql.is_empty()) {
        found.add(&inside.query(sql, &[]).await?);
    }
    for one in &relations {
        found.put(one, &mut read);
    }
    Ok(read)
}

/// Takes from `like` what has the same row versions there; false where there is nothing to take.
fn take_known(
    one: &Relation,
    seen: &Versions,
    like: Option<&Fingerprint>,
    read: &mut Fingerprint,
) -> bool {
    let Some(like) = like else { return false };
    if seen.young > 0 {
        return false;
    }
    if one.kind == Kind::Catalog {
        let known = like.catalogs.get(&one.name).filter(|known| known.count == seen.count);
        let entry = known.map(|known| (one.name.clone(), Arc::clone(known)));
        let taken = entry.is_some();
        read.catalogs.extend(entry);
        return taken;
    }
    let known = like.tables.get(&one.name).filter(|known| known.count == seen.count);
    read.tables.extend(known.map(|known| (one.name.clone(), known.clone())));
    known.is_some()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    Materialized,
    Sequence,
    Catalog,
}

/// Something that has rows.
#[derive(Debug)]
struct Relation {
    /// A number by which answers are told apart.
    place: i64,
    kind: Kind,
    /// As SQL.
    quoted: String,
    /// As a fingerprint calls it.
    name: String,
}

impl Relation {
    fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Table | Kind::Materialized)
    }
}

/// The visible rows of a relation by the transactions that wrote them.
#[derive(Debug)]
struct Versions {
    count: i64,
    /// Rows that are younger than the youngest of the fingerprint to compare with; without one,
    /// the age of the youngest row.
    young: i64,
}

/// What the server has answered, by the relations' places.
#[derive(Debug, Default)]
struct Found {
    versions: BTreeMap<i64, Versions>,
    contents: BTreeMap<i64, (i64, String)>,
    positions: BTreeMap<i64, Position>,
    rows: BTreeMap<i64, Vec<(i64, Option<String>)>>,
    belongings: BTreeMap<String, String>,
    /// The age of the first transaction that any server has.
    age_of_first: i64,
}

impl Found {
    /// Takes rows in: what they are, the place of their relation, a number, two texts.
    fn add(&mut self, rows: &[Row]) {
        for row in rows {
            let place: i64 = row.get::<_, Option<i64>>(1).unwrap_or_default();
            let number: i64 = row.get::<_, Option<i64>>(2).unwrap_or_default();
            let first: Option<String> = row.get(3);
            let second: String = row.get::<_, Option<String>>(4).unwrap_or_default();
            match row.get(0) {
                "versions" => {
                    let young = second.parse().unwrap_or_default();
                    self.versions.insert(place, Versions { count: number, young });
                }
                "content" => {
                    self.contents.insert(place, (number, second));
                }
                "position" => {
                    let is_called = first.as_deref() == Some("true");
                    self.positions.insert(place, Position { last_value: second, is_called });
                }
                "row" => self.rows.entry(place).or_default().push((number, first)),
                "latest" => self.age_of_first = number,
                _ => {
                    self.belongings.insert(first.unwrap_or_default(), second);
                }
            }
        }
    }

    /// What the cluster keeps about the database, without the mark of our own.
    fn belongings(&mut self) -> BTreeMap<String, String> {
        let mut belongings = std::mem::take(&mut self.belongings);
        belongings.retain(|name, value| {
            !(name.starts_with("connection limit") && value.parse().is_ok_and(is_mark))
        });
        belongings
    }

    /// The youngest transaction that wrote a visible row, where ages were asked for. Transactions
    /// are counted in 32 bits and begin anew.
    fn youngest(&self) -> u32 {
        let age = self.versions.values().map(|versions| versions.young).min();
        let latest = self.age_of_first + FIRST_TRANSACTION;
        let number = (latest - age.unwrap_or(latest)).rem_euclid(1 << 32);
        u32::try_from(number).unwrap_or_default()
    }

    /// Moves what was read of `one` into `read`.
    fn put(&mut self, one: &Relation, read: &mut Fingerprint) {
        if let Some((count, content)) = self.contents.remove(&one.place) {
            read.tables.insert(one.name.clone(), Rows { count, content });
        } else if let Some(position) = self.positions.remove(&one.place) {
            read.sequences.insert(one.name.clone(), position);
        } else if let Some(Versions { count, .. }) = self.versions.remove(&one.place)
            && one.kind == Kind::Catalog
            && !read.catalogs.contains_key(&one.name)
        {
            let rows = self.rows.remove(&one.place).unwrap_or_default();
            read.catalogs.insert(one.name.clone(), Arc::new(Contents { count, rows }));
        }
    }
}

/// Reads what there is.
async fn relations(inside: &Session) -> Result<Vec<Relation>, tokio_postgres::Error> {
    let sql = "select n.nspname::text, c.relname::text, c.relkind::text, c.oid::bigint \
           from pg_class c join pg_namespace n on n.oid = c.relnamespace \
          where c.relkind in ('r', 'm', 'S') and c.relpersistence <> 't' and not c.relisshared \
            and (c.relkind <> 'm' or c.relispopulated)";
    let rows = inside.cached_query(sql, &[]).await?;
    let relations = rows.iter().map(|row| {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        let place: i64 = row.get(3);
        let (kind, what) = match row.get(2) {
            "S" => (Kind::Sequence, "sequence "),
            "m" => (Kind::Materialized, "materialized view "),
            _ if place < FIRST_OF_USER => (Kind::Catalog, ""),
            _ => (Kind::Table, "table "),
        };
        let shown = match kind {
            Kind::Catalog if schema == "pg_catalog" => name.clone(),
            _ => format!("{what}{schema}.{name}"),
        };
        let quoted = format!("{}.{}", quote(&schema), quote(&name));
        Relation { place, kind, quoted, name: shown }
    });
    let counted = |one: &Relation| !LEFT_OUT.contains(&one.name.as_str());
    Ok(relations.filter(counted).collect())
}

fn union(selects: impl Iterator<Item = String>) -> String {
    selects.collect::<Vec<_>>().join(" union all ")
}

/// The first transaction of a user (`FirstNormalTransactionId`).
const FIRST_TRANSACTION: i64 = 3;

/// The query for how many transactions there were.
const LATEST: &str = "select 'latest', null::bigint, age('3'::xid)::bigint, null::text, null::text";

/// The query for the row versions of a relation: how many, and how many of them are younger than
/// all in `like`, or else the age of the youngest.
fn versions(one: &Relation, like: Option<&Fingerprint>) -> String {
    let (place, from) = (one.place, &one.quoted);
    let young = like.map_or_else(
        || format!("coalesce(min(age(xmin)), {})", i32::MAX),
        |like| {
            let than = format!("(select age('{}'::xid))", like.youngest);
            format!("count(*) filter (where age(xmin) < {than})")
        },
    );
    format!(
        "select 'versions', {place}::bigint, count(*), null::text, {young}::text from only {from}"
    )
}

/// The query for the content of a table.
fn content(one: &Relation) -> String {
    let (place, from) = (one.place, &one.quoted);
    let sum = "sum(hashtextextended((t.*)::text collate \"C\", 0))::text";
    format!("select 'content', {place}::bigint, count(*), null::text, {sum} from only {from} t")
}

/// The query for where a sequence stands.
fn position(one: &Relation) -> String {
    let (place, from) = (one.place, &one.quoted);
    format!(
        "select 'position', {place}::bigint, null::bigint, is_called::text, last_value::text \
           from {from}"
    )
}

/// The columns of every catalog, by its quoted name, without those that are masked.
async fn columns(inside: &Session) -> Result<BTreeMap<String, Vec<String>>, tokio_postgres::Error> {
    let sql = format!(
        "select n.nspname::text, c.relname::text, a.attname::text \
           from pg_attribute a join pg_class c on c.oid = a.attrelid \
           join pg_namespace n on n.oid = c.relnamespace \
          where c.oid < {FIRST_OF_USER} and c.relkind = 'r' and a.attnum > 0 \
            and not a.attisdropped order by c.oid, a.attnum"
    );
    let rows = inside.cached_query(&sql, &[]).await?;
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let (schema, table, column): (String, String, String) =
            (row.get(0), row.get(1), row.get(2));
        let masked = MASKED.iter().find(|(name, _)| *name == table);
        if masked.is_some_and(|(_, columns)| columns.contains(&column.as_str())) {
            continue;
        }
        columns.entry(format!("{}.{}", quote(&schema), quote(&table))).or_default().push(column);
    }
    Ok(columns)
}

/// The query for the rows of one catalog: of each a hash, and the object that it describes.
fn contents(one: &Relation, columns: &BTreeMap<String, Vec<String>>, name_all: bool) -> String {
    let columns = columns.get(&one.quoted).into_iter().flatten();
    let row: Vec<String> = columns.map(|column| quote(column)).collect();
    let label = match describing(&one.name) {
        None => "null::text".to_owned(),
        Some((_, describe)) if name_all => describe,
        Some((key, describe)) => {
            format!("case when {key} >= {FIRST_OF_USER} then {describe} end")
        }
    };
    let only = match one.name.as_str() {
        // A temporary table leaves its schema behind, empty, for the next one.
        "pg_namespace" => " where nspname !~ '^pg_(toast_)?temp_'",
        _ => "",
    };
    let hash = format!("hashtextextended(row({})::text collate \"C\", 0)", row.join(", "));
    format!(
        "select 'row', {}::bigint, {hash}, {label}, null::text from {}{only}",
        one.place, one.quoted
    )
}

/// The column that says whose a row is, and the expression that names the object.
fn describing(catalog: &str) -> Option<(&'static str, String)> {
    let relation = |key: &'static str, prefix: &str, part: &str| {
        let describe = format!("pg_describe_object('pg_class'::regclass, {key}, {part})");
        (
            key,
            if prefix.is_empty() { describe } else { format!("{} || {describe}", literal(prefix)) },
        )
    };
    if DESCRIBED.contains(&catalog) {
        return Some(("oid", format!("pg_describe_object('{catalog}'::regclass, oid, 0)")));
    }
    Some(match catalog {
        "pg_attribute" => relation("attrelid", "", "attnum"),
        "pg_index" => relation("indexrelid", "", "0"),
        "pg_sequence" => relation("seqrelid", "", "0"),
        "pg_inherits" => relation("inhrelid", "", "0"),
        "pg_partitioned_table" => relation("partrelid", "", "0"),
        "pg_foreign_table" => relation("ftrelid", "", "0"),
        "pg_aggregate" => {
            let describe = "pg_describe_object('pg_proc'::regclass, aggfnoid, 0)";
            ("aggfnoid", describe.to_owned())
        }
        "pg_enum" => {
            let describe = "pg_describe_object('pg_type'::regclass, enumtypid, 0)";
            ("enumtypid", format!("'values of ' || {describe}"))
        }
        "pg_description" => {
            let describe = "pg_describe_object(classoid, objoid, objsubid)";
            ("objoid", format!("'comment on ' || {describe}"))
        }
        "pg_largeobject" => ("loid", "'large object ' || loid".to_owned()),
        "pg_largeobject_metadata" => ("oid", "'large object ' || oid".to_owned()),
        _ => return None,
    })
}
