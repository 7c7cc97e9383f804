//! The catalogue of events: every type with the schema of its payload.
//!
//! In: the types that the aggregates declare. Out: the rows of the table `event_type`, as a
//! migration that is generated from here and compared by a test.

use std::fmt::Write as _;

use super::{Aggregate, Event};

/// One version of one type of event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventType {
    /// Its name: `payment.captured`.
    pub name: &'static str,
    /// The version of its schema.
    pub version: i16,
    /// Whose event it is.
    pub aggregate: Aggregate,
    /// The JSON Schema (2020-12) of its payload.
    pub schema: serde_json::Value,
}

impl EventType {
    /// The type of `E`.
    pub fn of<E: Event>() -> Self {
        let schema = schemars::schema_for!(E).to_value();
        Self { name: E::TYPE, version: E::VERSION, aggregate: E::AGGREGATE, schema }
    }
}

/// Every type of event, by aggregate.
pub fn catalogue() -> Vec<EventType> {
    [
        crate::catalog::events::product::types(),
        crate::catalog::events::variant::types(),
        crate::customer::events::types(),
        crate::cart::events::types(),
        crate::inventory::events::reservation::types(),
        crate::inventory::events::transfer::types(),
        crate::pricing::events::types(),
        crate::order::events::types(),
        crate::payment::events::method::types(),
        crate::payment::events::payment::types(),
        crate::payment::events::store_credit::types(),
    ]
    .concat()
}

/// The catalogue as the migration that fills `event_type`.
pub fn migration(types: &[EventType]) -> String {
    let mut sql = String::from(
        "-- The catalogue of events. Generated from the events of shop/src; a test compares, and\n\
         -- `UPDATE_EXPECT=1 cargo test -p shop --test shop events::catalogue` writes it anew.\n",
    );
    for &aggregate in Aggregate::ALL {
        let own: Vec<_> = types.iter().filter(|kind| kind.aggregate == aggregate).collect();
        write!(sql, "\n-- Events of: {}\n\n", aggregate.name()).expect("a string takes all");
        if own.is_empty() {
            sql.push_str("-- none\n");
            continue;
        }
        sql.push_str("INSERT INTO event_type (type, version, schema) VALUES\n");
        for (index, kind) in own.iter().enumerate() {
            let end = if index + 1 == own.len() { ";" } else { "," };
            let schema = kind.schema.to_string().replace('\'', "''");
            writeln!(sql, "    ('{}', {}, '{schema}'){end}", kind.name, kind.version)
                .expect("a string takes all");
        }
    }
    sql
}
