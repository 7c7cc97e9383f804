//! A value that a column of some type could hold.
//!
//! In: a type's name as the catalog prints it, and which of several different values is wanted.
//! Out: an SQL expression.
//!
//! **Invariant:** the value fits the type; whether it fits the table's rules is not known here.

use proofmark_catalog::Catalog;

use super::identifier::literal;

/// A plausible value; another `n` gives another value, where the type has several.
pub(super) fn plausible(catalog: &Catalog, type_name: &str, n: u32) -> String {
    if type_name.ends_with("[]") {
        return "'{}'".to_owned();
    }
    if let Some(labels) = catalog.enums.iter().find(|e| names(&e.name, type_name)) {
        let last = labels.labels.len().saturating_sub(1);
        let nth = (n as usize).saturating_sub(1).min(last);
        return labels.labels.get(nth).map_or_else(|| "null".to_owned(), |label| literal(label));
    }
    if let Some(domain) = catalog.domains.iter().find(|d| names(&d.name, type_name)) {
        return plausible(catalog, &domain.base_type, n);
    }
    let base = type_name.split('(').next().unwrap_or(type_name).trim();
    let base = base.rsplit_once('.').map_or(base, |(_, name)| name);
    match base {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "money" => {
            n.to_string()
        }
        "boolean" => if n == 1 { "true" } else { "false" }.to_owned(),
        "uuid" => format!("'00000000-0000-0000-0000-{n:012}'"),
        "date" => format!("date '2026-01-{n:02}'"),
        "interval" => format!("interval '{n} day'"),
        "json" | "jsonb" => "'{}'".to_owned(),
        "bytea" => format!(r"'\x{n:02x}'"),
        "inet" | "cidr" => format!("'192.0.2.{n}'"),
        "int4range" | "int8range" | "numrange" => format!("'[{n},{})'", n + 1),
        "daterange" | "tsrange" | "tstzrange" => {
            format!("'[2026-01-{n:02},2026-01-{:02})'", n + 1)
        }
        "text" | "character varying" | "character" | "citext" | "bpchar" | "name" => {
            let letter = char::from_u32('a' as u32 + (n.max(1) - 1) % 26).unwrap_or('a');
            format!("'{letter}'")
        }
        // `timestamp(3) with time zone`: the modifier stands in the middle.
        _ if type_name.starts_with("timestamp") => format!("timestamp '2026-01-{n:02} 12:00'"),
        _ if type_name.starts_with("time") => format!("time '{:02}:00'", n % 24),
        _ => format!("null::{type_name}"),
    }
}

/// A key that no row is likely to have.
pub(super) fn absent(catalog: &Catalog, type_name: &str) -> String {
    match plausible(catalog, type_name, 1).as_str() {
        "1" => "-1".to_owned(),
        "'a'" => "'no such key'".to_owned(),
        value if value.starts_with("'00000000-") => {
            "'00000000-0000-0000-0000-000000000000'".to_owned()
        }
        value => value.to_owned(),
    }
}

/// The catalog prints a type of a schema qualified, quoted where it must be.
fn names(name: &proofmark_catalog::TableName, type_name: &str) -> bool {
    let plain = type_name.replace('"', "");
    plain == format!("{}.{}", name.schema, name.name)
        || (name.schema == "public" && plain == name.name)
}
