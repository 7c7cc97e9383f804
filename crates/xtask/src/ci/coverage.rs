//! `cargo xtask ci coverage-floors FILE`: whether enough lines are covered.
//!
//! In: what `llvm-cov export` writes, and the floors of `ci/coverage.toml`: one for everything, one
//! for each listed folder. Out: a line for each floor.
//!
//! **Invariant:** a folder without a single counted line fails: it would hold nothing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use super::console::say;
use crate::Outcome;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floors {
    /// Percent of all lines.
    overall: f64,
    /// Percent of the lines of the files whose path contains the key.
    folders: BTreeMap<String, f64>,
}

/// Compares `file` with the floors.
pub(crate) fn run(root: &Path, file: &str) -> anyhow::Result<Outcome> {
    let floors = std::fs::read_to_string(root.join("ci/coverage.toml"))?;
    let floors: Floors = toml::from_str(&floors).context("ci/coverage.toml")?;
    let export = std::fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
    let export: Value = serde_json::from_str(&export)?;
    let mut wanted: Vec<(&str, f64)> = vec![("", floors.overall)];
    wanted.extend(floors.folders.iter().map(|(folder, floor)| (folder.as_str(), *floor)));
    let mut wrong = 0;
    for (folder, floor) in wanted {
        let (covered, all) = lines(&export, folder).context("not an export of llvm-cov")?;
        let percent = if all > 0.0 { covered * 100.0 / all } else { 0.0 };
        let below = percent < floor;
        let word = if below { "BELOW" } else { "ok" };
        let name = if folder.is_empty() { "everything" } else { folder };
        say(&format!("{word:>6}  {percent:5.1} % of {all} lines, floor {floor} %: {name}"));
        wrong += usize::from(below);
    }
    Ok(if wrong == 0 { Outcome::Clean } else { Outcome::ToMend })
}

/// Covered and counted lines of the files whose path contains `folder`.
fn lines(export: &Value, folder: &str) -> Option<(f64, f64)> {
    let files = export["data"][0]["files"].as_array()?;
    let mut sums = (0.0, 0.0);
    for file in files
        .iter()
        .filter(|file| file["filename"].as_str().is_some_and(|name| name.contains(folder)))
    {
        let lines = &file["summary"]["lines"];
        sums.0 += lines["covered"].as_f64()?;
        sums.1 += lines["count"].as_f64()?;
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(floors: &str) -> Outcome {
        let export = r#"{"data": [{"files": [
            {"filename": "/r/shop/src/money/a.rs", "summary": {"lines": {"count": 10, "covered": 9}}},
            {"filename": "/r/crates/wire/b.rs", "summary": {"lines": {"count": 10, "covered": 7}}}
        ]}]}"#;
        let root = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(root.path().join("ci")).expect("a folder");
        std::fs::write(root.path().join("ci/coverage.toml"), floors).expect("a file");
        std::fs::write(root.path().join("export.json"), export).expect("a file");
        run(root.path(), "export.json").expect("both can be read")
    }

    #[test]
    fn each_floor_holds_on_its_own() {
        let floors = |overall: u32, money: u32| {
            format!("overall = {overall}.0\n[folders]\n\"shop/src/money/\" = {money}.0\n")
        };
        assert!(matches!(outcome(&floors(80, 90)), Outcome::Clean));
        assert!(matches!(outcome(&floors(81, 90)), Outcome::ToMend));
        assert!(matches!(outcome(&floors(80, 91)), Outcome::ToMend));
    }

    #[test]
    fn a_floor_under_a_folder_without_lines_fails() {
        let floors = "overall = 10.0\n[folders]\n\"shop/src/gone/\" = 0.1\n";
        assert!(matches!(outcome(floors), Outcome::ToMend));
    }
}
