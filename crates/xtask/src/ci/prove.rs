//! Proves that every gate can fail.
//!
//! In: `ci/proof/<gate>/bad` and `good`: small trees, each judged by the gate's own command in a
//! copy outside of the repository, together with the files that `proof.with` names. Out: a line for
//! each gate. On `bad` the gate must fail and say what `proof.expect` says; on `good` it must pass.
//!
//! A fixture must not look like what it stands for to those who scan this repository, so
//! `{{join}}` in a fixture's text vanishes in the copy.
//!
//! **Invariant:** a gate that could not run has not been proved, and that is not a success.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, ensure};

use super::console::say;
use super::gates::{Class, Gate, Gates, Place, Proof};
use super::process::{self, Outcome, Workplace};
use crate::Outcome as Verdict;

/// A line of a fixture's `Cargo.toml` that stands for the workspace's own lints.
const LINTS: &str = "# lints: those of the repository";
/// Vanishes from a fixture's text.
const JOIN: &str = "{{join}}";

/// What came of one gate's proof.
#[derive(Debug, PartialEq)]
enum Proved {
    Yes,
    No(String),
    CouldNotRun(String),
}

/// Proves the gates with these ids; without any, those of `full`, and with `nightly` the others.
pub(crate) fn run(root: &Path, place: &Workplace, ids: &[String]) -> anyhow::Result<Verdict> {
    let gates = Gates::read(root)?;
    let nightly = ids == ["nightly"];
    let ids: &[String] = if nightly { &[] } else { ids };
    for id in ids {
        ensure!(gates.get(id).is_some(), "no gate {id:?}; try: cargo xtask ci list");
    }
    no_orphans(root, &gates)?;
    let wanted = gates.all.iter().filter(|gate| {
        let of_class = ids.is_empty() && (gate.class == Class::Nightly) == nightly;
        gate.place == Place::Both && (of_class || ids.contains(&gate.id))
    });
    let queue = Mutex::new(wanted.collect::<Vec<_>>().into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..super::slots() {
            scope.spawn(|| {
                while let Some(gate) = next() {
                    let proved = prove(root, place, gate);
                    let proved = proved.unwrap_or_else(|error| Proved::No(format!("{error:#}")));
                    say(&match &proved {
                        Proved::Yes => format!("      PROVED  {}", gate.id),
                        Proved::No(why) => format!("  NOT PROVED  {}: {why}", gate.id),
                        Proved::CouldNotRun(why) => format!("     SKIPPED  {}: {why}", gate.id),
                    });
                    if let Ok(mut results) = results.lock() {
                        results.push((gate.id.clone(), proved));
                    }
                }
            });
        }
    });
    let results = results.into_inner().ok().context("a proof ended in a panic")?;
    let count = |wanted: fn(&Proved) -> bool| results.iter().filter(|(_, p)| wanted(p)).count();
    let wrong = count(|proved| matches!(proved, Proved::No(_)));
    let skipped: Vec<&str> = results
        .iter()
        .filter(|(_, proved)| matches!(proved, Proved::CouldNotRun(_)))
        .map(|(id, _)| id.as_str())
        .collect();
    let proved = count(|proved| *proved == Proved::Yes);
    say(&format!("prove: {proved} of {} gates go red where they must", results.len()));
    Ok(match (wrong, skipped.is_empty()) {
        (0, true) => Verdict::Clean,
        (0, false) => Verdict::Skipped(format!("not proved here: {}", skipped.join(", "))),
        _ => Verdict::ToMend,
    })
}

/// A fixture of a gate that is gone proves nothing.
fn no_orphans(root: &Path, gates: &Gates) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join("ci/proof")).context("cannot read ci/proof")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        ensure!(gates.get(&name).is_some(), "ci/proof/{name}: there is no such gate");
    }
    Ok(())
}

fn prove(root: &Path, place: &Workplace, gate: &Gate) -> anyhow::Result<Proved> {
    let proof = gate.proof.as_ref().context("no [gate.proof]")?;
    let mut gate = gate.clone();
    if proof.run.is_some() {
        // It says itself what it needs.
        gate.tools.clear();
    }
    let gate = &gate;
    for (side, must_pass) in [("bad", false), ("good", true)] {
        let fixture = root.join("ci/proof").join(&gate.id).join(side);
        ensure!(fixture.is_dir(), "there is no ci/proof/{}/{side}", gate.id);
        let folder = tempfile::tempdir()?;
        let copy = folder.path().join("tree");
        lay_out(root, &fixture, proof, &copy)?;
        let target = ("CARGO_TARGET_DIR".to_owned(), folder.path().join("target"));
        let place = Workplace {
            folder: copy,
            logs: place.logs.join("prove").join(side),
            path: place.path.clone(),
            variables: [&place.variables[..], &[target]].concat(),
        };
        let script = proof.run.as_deref().unwrap_or(&gate.run);
        let ended = process::run(gate, script, &place)?;
        let log = ended.log.display().to_string();
        match (ended.outcome, must_pass) {
            (Outcome::Skipped(why), _) => return Ok(Proved::CouldNotRun(why)),
            (Outcome::Pass, true) => {}
            (Outcome::Pass, false) => return Ok(Proved::No(format!("passes {side}, {log}"))),
            (Outcome::Fail(why), true) => {
                return Ok(Proved::No(format!("fails {side} ({why}), {log}")));
            }
            (Outcome::Fail(_), false) => {
                let said = fs::read(&ended.log)?;
                if !String::from_utf8_lossy(&said).contains(&proof.expect) {
                    let why = format!("fails {side} without saying {:?}, {log}", proof.expect);
                    return Ok(Proved::No(why));
                }
            }
        }
    }
    Ok(Proved::Yes)
}

/// Makes the tree that is judged: what the fixture is judged by, the fixture, and a git around it.
fn lay_out(root: &Path, fixture: &Path, proof: &Proof, copy: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(copy)?;
    git(copy, &["init", "--quiet", "--initial-branch=main"])?;
    if proof.history {
        for step in 1.. {
            let folder = fixture.join(step.to_string());
            if !folder.is_dir() {
                ensure!(step > 1, "{} has no folder 1", fixture.display());
                break;
            }
            git(copy, &["rm", "-r", "--quiet", "--force", "--ignore-unmatch", "."])?;
            lay_out_rules(root, proof, copy)?;
            copy_tree(root, &folder, copy)?;
            commit(copy)?;
        }
    } else {
        lay_out_rules(root, proof, copy)?;
        copy_tree(root, fixture, copy)?;
        commit(copy)?;
    }
    Ok(())
}

/// What the fixture is judged by.
fn lay_out_rules(root: &Path, proof: &Proof, copy: &Path) -> anyhow::Result<()> {
    for path in &proof.with {
        let source = root.join(path);
        ensure!(source.exists(), "proof.with: there is no {path}");
        copy_tree(root, &source, &copy.join(path))?;
    }
    Ok(())
}

fn commit(folder: &Path) -> anyhow::Result<()> {
    git(folder, &["add", "--all", "--force"])?;
    let who = ["-c", "user.name=proof", "-c", "user.email=proof@localhost"];
    let what = ["commit", "--quiet", "--no-verify", "--allow-empty", "--message=a fixture"];
    git(folder, &[&who[..], &what[..]].concat())
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(arguments).stdout(Stdio::null());
    let status = git.status().context("cannot start git")?;
    ensure!(status.success(), "git {}: {status}", arguments.join(" "));
    Ok(())
}

fn copy_tree(root: &Path, from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(root, &entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::create_dir_all(to.parent().context("a file without a folder")?)?;
    // It keeps the permissions as well.
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    let Ok(mut text) = fs::read_to_string(from) else { return Ok(()) };
    let changed = text.contains(JOIN) || text.contains(LINTS);
    text = text.replace(JOIN, "");
    if text.contains(LINTS) {
        text = text.replace(LINTS, &own_lints(root)?);
    }
    if changed {
        fs::write(PathBuf::from(to), text)?;
    }
    Ok(())
}

fn own_lints(root: &Path) -> anyhow::Result<String> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root.join("Cargo.toml"))?)?;
    let lints = manifest.get("workspace").and_then(|workspace| workspace.get("lints"));
    let lints = lints.context("Cargo.toml has no [workspace.lints]")?.clone();
    let workspace = toml::Table::from_iter([("lints".to_owned(), lints)]);
    let whole = toml::Table::from_iter([("workspace".to_owned(), workspace.into())]);
    Ok(toml::to_string(&whole)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proved(run: &str, expect: &str, files: &[(&str, &str)]) -> Proved {
        let root = tempfile::tempdir().expect("a temporary folder");
        for (path, text) in files {
            let file = root.path().join("ci/proof/g").join(path);
            fs::create_dir_all(file.parent().expect("a parent")).expect("folders");
            fs::write(file, text).expect("a file");
        }
        let text = format!(
            "[[gate]]\nid = \"g\"\nsays = \"s\"\nrun = '''{run}'''\nclass = \"fast\"\n\
             inputs = [\"**\"]\nbudget_s = 1\ngroup = \"lint\"\nproof = {{ expect = \"{expect}\" }}\n"
        );
        let gates = Gates::parse(&text).expect("a gate");
        let place = Workplace {
            folder: root.path().to_path_buf(),
            logs: root.path().join("logs"),
            path: std::env::var_os("PATH").expect("a PATH"),
            variables: Vec::new(),
        };
        prove(root.path(), &place, &gates.all[0]).expect("git and bash start")
    }

    const FILES: [(&str, &str); 2] = [("bad/f", "wr{{join}}ong"), ("good/f", "right")];
    const GATE: &str = "if grep wrong f; then exit 1; fi";

    #[test]
    fn a_gate_that_goes_red_for_the_expected_reason_is_proved() {
        assert_eq!(proved(GATE, "wrong", &FILES), Proved::Yes);
    }

    #[test]
    fn a_gate_that_cannot_fail_is_not_proved() {
        let Proved::No(why) = proved("true", "wrong", &FILES) else { panic!("it is proved") };
        assert!(why.starts_with("passes bad"), "{why}");
    }

    #[test]
    fn a_gate_that_fails_for_another_reason_is_not_proved() {
        let Proved::No(why) = proved(GATE, "a typing error", &FILES) else { panic!("proved") };
        assert!(why.contains("without saying \"a typing error\""), "{why}");
    }

    #[test]
    fn a_gate_that_always_fails_is_not_proved() {
        let Proved::No(why) = proved("cat f; false", "wrong", &FILES) else { panic!("proved") };
        assert!(why.starts_with("fails good"), "{why}");
    }

    #[test]
    fn a_gate_that_cannot_run_is_not_proved() {
        let script = "echo SKIPPED: no tool; exit 77";
        assert_eq!(proved(script, "wrong", &FILES), Proved::CouldNotRun("no tool".to_owned()));
    }
}
