//! The report as JSON, and the schema of that JSON.
//!
//! In: a [`Report`]. Out: text. The schema is committed as `docs/reference/report.schema.json`.
//!
//! **Invariant:** the JSON is the model and nothing else; what a terminal shows can be rebuilt
//! from it.

use crate::Report;

/// The report as indented JSON with a line feed at its end.
#[expect(clippy::missing_panics_doc, reason = "it cannot: see the expectation")]
pub fn to_json(report: &Report) -> String {
    let json = serde_json::to_string_pretty(report);
    json.expect("the model has only string keys and finite numbers") + "\n"
}

/// The same without indentation, to be carried by another file.
pub(crate) fn to_compact_json(report: &Report) -> String {
    serde_json::to_string(report).expect("the model has only string keys and finite numbers")
}

/// The JSON Schema (draft 2020-12) of [`to_json`]'s output, with a line feed at its end.
#[expect(clippy::missing_panics_doc, reason = "it cannot: see the expectation")]
pub fn schema_json() -> String {
    let mut schema = schemars::schema_for!(Report);
    schema.insert("title".to_owned(), "Proofmark report".into());
    let json = serde_json::to_string_pretty(&schema);
    json.expect("a schema is plain JSON") + "\n"
}
