//! A refusal as the catalog reads it.
//!
//! In: a refusal of a trace. Out: its fields, by which a promise is found. Main function:
//! [`refusal_fields`].
//!
//! **Invariant**: nothing is added and nothing left out.

use proofmark_catalog::RefusalFields;
use proofmark_trace::Refusal;

/// The fields by which a catalog attributes `refusal`.
pub fn refusal_fields(refusal: &Refusal) -> RefusalFields<'_> {
    RefusalFields {
        sqlstate: &refusal.sqlstate,
        schema: refusal.schema.as_deref(),
        table: refusal.table.as_deref(),
        column: refusal.column.as_deref(),
        datatype: refusal.datatype.as_deref(),
        constraint: refusal.constraint.as_deref(),
        routine: refusal.routine.as_deref(),
    }
}
