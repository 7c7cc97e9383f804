//! The JSON and its schema.

use proofmark_report::{Report, schema_json, to_json};

use crate::models;

#[test]
fn the_json_holds_the_whole_report() {
    for report in [models::covered(), models::troubled(), models::nothing(), models::hostile()] {
        let read: Report = serde_json::from_str(&to_json(&report)).expect("it is JSON");
        assert_eq!(read, report);
    }
}

#[test]
fn the_json_says_what_it_is() {
    let json: serde_json::Value =
        serde_json::from_str(&to_json(&models::covered())).expect("it is JSON");
    assert_eq!(json["schema"], "proofmark-report");
    assert_eq!(json["version"], 2);
}

#[test]
fn the_committed_schema_is_the_current_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/report.schema.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == schema_json(),
        "docs/reference/report.schema.json is not what the model says; run: cargo xtask generate"
    );
}
