//! `cargo xtask ci plan`: which groups of gates a change concerns.
//!
//! In: the files that differ from `base`, and the `inputs` of every gate. Out: a line
//! `<group>=true` or `<group>=false` for each group; without a base, everything is concerned.
//!
//! **Invariant:** in doubt a group is run: a file that no gate names concerns all of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::console::say;
use super::gates::Gates;
use crate::Outcome;

/// Says which groups are concerned.
pub(crate) fn run(root: &Path, base: Option<&str>) -> anyhow::Result<Outcome> {
    let gates = Gates::read(root)?;
    let changed = base.map(|base| changed_since(root, base)).transpose()?;
    for (group, concerned) in concerned(&gates, changed.as_deref()) {
        say(&format!("{group}={concerned}"));
    }
    Ok(Outcome::Clean)
}

fn changed_since(root: &Path, base: &str) -> anyhow::Result<Vec<String>> {
    let listed = Command::new("git")
        .args(["diff", "--name-only", "-z", "--merge-base", base])
        .current_dir(root)
        .output()
        .context("cannot start git")?;
    let said = String::from_utf8_lossy(&listed.stderr).into_owned();
    ensure!(listed.status.success(), "git diff --merge-base {base}: {said}");
    let text = String::from_utf8(listed.stdout).context("a path is not UTF-8")?;
    Ok(text.split_terminator('\0').map(str::to_owned).collect())
}

fn concerned<'a>(gates: &'a Gates, changed: Option<&[String]>) -> BTreeMap<&'a str, bool> {
    let mut groups = BTreeMap::new();
    let matches = |globs: &[String], path: &str| {
        globs.iter().any(|glob| fast_glob::glob_match(glob.as_bytes(), path.as_bytes()))
    };
    // `**` says nothing of what a file is about.
    let named = |path: &str| {
        gates
            .all
            .iter()
            .any(|gate| !gate.inputs.iter().any(|glob| glob == "**") && matches(&gate.inputs, path))
    };
    let unknown = changed.is_none_or(|paths| paths.iter().any(|path| !named(path)));
    for gate in &gates.all {
        let hit = changed.is_some_and(|paths| paths.iter().any(|path| matches(&gate.inputs, path)));
        *groups.entry(gate.group.as_str()).or_insert(false) |= unknown || hit;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_concerns_the_groups_that_name_it_and_in_doubt_all() {
        let gate = |id: &str, glob: &str, group: &str| {
            format!(
                "[[gate]]\nid = \"{id}\"\nsays = \"s\"\nrun = \"true\"\nclass = \"fast\"\n\
                 inputs = [\"{glob}\"]\nbudget_s = 1\ngroup = \"{group}\"\n\
                 proof = {{ expect = \"x\" }}\n"
            )
        };
        let text = gate("a", "**/*.rs", "test") + &gate("b", "shop/migrations/*.sql", "db");
        let gates = Gates::parse(&text).expect("two gates");
        let groups = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            let concerned = concerned(&gates, Some(&paths));
            concerned
                .into_iter()
                .filter(|(_, yes)| *yes)
                .map(|(group, _)| group)
                .collect::<Vec<_>>()
        };
        assert_eq!(groups(&["shop/migrations/1.sql"]), ["db"]);
        assert_eq!(groups(&["crates/a/src/lib.rs"]), ["test"]);
        assert_eq!(groups(&["something/new"]), ["db", "test"]);
        assert!(groups(&[]).is_empty());
        assert!(concerned(&gates, None).values().all(|concerned| *concerned));
    }
}
