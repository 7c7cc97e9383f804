//! `cargo xtask ci doctor`: whether the tools here are those of `ci/tools.lock`.
//!
//! In: the lock. Out: a line for each tool: as locked, another version, or not here.
//!
//! **Invariant:** changes nothing; what is missing is installed by `cargo xtask ci install`.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

use super::console::say;
use super::process::Workplace;
use crate::Outcome;

/// One tool of the lock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    version: String,
    /// Prints the version.
    ask: String,
    /// Where the installer gets it.
    from: String,
    /// Why it may be missing.
    optional: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    tool: Vec<Tool>,
}

#[derive(Debug, PartialEq)]
enum State {
    AsLocked,
    Other(String),
    Missing,
}

/// Compares every tool.
pub(crate) fn run(root: &Path, place: &Workplace) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(root.join("ci/tools.lock"))?;
    let lock: Lock = toml::from_str(&text).context("ci/tools.lock")?;
    let mut wrong = 0;
    for tool in &lock.tool {
        let (name, version, from) = (&tool.name, &tool.version, &tool.from);
        match state(tool, place)? {
            State::AsLocked => say(&format!("          ok  {name} {version}")),
            State::Other(found) => {
                say(&format!("       OTHER  {name}: {found} here, {version} in ci/tools.lock"));
                wrong += 1;
            }
            State::Missing => {
                let why = tool.optional.as_deref();
                let word = if why.is_some() { "missing" } else { "MISSING" };
                say(&format!("{word:>12}  {name} {version} ({from}) {}", why.unwrap_or_default()));
                wrong += usize::from(why.is_none());
            }
        }
    }
    if wrong > 0 {
        say("help: cargo xtask ci install");
    }
    Ok(if wrong == 0 { Outcome::Clean } else { Outcome::ToMend })
}

fn state(tool: &Tool, place: &Workplace) -> anyhow::Result<State> {
    let asked = Command::new("bash")
        .args(["-c", &tool.ask])
        .current_dir(&place.folder)
        .env("PATH", &place.path)
        .output()
        .context("cannot start bash")?;
    let said = String::from_utf8_lossy(&asked.stdout).into_owned();
    let mut words = said.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+".contains(c)));
    Ok(if !asked.status.success() {
        State::Missing
    } else if words.any(|word| word.strip_prefix('v').unwrap_or(word) == tool.version) {
        State::AsLocked
    } else {
        State::Other(said.lines().next().unwrap_or("nothing").to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_as_a_whole_word() {
        let state = |ask: &str| {
            let tool = Tool {
                name: "t".to_owned(),
                version: "1.2".to_owned(),
                ask: ask.to_owned(),
                from: "here".to_owned(),
                optional: None,
            };
            let place = Workplace {
                folder: std::env::temp_dir(),
                logs: std::env::temp_dir(),
                path: std::env::var_os("PATH").expect("a PATH"),
                variables: Vec::new(),
            };
            state(&tool, &place).expect("bash starts")
        };
        assert_eq!(state("echo t v1.2 of today"), State::AsLocked);
        assert_eq!(state("echo t 1.2.1"), State::Other("t 1.2.1".to_owned()));
        assert_eq!(state("no-such-tool --version"), State::Missing);
    }
}
