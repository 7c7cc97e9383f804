//! The gates: what `ci/gates.toml` says.
//!
//! In: the text of the file. Out: [`Gates`], checked: ids are unique, what a gate needs exists and
//! does not need the gate in turn, every gate has a proof or is one that only GitHub can run.
//!
//! **Invariant:** knows nothing of processes; a gate is a row, whoever runs it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// How often a gate is run; a class includes those before it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// Before every commit.
    Fast,
    /// Before every merge.
    Full,
    /// Once a day.
    Nightly,
}

/// Where a gate can be run.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    #[default]
    Both,
    /// Needs a service of GitHub; elsewhere it is SKIPPED, and `says` names its stand-in.
    GithubOnly,
}

/// How it is proved that a gate can fail: `ci/proof/<id>/bad` and `good`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proof {
    /// What the gate must say about `bad`: another failure proves nothing.
    pub(crate) expect: String,
    /// Files and folders of the repository that the fixtures are judged by.
    #[serde(default)]
    pub(crate) with: Vec<String>,
    /// Run in the place of the gate's own command, where that would need the whole repository.
    pub(crate) run: Option<String>,
    /// The fixture is a repository with one commit for each of the folders `1`, `2`, ...
    #[serde(default)]
    pub(crate) history: bool,
}

/// One gate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    pub(crate) id: String,
    /// What holds when it passes; for one that only GitHub can run, what stands in for it here.
    pub(crate) says: String,
    /// What `bash` runs at the root. Ends with 77 and a line `SKIPPED: why` where it cannot.
    #[serde(default)]
    pub(crate) run: String,
    pub(crate) class: Class,
    #[serde(default, rename = "where")]
    pub(crate) place: Place,
    /// Globs of the files whose change can change the outcome.
    pub(crate) inputs: Vec<String>,
    /// Gates without whose success this one says nothing.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Commands without which it is skipped.
    #[serde(default)]
    pub(crate) tools: Vec<String>,
    /// Gates with the same lock do not run at the same time.
    pub(crate) lock: Option<String>,
    /// Seconds it should take on two idle cores with a warm build folder.
    pub(crate) budget_s: u64,
    /// Its output is shown even when it passes.
    #[serde(default)]
    pub(crate) show: bool,
    /// The group, which is a reusable workflow, that runs it on GitHub.
    pub(crate) group: String,
    pub(crate) proof: Option<Proof>,
}

impl Gate {
    /// After how many seconds it is ended: a slow machine is not a failure, a hang is.
    pub(crate) fn limit_s(&self) -> u64 {
        (self.budget_s * 8).max(300)
    }
}

/// All gates, in the order of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gates {
    #[serde(rename = "gate")]
    pub(crate) all: Vec<Gate>,
}

impl Gates {
    /// The gates of the repository at `root`.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(root.join("ci/gates.toml"))
            .context("cannot read ci/gates.toml")?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let gates: Self = toml::from_str(text).context("ci/gates.toml")?;
        gates.check()?;
        Ok(gates)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Gate> {
        self.all.iter().find(|gate| gate.id == id)
    }

    /// The gates that `words` mean: classes and ids, with everything they need.
    pub(crate) fn select(&self, words: &[String]) -> anyhow::Result<Vec<&Gate>> {
        let mut wanted = BTreeSet::new();
        for word in words {
            let class = match word.as_str() {
                "fast" => Some(Class::Fast),
                "full" => Some(Class::Full),
                "nightly" => Some(Class::Nightly),
                _ => None,
            };
            let before = wanted.len();
            for gate in &self.all {
                let by_class = class.is_some_and(|class| gate.class <= class);
                let by_group = gate.place == Place::Both
                    && word.strip_prefix("group:").is_some_and(|group| group == gate.group)
                    && gate.class != Class::Nightly;
                if by_class || by_group || gate.id == *word {
                    wanted.insert(gate.id.as_str());
                }
            }
            ensure!(
                wanted.len() > before || class.is_some() || self.get(word).is_some(),
                "no gate, class or group {word:?}; try: cargo xtask ci list"
            );
        }
        loop {
            let before = wanted.len();
            for gate in &self.all {
                if wanted.contains(gate.id.as_str()) {
                    wanted.extend(gate.needs.iter().map(String::as_str));
                }
            }
            if wanted.len() == before {
                break;
            }
        }
        Ok(self.all.iter().filter(|gate| wanted.contains(gate.id.as_str())).collect())
    }

    fn check(&self) -> anyhow::Result<()> {
        let mut above = BTreeSet::new();
        for gate in &self.all {
            let id = &gate.id;
            for need in &gate.needs {
                // Standing above it also means that there is no circle.
                ensure!(above.contains(need), "gate {id}: needs {need:?}, which is not above it");
            }
            ensure!(above.insert(id.clone()), "gate {id}: there are two");
            ensure!(!gate.inputs.is_empty(), "gate {id}: no inputs");
            match gate.place {
                Place::Both => {
                    ensure!(!gate.run.is_empty(), "gate {id}: nothing to run");
                    let Some(proof) = &gate.proof else { bail!("gate {id}: no [gate.proof]") };
                    ensure!(!proof.expect.is_empty(), "gate {id}: its proof expects nothing");
                }
                Place::GithubOnly => {
                    ensure!(gate.run.is_empty(), "gate {id}: has a command, so it runs here too");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: &str = "[[gate]]\nid = \"a\"\nsays = \"\"\nrun = \"true\"\nclass = \"fast\"\n\
        inputs = [\"**\"]\nbudget_s = 1\ngroup = \"lint\"\nproof = { expect = \"x\" }\n";

    fn refusal(text: &str) -> String {
        format!("{:#}", Gates::parse(text).expect_err("it must be refused"))
    }

    #[test]
    fn a_gate_without_proof_is_refused() {
        let text = GATE.replace("proof = { expect = \"x\" }\n", "");
        assert_eq!(refusal(&text), "gate a: no [gate.proof]");
        let text = GATE.replace("\"x\"", "\"\"");
        assert_eq!(refusal(&text), "gate a: its proof expects nothing");
    }

    #[test]
    fn two_gates_of_one_name_and_needs_that_point_down_are_refused() {
        assert_eq!(refusal(&format!("{GATE}{GATE}")), "gate a: there are two");
        let text = GATE.replace("run =", "needs = [\"b\"]\nrun =");
        assert_eq!(refusal(&text), "gate a: needs \"b\", which is not above it");
    }

    #[test]
    fn a_selection_brings_what_it_needs_and_an_unknown_word_is_refused() {
        let second = GATE
            .replace("id = \"a\"", "id = \"b\"\nneeds = [\"a\"]")
            .replace("\"fast\"", "\"full\"");
        let gates = Gates::parse(&format!("{GATE}{second}")).expect("two gates");
        let ids = |words: &[&str]| -> Vec<String> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let selected = gates.select(&words).expect("known words");
            selected.iter().map(|gate| gate.id.clone()).collect()
        };
        assert_eq!(ids(&["b"]), ["a", "b"]);
        assert_eq!(ids(&["fast"]), ["a"]);
        assert_eq!(ids(&["group:lint"]), ["a", "b"]);
        assert!(gates.select(&["c".to_owned()]).is_err());
        assert!(gates.select(&["group:c".to_owned()]).is_err());
    }

    #[test]
    fn the_gates_of_this_repository_can_be_read() {
        let root = crate::tree::root().expect("a root");
        assert!(Gates::read(&root).expect("gates").get("fmt").is_some());
    }
}
