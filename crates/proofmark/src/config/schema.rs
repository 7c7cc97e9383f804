//! The JSON Schema of `proofmark.toml`, by which an editor completes and checks it.
//!
//! In: nothing. Out: text, committed as `docs/reference/proofmark.schema.json`.
//!
//! **Invariant**: it says what [`File`] says; a key that is not in it is refused.

use super::file::File;

/// The JSON Schema (draft 2020-12) of `proofmark.toml`, with a line feed at its end.
#[expect(clippy::missing_panics_doc, reason = "it cannot: see the expectation")]
pub fn schema_json() -> String {
    let mut schema = schemars::schema_for!(File);
    schema.insert("title".to_owned(), "proofmark.toml".into());
    let json = serde_json::to_string_pretty(&schema);
    json.expect("a schema is plain JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::Value;

    use super::schema_json;
    use crate::config::Config;

    /// Every key with a line of the file in which it has another value than by default.
    const KEYS: [(&str, &str); 57] = [
        ("command", "command = [\"x\"]"),
        ("output", "output = \"x\""),
        ("lane", "lane = \"direct\""),
        ("isolation", "isolation = \"clone\""),
        ("verify_every", "verify_every = 7"),
        ("postgres", "[postgres]\nversion = 16"),
        ("postgres.version", "[postgres]\nversion = \"17\""),
        ("postgres.url", "[postgres]\nurl = \"postgresql://localhost/x\""),
        ("postgres.allow", "[postgres]\nallow = [\"db\"]"),
        ("postgres.settings", "[postgres]\nsettings = { work_mem = \"8MB\" }"),
        ("database", "[database.b]"),
        ("database.*.migrations", "[database.a]\nmigrations = \"m\""),
        ("database.*.format", "[database.a]\nmigrations = \"migrations\"\nformat = \"plain\""),
        ("database.*.migrate", "[database.a]\nwatch = [\"y\"]\nmigrate = [\"x\"]"),
        (
            "database.*.watch",
            "[database.a]\nmigrations = \"m\"\nmigrate = [\"x\"]\nwatch = [\"z\"]",
        ),
        ("database.*.seeds", "[database.a]\nseeds = [\"s.sql\"]"),
        ("database.*.invariants", "[database.a]\ninvariants = \"i.sql\""),
        (
            "database.*.invariants_except",
            "[database.a]\ninvariants = \"i.sql\"\ninvariants_except = [\"t\"]",
        ),
        ("database.*.env", "[database.a]\nenv = \"X\""),
        ("database.*.states", "[database.a]\nstates = [\"public.orders.state\"]"),
        ("evidence", "[evidence]\nrows = false"),
        ("evidence.statements", "[evidence]\nstatements = false"),
        ("evidence.indexes", "[evidence]\nindexes = false"),
        ("evidence.rows", "[evidence]\nrows = false"),
        ("report", "[report]\nformats = [\"html\"]"),
        ("report.formats", "[report]\nformats = [\"json\"]"),
        ("identity", "[identity]\ngrace_ms = 2"),
        ("identity.env", "[identity]\nenv = [\"X\"]"),
        ("identity.grace_ms", "[identity]\ngrace_ms = 1"),
        ("findings", "[findings]\nslow_test_ms = 9"),
        ("findings.slow_test_ms", "[findings]\nslow_test_ms = 1"),
        ("findings.slow_lease_ms", "[findings]\nslow_lease_ms = 1"),
        ("findings.large_tables", "[findings]\nlarge_tables = [\"a.b\"]"),
        ("gate", "[gate]"),
        ("gate.new_findings", "[gate]\nnew_findings = 1"),
        ("gate.changed", "[gate]\nchanged = 1"),
        ("gate.suite_s", "[gate]\nsuite_s = 1"),
        ("gate.refused", "[gate.refused]\ncheck = 3"),
        ("gate.refused.check", "[gate.refused]\ncheck = 1"),
        ("gate.refused.unique", "[gate.refused]\nunique = 1"),
        ("gate.refused.primary-key", "[gate.refused]\nprimary-key = 1"),
        ("gate.refused.foreign-key", "[gate.refused]\nforeign-key = 1"),
        ("gate.refused.exclude", "[gate.refused]\nexclude = 1"),
        ("gate.refused.domain", "[gate.refused]\ndomain = 1"),
        ("gate.refused.constraint-trigger", "[gate.refused]\nconstraint-trigger = 1"),
        ("gate.refused.not-null", "[gate.refused]\nnot-null = 1"),
        ("gate.refused.enum", "[gate.refused]\nenum = 1"),
        ("gate.accepted", "[gate.accepted]\ncheck = 3"),
        ("gate.accepted.check", "[gate.accepted]\ncheck = 1"),
        ("gate.accepted.unique", "[gate.accepted]\nunique = 1"),
        ("gate.accepted.primary-key", "[gate.accepted]\nprimary-key = 1"),
        ("gate.accepted.foreign-key", "[gate.accepted]\nforeign-key = 1"),
        ("gate.accepted.exclude", "[gate.accepted]\nexclude = 1"),
        ("gate.accepted.domain", "[gate.accepted]\ndomain = 1"),
        ("gate.accepted.constraint-trigger", "[gate.accepted]\nconstraint-trigger = 1"),
        ("gate.accepted.not-null", "[gate.accepted]\nnot-null = 1"),
        ("gate.accepted.enum", "[gate.accepted]\nenum = 1"),
    ];

    #[test]
    fn the_committed_schema_is_the_current_one() {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/proofmark.schema.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == schema_json(),
            "docs/reference/proofmark.schema.json: run: cargo xtask generate"
        );
    }

    #[test]
    fn every_key_has_an_effect_that_is_tested() {
        let schema: Value = serde_json::from_str(&schema_json()).unwrap();
        let mut known = BTreeSet::new();
        collect(&schema, &schema, "", &mut known);
        let tested: BTreeSet<String> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(known, tested, "left: the schema's keys; right: those in the table above");
        let config = |text: &str| {
            let text =
                if text.contains("[database.a]") { text.into() } else { with_database(text) };
            Config::parse(Path::new("/p/proofmark.toml"), &text, &|_| None)
                .unwrap_or_else(|error| panic!("{text}: {error}"))
        };
        for (key, text) in KEYS {
            // Without the last line, which is the key's.
            let without = text.rsplit_once('\n').map_or("[database.a]", |(before, _)| before);
            assert_ne!(config(text), config(without), "{key} changes nothing");
        }
    }

    /// Keys of the first level stand before every section.
    fn with_database(text: &str) -> String {
        if text.starts_with('[') {
            format!("[database.a]\n{text}\n")
        } else {
            format!("{text}\n[database.a]\n")
        }
    }

    /// The keys below `part` of the schema: `gate.refused.check`, `database.*.seeds`.
    fn collect(root: &Value, part: &Value, path: &str, known: &mut BTreeSet<String>) {
        let name = part["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
        let part = name.map_or(part, |name| &root["$defs"][name]);
        for one in part["anyOf"].as_array().into_iter().flatten() {
            collect(root, one, path, known);
        }
        let below = |key: &str| if path.is_empty() { key.into() } else { format!("{path}.{key}") };
        for (key, value) in part["properties"].as_object().into_iter().flatten() {
            known.insert(below(key));
            collect(root, value, &below(key), known);
        }
        if part["additionalProperties"].is_object() {
            collect(root, &part["additionalProperties"], &below("*"), known);
        }
    }
}
