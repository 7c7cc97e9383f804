//! A refusal that the proxy did not see: a client library on the direct lane tells it.
//!
//! In: the JSON text of REFUSED. Out: the same event as for one that was seen. Main type: [`Told`].
//!
//! **Invariant**: takes nothing from the text into an event but the shape of the statement and the
//! names of a [`Refusal`]; the detail goes the way of one that was seen.

use std::rc::Rc;

use proofmark_wire::{Strings, statement_shape};
use serde::Deserialize;

use crate::frontend::OwnError;
use crate::leases::Lease;
use crate::session::Failing;
use crate::shared::Shared;
use crate::{Event, Lane, Refusal};

/// Characters of a SQLSTATE ("PostgreSQL Error Codes" in its documentation).
const SQLSTATE_LENGTH: usize = 5;
/// Longest name that is taken, in bytes. The server's own are at most 63 (`NAMEDATALEN`), unless it
/// was built otherwise.
const NAME_LENGTH_MAX: usize = 256;
/// What REFUSED looks like.
pub(super) const EXAMPLE: &str = concat!(
    r#"REFUSED shop FOR 'name' AS '{"sqlstate": "23505", "schema": "public", "#,
    r#""table": "voucher", "constraint": "voucher_pkey"}'"#
);

/// An error as drivers give it, by the names of "Error and Notice Message Fields" in the
/// PostgreSQL documentation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    sqlstate: String,
    severity: Option<String>,
    schema: Option<String>,
    table: Option<String>,
    column: Option<String>,
    datatype: Option<String>,
    constraint: Option<String>,
    routine: Option<String>,
    /// Shows the refused row or key; not kept beyond the lease.
    detail: Option<String>,
    /// What was refused; only its shape is kept.
    statement: Option<String>,
}

impl Told {
    /// Reads the text.
    pub(super) fn read(text: &str) -> Result<Self, OwnError> {
        let refuse = |what: String| OwnError::error("22023", what, format!("write {EXAMPLE}"));
        let told: Self = serde_json::from_str(text)
            .map_err(|error| refuse(format!("what was refused cannot be read: {error}")))?;
        let is_code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if told.sqlstate.len() != SQLSTATE_LENGTH || !told.sqlstate.bytes().all(is_code) {
            return Err(refuse("a SQLSTATE has five digits or capitals".to_owned()));
        }
        Ok(told)
    }

    /// Tells it as the refusal of this lease.
    pub(super) fn tell(self, shared: &Shared, lease: &Rc<Lease>) {
        Failing {
            sqlstate: Some(&self.sqlstate),
            detail: self.detail.as_deref().map(str::as_bytes),
            schema: self.schema.as_deref(),
            table: self.table.as_deref(),
            column: self.column.as_deref(),
            constraint: self.constraint.as_deref(),
        }
        .keep(lease);
        let statement = self.statement.as_deref().unwrap_or_default();
        // What is none of these is translated, by a server older than the field that is not.
        let known = |severity: &&str| ["FATAL", "PANIC"].contains(severity);
        let severity = self.severity.as_deref().filter(known).unwrap_or("ERROR");
        shared.emit(Event::Refused {
            session: shared.next_session(),
            lease: lease.id,
            lane: Lane::Direct,
            statement: statement_shape(statement.as_bytes(), Strings::Standard),
            refusal: Refusal {
                severity: severity.to_owned(),
                sqlstate: self.sqlstate,
                schema: name(self.schema),
                table: name(self.table),
                column: name(self.column),
                datatype: name(self.datatype),
                constraint: name(self.constraint),
                routine: name(self.routine),
            },
        });
    }
}

/// A name, unless it is none: drivers give an empty text for a field that the server left out.
fn name(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty() && text.len() <= NAME_LENGTH_MAX)
}
