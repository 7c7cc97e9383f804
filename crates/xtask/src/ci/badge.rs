//! `cargo xtask ci badges`: the badges of the README, from the last run.
//!
//! In: `gates.json` of the runner, `coverage.json` and `outcomes.json` where those gates have run,
//! `report.json` of `proofmark run`, Cargo.toml. Out: SVG files in `docs/badges/`.
//!
//! **Invariant:** a figure that was not measured gets no badge, and an old badge of it is removed.
//! A run of some gates is none of the gates.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::console::say;
use super::gates::{Class, Gates, Place};
use crate::Outcome;

const GREEN: &str = "#2e7d32";
const AMBER: &str = "#b26a00";
const RED: &str = "#b71c1c";
const GREY: &str = "#455a64";

/// Width of a character at 11 pixels, near enough for digits and lower case.
const CHARACTER_PX: usize = 7;

/// Writes every badge whose figure is known.
pub(crate) fn run(root: &Path, logs: &Path) -> anyhow::Result<Outcome> {
    let folder = root.join("docs/badges");
    fs::create_dir_all(&folder)?;
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root.join("Cargo.toml"))?)?;
    let package = |key: &str| {
        let package = manifest.get("workspace")?.get("package")?;
        Some((package.get(key)?.as_str()?.to_owned(), GREY))
    };
    let report = json(&root.join("target/proofmark/latest/report.json"))?;
    let rows = Gates::read(root)?;
    let of_merge: Vec<&str> = rows
        .all
        .iter()
        .filter(|gate| gate.place == Place::Both && gate.class <= Class::Full)
        .map(|gate| gate.id.as_str())
        .collect();
    let last_run = json(&logs.join("gates.json"))?;
    let badges = [
        ("ci", "gates", last_run.as_ref().and_then(|run| gates(run, &of_merge))),
        ("coverage", "line coverage", json(&logs.join("coverage.json"))?.as_ref().and_then(lines)),
        ("constraints", "constraints tried", report.as_ref().and_then(promises)),
        (
            "mutation",
            "mutants caught",
            json(&logs.join("mutation.json"))?.as_ref().and_then(mutants),
        ),
        ("licence", "licence", package("license")),
        ("msrv", "rust", package("rust-version")),
    ];
    for (name, label, figure) in badges {
        let file = folder.join(format!("{name}.svg"));
        if let Some((value, colour)) = figure {
            fs::write(&file, svg(label, &value, colour))?;
            say(&format!("{}: {value}", file.display()));
        } else if file.exists() {
            fs::remove_file(&file)?;
            say(&format!("{}: removed, not measured", file.display()));
        }
    }
    Ok(Outcome::Clean)
}

fn json(path: &Path) -> anyhow::Result<Option<Value>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
    }
}

type Figure = Option<(String, &'static str)>;

/// How a run of at least the gates of a merge ended.
fn gates(run: &Value, of_merge: &[&str]) -> Figure {
    let all = run["gates"].as_array()?;
    let count = |wanted: &str| all.iter().filter(|gate| gate["outcome"] == wanted).count();
    if !of_merge.iter().all(|id| all.iter().any(|gate| gate["id"] == *id)) {
        return None;
    }
    let (passed, failed, skipped) = (count("pass"), count("fail"), count("skipped"));
    let colour = if failed > 0 { RED } else { GREEN };
    Some((format!("{passed} passed, {failed} failed, {skipped} skipped"), colour))
}

fn lines(coverage: &Value) -> Figure {
    let percent = coverage["data"][0]["totals"]["lines"]["percent"].as_f64()?;
    Some((format!("{percent:.1} %"), share(percent, 80.0)))
}

fn promises(report: &Value) -> Figure {
    let owners = report["listing"].as_array()?;
    let states = owners.iter().filter_map(|owner| owner["promises"].as_array()).flatten();
    let (mut all, mut covered) = (0_u32, 0_u32);
    for promise in states {
        all += 1;
        covered += u32::from(promise["state"] == "covered");
    }
    let percent = f64::from(covered) * 100.0 / f64::from(all);
    (all > 0).then(|| (format!("{covered} of {all}"), share(percent, 90.0)))
}

fn mutants(outcomes: &Value) -> Figure {
    let caught = outcomes["caught"].as_f64()? + outcomes["timeout"].as_f64()?;
    let viable = caught + outcomes["missed"].as_f64()?;
    (viable > 0.0).then(|| {
        let percent = caught * 100.0 / viable;
        (format!("{percent:.0} % of {viable}"), share(percent, 80.0))
    })
}

fn share(percent: f64, floor: f64) -> &'static str {
    if percent >= floor {
        GREEN
    } else if percent >= floor * 0.75 {
        AMBER
    } else {
        RED
    }
}

fn svg(label: &str, value: &str, colour: &str) -> String {
    let width = |text: &str| text.chars().count() * CHARACTER_PX + 12;
    let (left, right) = (width(label), width(value));
    let (total, middle_left, middle_right) = (left + right, left / 2, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {value}\">\n\
         <title>{label}: {value}</title>\n\
         <rect width=\"{total}\" height=\"20\" rx=\"3\" fill=\"#333\"/>\n\
         <path d=\"M{left} 0h{right}v20h-{right}z\" fill=\"{colour}\"/>\n\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,sans-serif\" \
         font-size=\"11\">\n\
         <text x=\"{middle_left}\" y=\"14\">{label}</text>\n\
         <text x=\"{middle_right}\" y=\"14\">{value}</text>\n</g>\n</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_come_with_their_denominators_and_their_colours() {
        let run = json!({"gates": [
            {"id": "a", "outcome": "pass"}, {"id": "b", "outcome": "fail"},
            {"id": "c", "outcome": "pass"}
        ]});
        let figure = gates(&run, &["a", "b"]);
        assert_eq!(figure, Some(("2 passed, 1 failed, 0 skipped".to_owned(), RED)));
        let report = json!({"listing": [{"promises": [{"state": "covered"}, {"state": "never"}]}]});
        assert_eq!(promises(&report), Some(("1 of 2".to_owned(), RED)));
        let outcomes = json!({"caught": 7, "timeout": 1, "missed": 2});
        assert_eq!(mutants(&outcomes), Some(("80 % of 10".to_owned(), GREEN)));
    }

    #[test]
    fn a_run_of_some_gates_is_no_badge() {
        let run = json!({"gates": [{"id": "a", "outcome": "pass"}]});
        assert_eq!(gates(&run, &["a", "b"]), None);
    }

    #[test]
    fn nothing_measured_is_no_badge() {
        assert_eq!(promises(&json!({"listing": []})), None);
        assert_eq!(mutants(&json!({"caught": 0, "timeout": 0, "missed": 0})), None);
        assert_eq!(lines(&json!({})), None);
    }
}
