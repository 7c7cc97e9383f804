//! Names and texts as SQL that a person likes to read.
//!
//! In: identifiers and texts as the server stores them. Out: SQL, quoted only where it must be.
//!
//! **Invariant:** what is not quoted means the same name on every supported major version.

use proofmark_catalog::TableName;
pub(super) use proofmark_catalog::literal;

/// Words that cannot stand unquoted as a column's or table's name in PostgreSQL 14 to 18: the
/// reserved ones of appendix C of its manual, with those reserved except as function or type.
const RESERVED: &str = "\
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check \
    collate collation column concurrently constraint create cross current_catalog current_date \
    current_role current_schema current_time current_timestamp current_user default deferrable \
    desc distinct do else end except false fetch for foreign freeze from full grant group having \
    ilike in initially inner intersect into is isnull join lateral leading left like limit \
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps \
    placing primary references returning right select session_user similar some symmetric \
    system_user table tablesample then to trailing true union unique user using variadic verbose \
    when where window with";

/// The identifier, quoted unless it is a plain lower-case word.
pub(crate) fn identifier(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.split_ascii_whitespace().any(|word| word == name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The schema and the name.
pub(crate) fn qualified(name: &TableName) -> String {
    format!("{}.{}", identifier(&name.schema), identifier(&name.name))
}
