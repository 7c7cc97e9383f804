//! `cargo xtask advisories`: known vulnerabilities of the dependencies.
//!
//! In: `Cargo.lock` and the RustSec advisory database: a copy of it as `rustsec.tar.xz` in
//! `$PROOFMARK_ADVISORY_DB` or beside this repository in `../shared/advisory-db`, else what
//! cargo-deny can fetch. Out: cargo-deny's report and the age of the data, in days.
//!
//! **Invariant:** without data the outcome is "skipped, because", never "clean".

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::Outcome;
use crate::civil_date;
use crate::deny;

/// The folder that cargo-deny looks for below its database path: the name of the default database
/// with a hash of its address.
const DATABASE: &str = "advisory-db-3157b0e258782691";

/// Checks the dependencies against the newest data at hand.
#[expect(clippy::print_stdout, reason = "the age of the data is part of the answer")]
pub(crate) fn run(root: &Path) -> anyhow::Result<Outcome> {
    let tool = deny::installed(root)?;
    let databases = deny::tools(root).join("advisory-dbs");
    let config = config_with_path(root, &databases)?;
    let snapshot = snapshot(root);
    if let Some(archive) = &snapshot {
        unpack(archive, &databases)?;
    } else if !fetch(&tool, &config)? {
        let why = "no advisory database: none beside the repository, and it cannot be fetched";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let newest = newest_date(&databases)?;
    let age = civil_date::days_of(&newest).map(|days| civil_date::today_days() - days);
    let age = age.context("the newest advisory has no date")?;
    let origin = if snapshot.is_some() { "a copy" } else { "fetched" };
    println!("advisories: {origin}, newest entry {newest}, {age} days old");
    let status = Command::new(&tool)
        .arg("--config")
        .arg(&config)
        .args(["--offline", "--workspace", "check", "--hide-inclusion-graph", "advisories"])
        .current_dir(root)
        .status()?;
    Ok(if status.success() { Outcome::Clean } else { Outcome::ToMend })
}

fn snapshot(root: &Path) -> Option<PathBuf> {
    let folder = env::var_os("PROOFMARK_ADVISORY_DB")
        .map_or_else(|| root.join("../shared/advisory-db"), PathBuf::from);
    Some(folder.join("rustsec.tar.xz")).filter(|archive| archive.is_file())
}

fn fetch(tool: &Path, config: &Path) -> anyhow::Result<bool> {
    let fetched = Command::new(tool).arg("--config").arg(config).args(["fetch", "db"]).output()?;
    Ok(fetched.status.success())
}

/// `deny.toml` with the place of the database, which it can only take from its file.
fn config_with_path(root: &Path, databases: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(databases)?;
    let mut config: toml::Table = toml::from_str(&fs::read_to_string(root.join("deny.toml"))?)?;
    let section = config.get_mut("advisories").and_then(toml::Value::as_table_mut);
    let place = databases.to_str().context("the build folder's path is not UTF-8")?;
    section
        .context("deny.toml has no [advisories]")?
        .insert("db-path".to_owned(), toml::Value::String(place.to_owned()));
    let path = databases.join("deny.toml");
    fs::write(&path, toml::to_string(&config)?)?;
    Ok(path)
}

/// Unpacks the copy as the git repository with one commit that cargo-deny expects.
fn unpack(archive: &Path, databases: &Path) -> anyhow::Result<()> {
    let database = databases.join(DATABASE);
    if database.exists() {
        fs::remove_dir_all(&database)?;
    }
    fs::create_dir_all(&database)?;
    succeed(Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(&database))?;
    let git = || {
        let mut git = Command::new("git");
        git.arg("-C").arg(&database);
        git
    };
    succeed(git().args(["init", "--quiet"]))?;
    succeed(git().args(["add", "--all"]))?;
    let author = ["-c", "user.name=tidy", "-c", "user.email=tidy@localhost"];
    succeed(git().args(author).args(["commit", "--quiet", "--no-verify", "--message=a copy"]))
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

/// The latest `date = "..."` of all advisories.
fn newest_date(databases: &Path) -> anyhow::Result<String> {
    let mut folders = vec![databases.to_path_buf()];
    let mut newest = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let date = text.lines().find_map(|line| line.strip_prefix("date = \""));
                let date = date.map_or("", |rest| rest.trim_end_matches('"'));
                newest = newest.max(date.to_owned());
            }
        }
    }
    ensure!(!newest.is_empty(), "the advisory database holds no advisory");
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_date_is_found_and_an_empty_database_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(newest_date(folder.path()).is_err());
        let below = folder.path().join("crates/x");
        fs::create_dir_all(&below).expect("folders");
        for (name, date) in [("a.md", "2026-08-20"), ("b.md", "2025-12-31")] {
            let text = format!("```toml\n[advisory]\ndate = \"{date}\"\n```\n");
            fs::write(below.join(name), text).expect("a file");
        }
        assert_eq!(newest_date(folder.path()).expect("two dates"), "2026-08-20");
    }

    #[test]
    fn the_place_of_the_database_is_added_to_our_rules() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("deny.toml"), "[advisories]\nignore = []\n").expect("a file");
        let databases = folder.path().join("dbs");
        let config = config_with_path(folder.path(), &databases).expect("a readable config");
        let written = fs::read_to_string(config).expect("it was written");
        assert!(written.contains("db-path = "), "{written}");
    }
}
