//! `cargo xtask ci`: the gates of this repository, the same on a laptop and on GitHub.
//!
//! In: `ci/gates.toml`. Out: what each gate said, a table, JUnit, JSON; an exit code that is not 0
//! if one failed. `prove` shows that each can fail, `doctor` compares the tools with their lock.
//!
//! **Invariant:** nothing is known here that is about one gate; that stands in its row.

mod badge;
mod console;
mod coverage;
mod doctor;
mod gates;
mod plan;
mod process;
mod prove;
mod readme;
mod record;
mod schedule;
#[cfg(test)]
mod workflows;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::Outcome;
use console::say;
use gates::Gates;
use process::Workplace;

const USAGE: &str = "\
usage: cargo xtask ci <verb>

  run <what>...        fast, full, nightly, the name of a gate, or group:<group>
  list                 every gate, its class and what it says
  prove [what]...      shows that gates go red on what they are there for: those of `full`,
                       `nightly`, or the named ones
  doctor               compares the tools here with ci/tools.lock
  install [class]      installs the tools
  plan [base]          the groups that the changes since `base` concern, as NAME=true lines
  badges               writes docs/badges/ from the last run
  readme <start>       the command of README.md's first block that begins so
  coverage-floors <f>  compares an export of llvm-cov with ci/coverage.toml
";

/// Runs a verb.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<Outcome> {
    let (verb, rest) = arguments.split_first().context(USAGE)?;
    match (verb.as_str(), rest) {
        ("run", [_, ..]) => run_gates(root, rest),
        ("list", []) => list(root),
        ("prove", ids) => prove::run(root, &workplace(root)?, ids),
        ("doctor", []) => doctor::run(root, &workplace(root)?),
        ("install", classes) => install(root, classes),
        ("plan", [] | [_]) => plan::run(root, rest.first().map(String::as_str)),
        ("badges", []) => badge::run(root, &target(root).join("ci")),
        ("readme", [start]) => {
            say(&readme::command(&fs::read_to_string(root.join("README.md"))?, start)?);
            Ok(Outcome::Clean)
        }
        ("coverage-floors", [file]) => coverage::run(root, file),
        _ => bail!("not a verb of `ci`: {}\n\n{USAGE}", arguments.join(" ")),
    }
}

fn run_gates(root: &Path, words: &[String]) -> anyhow::Result<Outcome> {
    let gates = Gates::read(root)?;
    let selected = gates.select(words)?;
    let place = workplace(root)?;
    let results = schedule::run(&selected, &place, slots())?;
    record::write(&results, &place.logs)?;
    say(record::table(&results).trim_end());
    Ok(record::verdict(&results))
}

fn list(root: &Path) -> anyhow::Result<Outcome> {
    for gate in &Gates::read(root)?.all {
        let (class, group) = (format!("{:?}", gate.class).to_lowercase(), &gate.group);
        say(&format!("{:18} {class:8} {group:9} {}", gate.id, gate.says));
    }
    Ok(Outcome::Clean)
}

fn install(root: &Path, classes: &[String]) -> anyhow::Result<Outcome> {
    let status = Command::new("bash")
        .arg("ci/install.sh")
        .args(classes)
        .current_dir(root)
        .status()
        .context("cannot start bash")?;
    Ok(if status.success() { Outcome::Clean } else { Outcome::ToMend })
}

/// How many gates run at the same time: one for each core, and no more than help.
fn slots() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(8)
}

fn target(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root.join("target"), |target| root.join(target))
}

/// The repository, with the installed tools and this very program in front of everything else.
fn workplace(root: &Path) -> anyhow::Result<Workplace> {
    let target = target(root);
    let logs = target.join("ci");
    let own = logs.join("bin");
    fs::create_dir_all(&own)?;
    let program = own.join("xtask");
    let this = std::env::current_exe()?;
    if this != program {
        // A copy, because a gate that builds may replace the original while another runs it.
        let fresh = own.join(format!("xtask.{}", std::process::id()));
        fs::copy(&this, &fresh).context("cannot copy this program")?;
        fs::rename(&fresh, &program)?;
    }
    let tools = target.join("tools");
    let folders = [own, tools.join("commands"), tools.join("bin")];
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&inherited)))
        .context("a folder in PATH has a `:` in its name")?;
    let mut variables = Vec::new();
    // A proof is judged elsewhere, where "beside the repository" is another place.
    let database = root.join("../shared/advisory-db");
    if std::env::var_os("PROOFMARK_ADVISORY_DB").is_none() && database.is_dir() {
        variables.push(("PROOFMARK_ADVISORY_DB".to_owned(), database));
    }
    Ok(Workplace { folder: root.to_path_buf(), logs, path, variables })
}
