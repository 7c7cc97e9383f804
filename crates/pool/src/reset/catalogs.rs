//! Explaining what was written to the catalogs.
//!
//! In: a slot in whose catalogs something was written. Out: nothing left of it but other files for
//! known relations, or the reason to give the slot up.
//!
//! A temporary table, a `TRUNCATE` and everything that is rolled back write to the catalogs and
//! leave them as they were. They did when no row is there that is newer than the baseline and none
//! is missing; in `pg_class` newer rows may be there when they say what the template's say, but for
//! the file and its size.
//!
//! **Invariant**: what is not understood is not explained away.

use std::collections::{BTreeSet, HashMap};

use super::detect::Dirty;
use super::pristine::{DESCRIBED, Pristine, rows_of};
use super::shape::{Kind, Shape, row};
use tokio_postgres::SimpleQueryRow;

use crate::lease::{LeaseError, literal};
use crate::slot::Inside;

/// What became of the catalogs.
#[derive(Debug)]
pub(crate) enum Explained {
    /// They are as before; the files of the slot's relations are these.
    As(HashMap<u32, u32>),
    /// They are not, for this reason.
    Not(String),
}

/// Explains the writes to `dirty.catalogs`, adding tables and sequences with other files.
pub(crate) async fn explain(
    inside: &Inside,
    shape: &Shape,
    pristine: &Pristine,
    dirty: &mut Dirty,
) -> Result<Explained, LeaseError> {
    if let Some(why) = grown(inside, shape, pristine, &dirty.catalogs).await? {
        return Ok(Explained::Not(why));
    }
    let files = files(inside).await?;
    for (file, oid) in &files {
        if inside.filenodes.get(file) == Some(oid) {
            continue;
        }
        let Some(relation) = shape.relations.get(&shape.whole(*oid)) else {
            return Ok(Explained::Not("a relation that the template does not have".to_owned()));
        };
        match relation.kind {
            Kind::Table => {
                dirty.rewritten.insert(shape.whole(*oid));
            }
            Kind::Catalog => return Ok(Explained::Not(format!("{relation} was rewritten"))),
            _ => {}
        }
        dirty.add(shape, *oid);
    }
    if files.len() != inside.filenodes.len() {
        return Ok(Explained::Not("a relation of the template is not there".to_owned()));
    }
    Ok(Explained::As(files))
}

/// The relations of the slot by their files.
pub(super) async fn files(inside: &Inside) -> Result<HashMap<u32, u32>, LeaseError> {
    let rows = inside
        .session
        .cached_query(
            "select coalesce(pg_relation_filenode(oid), 0)::oid, oid from pg_class \
              where relkind in ('r', 'i', 'S', 't', 'm') and not relisshared \
                and relpersistence <> 't'",
            &[],
        )
        .await
        .map_err(LeaseError::step("reading the catalogs of a returned database"))?;
    let files = rows.iter().map(|row| (row.get::<_, u32>(0), row.get(1)));
    Ok(files.filter(|(file, _)| *file != 0).collect())
}

/// The first of `catalogs` whose rows are not the template's.
async fn grown(
    inside: &Inside,
    shape: &Shape,
    pristine: &Pristine,
    catalogs: &BTreeSet<u32>,
) -> Result<Option<String>, LeaseError> {
    let step = LeaseError::step("reading the catalogs of a returned database");
    let counts = scan(inside, shape, catalogs).await.map_err(&step)?;
    for (oid, count, new) in counts {
        let relation = &shape.relations[&oid];
        if count != pristine.count(shape, oid).await? {
            return Ok(Some(format!("the test changed {relation}")));
        }
        if new > 0 && (relation.name != "pg_class" || !only_files(inside, pristine).await?) {
            return Ok(Some(format!("the test changed {relation}")));
        }
    }
    Ok(None)
}

/// The number of rows, and of those newer than the baseline, in each of `relations`.
pub(super) async fn scan(
    inside: &Inside,
    shape: &Shape,
    relations: impl IntoIterator<Item = &u32>,
) -> Result<Vec<(u32, i64, i64)>, tokio_postgres::Error> {
    let newer = newer_than(&literal(&inside.baseline.xid));
    let each: Vec<String> = relations
        .into_iter()
        .map(|oid| {
            let rows = rows_of(shape, *oid);
            format!("select {oid}, count(*), count(*) filter (where {newer}) {rows}")
        })
        .collect();
    if each.is_empty() {
        return Ok(Vec::new());
    }
    let answers = inside.session.simple_query(&each.join(" union all ")).await?;
    let number = |row: &SimpleQueryRow, place| {
        row.get(place).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1)
    };
    let numbers = answers.iter().filter_map(row).map(|row| {
        let oid = u32::try_from(number(row, 0)).unwrap_or_default();
        (oid, number(row, 1), number(row, 2))
    });
    Ok(numbers.collect())
}

/// Whether the newer rows of `pg_class` differ from the template's in nothing but their files.
async fn only_files(inside: &Inside, pristine: &Pristine) -> Result<bool, LeaseError> {
    let step = LeaseError::step("reading the catalogs of a returned database");
    let newer = format!(
        "select oid from pg_class where relpersistence <> 't' and {}",
        newer_than(&literal(&inside.baseline.xid))
    );
    let rows = inside.session.query(&newer, &[]).await.map_err(&step)?;
    let oids: Vec<u32> = rows.iter().map(|row| row.get(0)).collect();
    let rows = inside.session.cached_query(DESCRIBED, &[&oids]).await.map_err(&step)?;
    let now: HashMap<u32, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok(now == pristine.described(&oids).await?)
}

/// A condition for rows that are newer than the transaction `xid`, an expression.
///
/// What a row was frozen to does not matter: its `xmin` stays.
pub(crate) fn newer_than(xid: &str) -> String {
    format!("age(xmin) < age({xid}::xid)")
}
