//! What the configuration says about findings and the gate.
//!
//! In: the sections `[findings]` and `[gate]`. Out: [`FindingsConfig`] and [`GateConfig`].
//!
//! **Invariant**: knows no check and no rule; what a rule means is said where it is applied.

use std::collections::BTreeMap;

use super::file::{Findings, Gate, Percentages};

/// Bounds and names for the checks; what is missing is left to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingsConfig {
    /// From when on a test is slow, in milliseconds.
    pub slow_test_ms: Option<u64>,
    /// From when on a lease is slow, in milliseconds.
    pub slow_lease_ms: Option<u64>,
    /// Tables that are large in production.
    pub large_tables: Vec<String>,
}

/// The rules of the gate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GateConfig {
    /// At most so many findings that nobody has accepted.
    pub new_findings: Option<u64>,
    /// Minimum percent of the promises of a change that are refused.
    pub changed: Option<f64>,
    /// Seconds that the suite may take.
    pub suite_s: Option<u64>,
    /// Minimum percent of the promises of a kind (`foreign-key`) that are refused.
    pub refused: BTreeMap<&'static str, f64>,
    /// Minimum percent of the promises of a kind that are accepted.
    pub accepted: BTreeMap<&'static str, f64>,
}

pub(super) fn findings(section: Findings) -> Result<FindingsConfig, (String, String)> {
    for table in &section.large_tables {
        let parts = table.split_once('.');
        if parts.is_none_or(|(schema, name)| schema.is_empty() || name.is_empty()) {
            return Err((
                "findings.large_tables".to_owned(),
                format!("`{table}` has no schema; help: \"public.{table}\""),
            ));
        }
    }
    Ok(FindingsConfig {
        slow_test_ms: section.slow_test_ms,
        slow_lease_ms: section.slow_lease_ms,
        large_tables: section.large_tables,
    })
}

pub(super) fn gate(section: &Gate) -> Result<GateConfig, (String, String)> {
    let changed = section.changed.map(|percent| ("gate.changed".to_owned(), percent));
    let refused = by_kind(&section.refused);
    let accepted = by_kind(&section.accepted);
    let keyed = |list: &str, kinds: &BTreeMap<&'static str, f64>| {
        let keys = kinds.iter().map(|(kind, percent)| (format!("gate.{list}.{kind}"), *percent));
        keys.collect::<Vec<_>>()
    };
    let all = keyed("refused", &refused).into_iter().chain(keyed("accepted", &accepted));
    for (key, percent) in all.chain(changed) {
        if !(0.0..=100.0).contains(&percent) {
            return Err((key, format!("{percent} is no percentage; help: 0 to 100")));
        }
    }
    Ok(GateConfig {
        new_findings: section.new_findings,
        changed: section.changed,
        suite_s: section.suite_s,
        refused,
        accepted,
    })
}

fn by_kind(percentages: &Percentages) -> BTreeMap<&'static str, f64> {
    let kinds = [
        ("check", percentages.check),
        ("unique", percentages.unique),
        ("primary-key", percentages.primary_key),
        ("foreign-key", percentages.foreign_key),
        ("exclude", percentages.exclude),
        ("domain", percentages.domain),
        ("constraint-trigger", percentages.constraint_trigger),
        ("not-null", percentages.not_null),
        ("enum", percentages.enumeration),
    ];
    kinds.into_iter().filter_map(|(kind, percent)| Some((kind, percent?))).collect()
}
