//! What is written of a run: a table for people, JUnit and JSON for machines.
//!
//! In: [`Results`]. Out: text; [`write()`] puts the files into the folder of the logs.
//!
//! **Invariant:** SKIPPED is told apart from PASS in every one of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::process::Outcome;
use super::schedule::Results;
use crate::Outcome as Verdict;

/// How many gates passed, failed and were skipped.
pub(crate) fn counts(results: &Results<'_>) -> (usize, usize, usize) {
    let count = |wanted: fn(&Outcome) -> bool| {
        results.iter().filter(|(_, ended)| wanted(&ended.outcome)).count()
    };
    (
        count(|outcome| matches!(outcome, Outcome::Pass)),
        count(|outcome| matches!(outcome, Outcome::Fail(_))),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    )
}

/// What the run as a whole comes to: a run of nothing but skipped gates has not passed.
pub(crate) fn verdict(results: &Results<'_>) -> Verdict {
    let reasons = results.iter().filter_map(|(gate, ended)| match &ended.outcome {
        Outcome::Skipped(why) => Some(format!("{}: {why}", gate.id)),
        Outcome::Pass | Outcome::Fail(_) => None,
    });
    match counts(results) {
        (_, 1.., _) => Verdict::ToMend,
        (0, 0, 1..) => Verdict::Skipped(reasons.collect::<Vec<_>>().join("; ")),
        _ => Verdict::Clean,
    }
}

/// The table and the line that counts.
pub(crate) fn table(results: &Results<'_>) -> String {
    let width = results.iter().map(|(gate, _)| gate.id.len()).max().unwrap_or(4);
    let mut text = format!("\n  wall s    cpu s  {:width$}  outcome\n", "gate");
    for (gate, ended) in results {
        let outcome = match &ended.outcome {
            Outcome::Pass => "PASS".to_owned(),
            Outcome::Fail(why) => format!("FAIL     {why}"),
            Outcome::Skipped(why) => format!("SKIPPED  {why}"),
        };
        let (id, wall, cpu) = (&gate.id, ended.wall_s, ended.cpu_s);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{wall:8.1} {cpu:8.1}  {id:width$}  {outcome}");
    }
    let (passed, failed, skipped) = counts(results);
    let _ = writeln!(text, "\n{passed} passed, {failed} failed, {skipped} skipped");
    text
}

/// Writes `junit.xml` and `gates.json` into `folder`.
pub(crate) fn write(results: &Results<'_>, folder: &Path) -> anyhow::Result<()> {
    fs::write(folder.join("junit.xml"), junit(results))?;
    fs::write(folder.join("gates.json"), format!("{:#}\n", as_json(results)))?;
    Ok(())
}

fn as_json(results: &Results<'_>) -> serde_json::Value {
    let rows = results.iter().map(|(gate, ended)| {
        let (outcome, why) = match &ended.outcome {
            Outcome::Pass => ("pass", None),
            Outcome::Fail(why) => ("fail", Some(why)),
            Outcome::Skipped(why) => ("skipped", Some(why)),
        };
        json!({
            "id": gate.id, "outcome": outcome, "reason": why, "budget_s": gate.budget_s,
            "wall_s": tenth(ended.wall_s), "cpu_s": tenth(ended.cpu_s),
        })
    });
    json!({ "version": 1, "gates": rows.collect::<Vec<_>>() })
}

fn tenth(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

fn junit(results: &Results<'_>) -> String {
    let (passed, failed, skipped) = counts(results);
    let total = passed + failed + skipped;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"ci\" tests=\"{total}\" failures=\"{failed}\" skipped=\"{skipped}\">\n"
    );
    for (gate, ended) in results {
        let (id, seconds) = (escaped(&gate.id), ended.wall_s);
        let inside = match &ended.outcome {
            Outcome::Pass => String::new(),
            Outcome::Fail(why) => format!("<failure message=\"{}\"/>", escaped(why)),
            Outcome::Skipped(why) => format!("<skipped message=\"{}\"/>", escaped(why)),
        };
        let _ = writeln!(
            text,
            "  <testcase classname=\"ci\" name=\"{id}\" time=\"{seconds:.1}\">{inside}</testcase>"
        );
    }
    text + "</testsuite>\n"
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::ci::gates::Gates;
    use crate::ci::process::Ended;

    #[test]
    fn a_skipped_gate_is_skipped_in_every_form() {
        let text = "[[gate]]\nid = \"a\"\nsays = \"s\"\nrun = \"true\"\nclass = \"fast\"\n\
            inputs = [\"**\"]\nbudget_s = 1\ngroup = \"lint\"\nproof = { expect = \"x\" }\n";
        let gates = Gates::parse(text).expect("a gate");
        let ended = |outcome| Ended { outcome, wall_s: 1.25, cpu_s: 0.5, log: PathBuf::new() };
        let gate = &gates.all[0];
        let results = vec![
            (gate, ended(Outcome::Pass)),
            (gate, ended(Outcome::Fail("a < b".to_owned()))),
            (gate, ended(Outcome::Skipped("no \"x\"".to_owned()))),
        ];
        assert_eq!(counts(&results), (1, 1, 1));
        let table = table(&results);
        assert!(table.contains("SKIPPED  no \"x\""), "{table}");
        assert!(table.ends_with("1 passed, 1 failed, 1 skipped\n"), "{table}");
        let junit = junit(&results);
        assert!(junit.contains("tests=\"3\" failures=\"1\" skipped=\"1\""), "{junit}");
        assert!(junit.contains("<failure message=\"a &lt; b\"/>"), "{junit}");
        assert!(junit.contains("<skipped message=\"no &quot;x&quot;\"/>"), "{junit}");
        let json = as_json(&results);
        assert_eq!(json["gates"][2]["outcome"], "skipped");
        assert_eq!(json["gates"][0]["reason"], serde_json::Value::Null);
    }

    #[test]
    fn a_run_of_skipped_gates_has_not_passed() {
        let text = "[[gate]]\nid = \"a\"\nsays = \"s\"\nrun = \"true\"\nclass = \"fast\"\n\
            inputs = [\"**\"]\nbudget_s = 1\ngroup = \"lint\"\nproof = { expect = \"x\" }\n";
        let gates = Gates::parse(text).expect("a gate");
        let verdict = |outcomes: &[Outcome]| {
            let ended = |outcome: &Outcome| {
                let outcome = outcome.clone();
                Ended { outcome, wall_s: 1.0, cpu_s: 1.0, log: PathBuf::new() }
            };
            let results = outcomes.iter().map(|outcome| (&gates.all[0], ended(outcome)));
            verdict(&results.collect())
        };
        let skipped = Outcome::Skipped("no x".to_owned());
        let alone = verdict(std::slice::from_ref(&skipped));
        assert!(matches!(alone, Verdict::Skipped(why) if why == "a: no x"));
        assert!(matches!(verdict(&[Outcome::Pass, skipped.clone()]), Verdict::Clean));
        let failed = Outcome::Fail("exit code 1".to_owned());
        assert!(matches!(verdict(&[Outcome::Pass, skipped, failed]), Verdict::ToMend));
    }
}
