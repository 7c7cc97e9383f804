//! Domains, their CHECKs and their NOT NULL.
//!
//! In: `pg_type` with typtype `d`, `pg_constraint` with a contypid. Out: domains and promises.
//!
//! **Invariant**: an error names the outermost domain together with the constraint of whichever
//! domain below it refused (`ExecEvalConstraintCheck`), so a promise is reported under every
//! domain that is built on its own.

use std::collections::BTreeMap;

use tokio_postgres::{Error, Row};

use super::Server;
use super::types::Used;
use crate::name::{PromiseId, TableName};
use crate::promise::{Deferrable, Promise, PromiseKind, ReportedAs};
use crate::table::{ColumnUse, Domain};

const DOMAINS: &str = "
SELECT t.oid, n.nspname, t.typname, t.typnotnull,
       format_type(t.typbasetype, t.typtypmod) AS base_type
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd'
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY n.nspname, t.typname";

/// contype `n` exists for domains from 17.
const CONSTRAINTS: &str = "
SELECT c.contypid, c.contype::text, c.conname, c.convalidated,
       pg_get_expr(c.conbin, 0) AS expression, pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c
WHERE c.contypid <> 0 AND c.contype IN ('c', 'n')
ORDER BY c.contypid, c.conname";

pub(super) async fn read(
    server: &Server<'_>,
    used: &Used,
) -> Result<(Vec<Domain>, Vec<Promise>), Error> {
    let mut domains = BTreeMap::new();
    for row in server.rows(DOMAINS).await? {
        let oid: u32 = row.try_get("oid")?;
        domains.insert(oid, domain(&row, used.columns(oid))?);
    }
    let mut promises = Vec::new();
    let mut not_null_names = BTreeMap::new();
    for row in server.rows(CONSTRAINTS).await? {
        let oid: u32 = row.try_get("contypid")?;
        let Some(domain) = domains.get(&oid) else { continue };
        if row.try_get::<_, &str>("contype")? == "n" {
            not_null_names.insert(oid, row.try_get::<_, String>("conname")?);
        } else {
            promises.push(check(&row, domain, &reporting(&domains, used, oid))?);
        }
    }
    for (oid, domain) in domains.iter().filter(|(_, domain)| domain.not_null) {
        let reporting = reporting(&domains, used, *oid);
        promises.push(not_null(domain, not_null_names.remove(oid), &reporting));
    }
    let mut domains: Vec<_> = domains.into_values().collect();
    domains.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((domains, promises))
}

fn domain(row: &Row, used_by: Vec<ColumnUse>) -> Result<Domain, Error> {
    Ok(Domain {
        name: TableName { schema: row.try_get("nspname")?, name: row.try_get("typname")? },
        base_type: row.try_get("base_type")?,
        not_null: row.try_get("typnotnull")?,
        used_by,
    })
}

/// The domain itself and all that are built on it.
fn reporting(domains: &BTreeMap<u32, Domain>, used: &Used, oid: u32) -> Vec<TableName> {
    std::iter::once(&oid)
        .chain(used.derived(oid))
        .filter_map(|oid| Some(domains.get(oid)?.name.clone()))
        .collect()
}

fn check(row: &Row, domain: &Domain, reporting: &[TableName]) -> Result<Promise, Error> {
    let name: String = row.try_get("conname")?;
    Ok(Promise {
        id: PromiseId::named(&domain.name, &name),
        kind: PromiseKind::DomainCheck,
        definition: row.try_get("definition")?,
        validated: row.try_get("convalidated")?,
        reported_as: reporting
            .iter()
            .map(|domain| ReportedAs::datatype(domain, Some(&name)))
            .collect(),
        expression: row.try_get("expression")?,
        name: Some(name),
        ..of_domain(domain)
    })
}

fn not_null(domain: &Domain, name: Option<String>, reporting: &[TableName]) -> Promise {
    Promise {
        id: PromiseId::domain_not_null(&domain.name),
        kind: PromiseKind::DomainNotNull,
        name,
        definition: "NOT NULL".to_owned(),
        reported_as: reporting.iter().map(|domain| ReportedAs::datatype(domain, None)).collect(),
        ..of_domain(domain)
    }
}

fn of_domain(domain: &Domain) -> Promise {
    Promise {
        id: PromiseId::domain_not_null(&domain.name),
        kind: PromiseKind::DomainNotNull,
        table: None,
        domain: Some(domain.name.clone()),
        name: None,
        columns: Vec::new(),
        definition: String::new(),
        deferrable: Deferrable::No,
        enforced: true,
        validated: true,
        reported_as: Vec::new(),
        expression: None,
        evaluated_by_writes_to: tables(&domain.used_by),
    }
}

/// The tables of some uses, each once.
pub(super) fn tables(uses: &[ColumnUse]) -> Vec<TableName> {
    let mut tables: Vec<TableName> = uses.iter().map(|column| column.table.clone()).collect();
    tables.sort();
    tables.dedup();
    tables
}
