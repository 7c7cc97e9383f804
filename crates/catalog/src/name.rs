//! Names: of a relation, and the stable text address of a promise.
//!
//! In: identifiers as the server stores them (already folded). Out: addresses that a person can
//! read and type. Main types: [`TableName`], [`PromiseId`].
//!
//! **Invariant**: an address depends on names only, never on object ids, on the server's version
//! or on the order in which things were created.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A schema-qualified name: of a table, and also of a domain or an enum.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema, as the server stores it.
    pub schema: String,
    /// The name inside of the schema, as the server stores it.
    pub name: String,
}

impl TableName {
    /// The name `schema.name`.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// The name as SQL, both parts quoted.
    pub fn to_sql(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", address_part(&self.schema), address_part(&self.name))
    }
}

/// The address of a promise: `public.orders.orders_total_positive`, for a NOT NULL
/// `public.orders.number:not-null`, for an enum `public.order_status:enum`.
///
/// It is the same on every major version and in every database that the same migrations made.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(transparent)]
pub struct PromiseId(String);

impl PromiseId {
    /// An address as a person or a trace wrote it; whether such a promise exists is the
    /// catalog's answer.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A promise that has a name of its own on a table or a domain.
    pub(crate) fn named(owner: &TableName, name: &str) -> Self {
        Self(format!("{owner}.{}", address_part(name)))
    }

    /// The NOT NULL of a column. It has the same address whether or not it has a name.
    pub(crate) fn not_null(table: &TableName, column: &str) -> Self {
        Self(format!("{table}.{}:not-null", address_part(column)))
    }

    /// The NOT NULL of a domain.
    pub(crate) fn domain_not_null(domain: &TableName) -> Self {
        Self(format!("{domain}:not-null"))
    }

    /// The labels of an enum.
    pub(crate) fn labels(enum_type: &TableName) -> Self {
        Self(format!("{enum_type}:enum"))
    }

    /// The same address with a kind at its end, for a name that two promises of one table share.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self(format!("{}:{suffix}", self.0))
    }
}

impl fmt::Display for PromiseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An identifier as SQL. It is always quoted: that is right for every name, while which words
/// may stand unquoted differs from version to version.
pub(crate) fn quote_identifier(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The address of a column of states: `public.order.state`.
pub fn state_address(table: &TableName, column: &str) -> String {
    format!("{table}.{}", address_part(column))
}

/// A part of an address: quoted only where it would be read as several parts.
fn address_part(part: &str) -> String {
    let plain = !part.is_empty()
        && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == '-');
    if plain { part.to_owned() } else { quote_identifier(part) }
}
