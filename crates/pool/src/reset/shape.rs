//! What a copy of the template consists of.
//!
//! In: a fresh copy. Out: [`Shape`]: its relations, which file belongs to which, which tables have
//! rows, where its sequences stand.
//!
//! A copy keeps the numbers of the template's objects and files, so that one shape serves all
//! copies.
//!
//! **Invariant**: read once per pool, from a copy that no test has held; never changed.

use std::collections::{BTreeSet, HashMap};

use proofmark_catalog::COUNTING_SCHEMA;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::lease::{LeaseError, quote};
use crate::session::Session;

/// The first number that an object of a user's can have (`FirstNormalObjectId` in PostgreSQL's
/// `transam.h`).
const FIRST_NORMAL: u32 = 16384;

/// Seeds above this are not read into memory: a test that edits them gets its database replaced.
const SEED_BYTES_MAX: i64 = 4 << 20;

/// The shape of a template.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) relations: HashMap<u32, Relation>,
    pub(crate) filenodes: HashMap<u32, u32>,
    /// Tables whose changes are not in the WAL.
    pub(crate) unlogged: Vec<u32>,
    /// Sequences whose changes are not in the WAL.
    pub(crate) unlogged_sequences: Vec<u32>,
    /// All tables, also those of the catalog, for when the WAL cannot be asked.
    pub(crate) counted: Vec<u32>,
    pub(crate) sequences: HashMap<u32, Sequence>,
    /// Whether it is a copy that counts (deep mode).
    pub(crate) counts: bool,
    /// From a table to those whose foreign keys refer to it.
    referred: HashMap<u32, Vec<u32>>,
}

/// A relation that has a file.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) kind: Kind,
    /// Schema and name, as the report has them.
    pub(crate) schema: String,
    pub(crate) name: String,
    /// What it is part of: an index of its table, a TOAST table of its owner.
    part_of: u32,
    /// Bytes of rows, TOAST included.
    bytes: i64,
    /// Triggers or rules that fire whatever `session_replication_role` says.
    pub(crate) guarded: bool,
    unlogged: bool,
    /// Whether it can be read: a materialized view that was never filled refuses.
    populated: bool,
}

/// What a relation is to a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    /// A materialized view: what it contains is not the sum of its tables.
    Materialized,
    Sequence,
    /// An index or a TOAST table.
    Part,
    /// Of the catalog, or of `information_schema`.
    Catalog,
}

/// Where a sequence stands in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) last_value: String,
    pub(crate) is_called: bool,
}

const RELATIONS: &str = "\
    select c.oid, n.nspname::text, c.relname::text, c.relkind::text, \
           c.relpersistence = 'u', coalesce(pg_relation_filenode(c.oid), 0)::oid, \
           coalesce(i.indrelid, owner.oid, 0)::oid, \
           case when c.relkind in ('r', 'm') and c.oid >= 16384 \
                then pg_relation_size(c.oid) \
                     + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0) else 0 end, \
           exists (select from pg_trigger t \
                    where t.tgrelid = c.oid and t.tgenabled in ('A', 'R')) \
           or exists (select from pg_rewrite r where r.ev_class = c.oid \
                                                 and r.ev_type <> '1' and r.ev_enabled in ('A', 'R')), \
           c.relispopulated \
      from pg_class c join pg_namespace n on n.oid = c.relnamespace \
      left join pg_index i on i.indexrelid = c.oid \
      left join pg_class owner on owner.reltoastrelid = c.oid \
     where c.relkind in ('r', 'i', 'S', 't', 'm') and not c.relisshared";

impl Shape {
    /// Reads the shape of the database of `session`.
    pub(crate) async fn read(session: &Session) -> Result<Self, LeaseError> {
        let step = LeaseError::step("reading the shape of the template");
        let mut shape = Self {
            relations: HashMap::new(),
            filenodes: HashMap::new(),
            unlogged: Vec::new(),
            unlogged_sequences: Vec::new(),
            counted: Vec::new(),
            sequences: HashMap::new(),
            counts: false,
            referred: HashMap::new(),
        };
        for row in session.query(RELATIONS, &[]).await.map_err(&step)? {
            let oid: u32 = row.get(0);
            let relation = Relation {
                kind: kind(oid, row.get(3)),
                schema: row.get(1),
                name: row.get(2),
                part_of: row.get(6),
                bytes: row.get(7),
                guarded: row.get(8),
                unlogged: row.get(4),
                populated: row.get(9),
            };
            shape.add(oid, row.get(5), relation);
        }
        let keys = "select confrelid, conrelid from pg_constraint where contype = 'f'";
        for row in session.query(keys, &[]).await.map_err(&step)? {
            shape.referred.entry(row.get(0)).or_default().push(row.get(1));
        }
        let oids: Vec<u32> = shape.of_kind(Kind::Sequence).collect();
        shape.sequences = shape.standing(session, &oids).await.map_err(&step)?;
        Ok(shape)
    }

    fn add(&mut self, oid: u32, filenode: u32, relation: Relation) {
        if filenode != 0 {
            self.filenodes.insert(filenode, oid);
        }
        self.counts |= relation.is_counter();
        match relation.kind {
            Kind::Table | Kind::Materialized | Kind::Catalog => self.counted.push(oid),
            Kind::Sequence | Kind::Part => {}
        }
        match relation.kind {
            Kind::Table if relation.unlogged => self.unlogged.push(oid),
            Kind::Sequence if relation.unlogged => self.unlogged_sequences.push(oid),
            _ => {}
        }
        self.relations.insert(oid, relation);
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = u32> {
        self.relations.iter().filter(move |(_, one)| one.kind == kind).map(|(oid, _)| *oid)
    }

    /// Where the sequences `oids` stand in the database of `session`.
    pub(crate) async fn standing(
        &self,
        session: &Session,
        oids: &[u32],
    ) -> Result<HashMap<u32, Sequence>, tokio_postgres::Error> {
        if oids.is_empty() {
            return Ok(HashMap::new());
        }
        let each: Vec<String> = oids
            .iter()
            .map(|oid| {
                let name = self.relations[oid].quoted();
                format!("select {oid}, last_value, is_called from {name}")
            })
            .collect();
        let rows = session.simple_query(&each.join(" union all ")).await?;
        Ok(rows.iter().filter_map(row).filter_map(sequence).collect())
    }

    /// The table or sequence that `oid` is, or is a part of.
    pub(crate) fn whole(&self, mut oid: u32) -> u32 {
        while let Some(Relation { kind: Kind::Part, part_of, .. }) = self.relations.get(&oid) {
            oid = *part_of;
        }
        oid
    }

    /// Tables that `TRUNCATE` demands to be emptied together with `table`; none when one of them
    /// has seeds, or is not a plain table.
    pub(crate) fn emptied_with(&self, table: u32) -> Option<BTreeSet<u32>> {
        let mut all = BTreeSet::from([table]);
        let mut next = vec![table];
        while let Some(one) = next.pop() {
            for &referring in self.referred.get(&one).into_iter().flatten() {
                if all.insert(referring) {
                    next.push(referring);
                }
            }
        }
        let plain = |oid: &u32| {
            self.relations
                .get(oid)
                .is_some_and(|one| one.kind == Kind::Table && one.is_seedless() && !one.guarded)
        };
        all.iter().all(plain).then_some(all)
    }

    /// Whether there is something whose changes are not in the WAL.
    pub(crate) fn has_unlogged(&self) -> bool {
        !self.unlogged.is_empty() || !self.unlogged_sequences.is_empty()
    }

    pub(crate) fn is_catalog(&self, oid: u32) -> bool {
        self.relations.get(&oid).is_some_and(|one| one.kind == Kind::Catalog)
    }
}

impl Relation {
    /// The name in SQL.
    pub(crate) fn quoted(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }

    /// Whether it counts what became of a clause.
    pub(crate) fn is_counter(&self) -> bool {
        self.kind == Kind::Sequence && self.schema == COUNTING_SCHEMA
    }

    /// Whether the template has no row of it: its file is empty.
    pub(crate) fn is_seedless(&self) -> bool {
        self.bytes == 0
    }

    /// Whether its rows can be looked at, and are not too many for that.
    pub(crate) fn is_readable(&self) -> bool {
        self.populated && !self.is_large()
    }

    /// Whether its seeds are too many to be held in memory.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes > SEED_BYTES_MAX
    }
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

fn kind(oid: u32, relkind: &str) -> Kind {
    match relkind {
        "i" | "t" => Kind::Part,
        _ if oid < FIRST_NORMAL => Kind::Catalog,
        "S" => Kind::Sequence,
        "m" => Kind::Materialized,
        _ => Kind::Table,
    }
}

/// The row in a message, if it is one.
pub(crate) fn row(message: &SimpleQueryMessage) -> Option<&SimpleQueryRow> {
    match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    }
}

fn sequence(row: &SimpleQueryRow) -> Option<(u32, Sequence)> {
    let oid = row.get(0)?.parse().ok()?;
    let is_called = row.get(2)? == "t";
    Some((oid, Sequence { last_value: row.get(1)?.to_owned(), is_called }))
}
