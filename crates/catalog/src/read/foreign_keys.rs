//! Foreign keys with their actions.
//!
//! In: `pg_constraint` with contype `f`. Out: one promise per foreign key that was declared; what
//! the server made for partitions on either side is only one more way to report it.
//!
//! **Invariant**: an error names the referring table, also when a referred row is deleted.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::{Error, Row};

use super::relations::Relations;
use super::{Server, deferrable};
use crate::name::PromiseId;
use crate::promise::{
    Deferrable, ForeignKey, ForeignKeyAction, MatchType, Promise, PromiseKind, ReportedAs,
};

/// One row of the question.
struct Reference {
    parent: u32,
    table: u32,
    name: String,
    columns: Vec<i16>,
    referenced: u32,
    referenced_columns: Vec<i16>,
    on_delete: ForeignKeyAction,
    on_update: ForeignKeyAction,
    match_type: MatchType,
    set_columns: Vec<i16>,
    period: bool,
    definition: String,
    deferrable: Deferrable,
    validated: bool,
    enforced: bool,
}

pub(super) async fn read(
    server: &Server<'_>,
    relations: &Relations,
) -> Result<Vec<Promise>, Error> {
    let set_columns = server.since(15, "c.confdelsetcols", "NULL::int2[]");
    let period = server.since(18, "c.conperiod", "false");
    let enforced = server.since(18, "c.conenforced", "true");
    let sql = format!(
        "SELECT c.oid, c.conparentid, c.conrelid, c.conname, c.conkey, c.confrelid, c.confkey,
                c.confdeltype::text, c.confupdtype::text, c.confmatchtype::text,
                pg_get_constraintdef(c.oid) AS definition, c.condeferrable, c.condeferred,
                c.convalidated, {enforced} AS enforced, {period} AS period,
                {set_columns} AS set_columns
         FROM pg_constraint c
         WHERE c.contype = 'f'
         ORDER BY c.oid"
    );
    let mut references = BTreeMap::new();
    for row in server.rows(&sql).await? {
        references.insert(row.try_get::<_, u32>("oid")?, reference(&row)?);
    }
    Ok(fold(&references, relations))
}

fn reference(row: &Row) -> Result<Reference, Error> {
    Ok(Reference {
        parent: row.try_get("conparentid")?,
        table: row.try_get("conrelid")?,
        name: row.try_get("conname")?,
        columns: row.try_get("conkey")?,
        referenced: row.try_get("confrelid")?,
        referenced_columns: row.try_get("confkey")?,
        on_delete: action(row.try_get("confdeltype")?),
        on_update: action(row.try_get("confupdtype")?),
        match_type: match row.try_get("confmatchtype")? {
            "f" => MatchType::Full,
            _ => MatchType::Simple,
        },
        set_columns: row.try_get::<_, Option<_>>("set_columns")?.unwrap_or_default(),
        period: row.try_get("period")?,
        definition: row.try_get("definition")?,
        deferrable: deferrable(row)?,
        validated: row.try_get("convalidated")?,
        enforced: row.try_get("enforced")?,
    })
}

/// The letters of `pg_constraint.confdeltype`.
fn action(letter: &str) -> ForeignKeyAction {
    match letter {
        "r" => ForeignKeyAction::Restrict,
        "c" => ForeignKeyAction::Cascade,
        "n" => ForeignKeyAction::SetNull,
        "d" => ForeignKeyAction::SetDefault,
        _ => ForeignKeyAction::NoAction,
    }
}

fn fold(references: &BTreeMap<u32, Reference>, relations: &Relations) -> Vec<Promise> {
    let mut made_for_partitions: HashMap<u32, Vec<&Reference>> = HashMap::new();
    for (oid, reference) in references {
        let mut top = *oid;
        while let Some(parent) =
            references.get(&references[&top].parent).map(|_| references[&top].parent)
        {
            top = parent;
        }
        made_for_partitions.entry(top).or_default().push(reference);
    }
    references
        .iter()
        .filter_map(|(oid, reference)| promise(reference, made_for_partitions.get(oid)?, relations))
        .collect()
}

fn promise(
    reference: &Reference,
    reporting: &[&Reference],
    relations: &Relations,
) -> Option<Promise> {
    let relation = relations.get(reference.table)?;
    let referenced = relations.get(reference.referenced)?;
    Some(Promise {
        id: PromiseId::named(&relation.name, &reference.name),
        kind: PromiseKind::ForeignKey(ForeignKey {
            references: referenced.name.clone(),
            referenced_columns: referenced.column_names(&reference.referenced_columns),
            on_delete: reference.on_delete,
            on_update: reference.on_update,
            match_type: reference.match_type,
            set_columns: relation.column_names(&reference.set_columns),
            period: reference.period,
        }),
        table: Some(relation.name.clone()),
        domain: None,
        name: Some(reference.name.clone()),
        columns: relation.column_names(&reference.columns),
        definition: reference.definition.clone(),
        deferrable: reference.deferrable,
        enforced: reference.enforced,
        validated: reference.validated,
        reported_as: reporting
            .iter()
            .filter_map(|one| Some((&relations.get(one.table)?.name, &one.name)))
            .map(|(table, name)| ReportedAs::constraint(table, name))
            .collect(),
        expression: None,
        evaluated_by_writes_to: relations.landing(reference.table),
    })
}
