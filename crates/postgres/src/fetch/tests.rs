//! The fetchers against the real registries, and without any.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{FetchError, Fetcher, client, fetch, fetch_with, fetchers, npm, pins, pip};
use crate::{Attempt, Cache, Origin, Outcome, Search};

fn search(cache: &Path, major: u16) -> Search {
    Search { major: Some(major), cache: Cache::at(cache), ..Search::new() }
}

fn skipped(why: &str) {
    println!("SKIPPED: {why}");
}

/// The server that this fetcher gets, or `None` if this machine cannot get one.
fn fetched_with(origin: Origin, major: u16, cache: &Path) -> Option<crate::Installation> {
    let all = fetchers(major);
    let fetcher: &Fetcher = all.iter().find(|f| f.origin == origin).expect("it is one of them");
    match fetch_with(fetcher, major, &search(cache, major)) {
        Ok(installation) => Some(installation),
        // Every other error is a defect: a wrong hash, a package that unpacks to nothing.
        Err(
            error @ (FetchError::NoClient(_)
            | FetchError::NoPackage { .. }
            | FetchError::Client { .. }
            | FetchError::TooSlow { .. }
            | FetchError::DoesNotRun(crate::ProbeError::MissingLibrary { .. })),
        ) => {
            skipped(&crate::search::chain(&error));
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn npm_gives_a_server_that_runs() {
    let cache = tempfile::tempdir().expect("a directory");
    let Some(installation) = fetched_with(Origin::Npm, 17, cache.path()) else { return };
    assert_eq!(installation.version().major, 17);
    let home = cache.path().join("servers/17.10-npm");
    assert_eq!(installation.bin_dir(), home.join("bin").canonicalize().expect("it exists"));
    let icu = fs::symlink_metadata(home.join("lib/libicuuc.so.60"));
    if cfg!(target_os = "linux") {
        assert!(icu.expect("the links are made again").is_symlink());
    }
    assert_eq!(fs::read_dir(cache.path().join("servers")).expect("it exists").count(), 1);
}

#[test]
fn pip_gives_a_server_that_runs() {
    let cache = tempfile::tempdir().expect("a directory");
    let Some(installation) = fetched_with(Origin::Pip, 16, cache.path()) else { return };
    assert_eq!(installation.version().major, 16);
    assert_eq!(installation.tool("psql"), Some(installation.bin_dir().join("psql")));
    assert_eq!(fs::read_dir(cache.path().join("servers")).expect("it exists").count(), 1);
}

#[test]
fn what_has_another_hash_is_not_unpacked() {
    let dir = tempfile::tempdir().expect("a directory");
    let tarball = dir.path().join("package.tgz");
    fs::write(&tarball, "tampered").expect("it can be written");
    let error = npm::unpack(&tarball, "AAAA", dir.path()).expect_err("the hash is another");
    let FetchError::Hash { actual, expected } = &error else { panic!("{error:?}") };
    assert_eq!((actual.len(), expected.as_str()), (88, "AAAA"));
    assert_eq!(fs::read_dir(dir.path()).expect("it exists").count(), 1, "only the tarball");
}

#[test]
fn what_a_killed_fetch_left_is_removed_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in [".new-abc/bin", "18.4-npm/bin"] {
        fs::create_dir_all(dir.path().join(name)).expect("it can be made");
    }
    super::remove_unfinished(dir.path());
    assert!(!dir.path().join(".new-abc").exists());
    assert!(dir.path().join("18.4-npm/bin").exists());
}

#[test]
fn every_major_from_14_to_18_has_a_package_here() {
    let here = (std::env::consts::OS, std::env::consts::ARCH);
    if here != ("linux", "x86_64") {
        return skipped("the table is complete only for linux on x86_64");
    }
    for major in 14..=18 {
        assert!(npm::place(major).contains(&format!("linux-x64@{major}.")), "{major}");
        assert!(pip::place(major).contains(&format!("=={major}.")), "{major}");
        assert_eq!(pins::npm(major).map(|pin| pin.sha512.len()), Some(88), "{major}");
        assert_eq!(pins::pip(major).map(|pin| pin.sha256.len()), Some(64), "{major}");
    }
    assert!(pins::npm(99).is_none() && pins::pip(99).is_none());
}

#[test]
fn a_client_that_fails_is_quoted() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = "echo 'npm notice hello' >&2; echo 'npm error network' >&2; exit 1";
    let error = client::run("npm", Command::new("sh").args(["-c", script]), dir.path());
    assert_eq!(error.expect_err("it fails").to_string(), "npm failed: npm error network");
}

/// The role of the other process: fetches with the search path that it was given.
#[test]
#[ignore = "a role that another test starts in a process of its own"]
fn fetches() {
    let cache = std::env::var_os("TEST_CACHE").expect("it is set for this role");
    let mut attempts: Vec<Attempt> = Vec::new();
    assert_eq!(fetch(&search(Path::new(&cache), 18), &mut attempts), None);
    for attempt in attempts {
        let (Outcome::Absent(why) | Outcome::Unusable(why)) = &attempt.outcome else {
            panic!("{attempt}")
        };
        println!("{}={why}", attempt.origin);
    }
}

#[test]
fn offline_every_fetcher_says_what_is_wrong() {
    let dir = tempfile::tempdir().expect("a directory");
    let npm = dir.path().join("npm");
    // Written by another process: one that a thread of this one forks meanwhile would hold the
    // file open for writing, and it could not be run.
    let script = "#!/bin/sh\necho 'npm error network ENOTFOUND' >&2\nexit 1\n";
    let write = "printf '%s' \"$1\" >\"$0\" && chmod 755 \"$0\"";
    let status = Command::new("sh").args(["-c", write]).arg(&npm).arg(script).status();
    assert!(status.expect("there is a shell").success());
    let output = Command::new(std::env::current_exe().expect("we run from a file"))
        .args(["--ignored", "--exact", "--nocapture", "fetch::tests::fetches"])
        .env("PATH", dir.path())
        .env("TEST_CACHE", dir.path().join("cache"))
        // Nobody listens there.
        .envs([("HTTPS_PROXY", "http://127.0.0.1:9"), ("https_proxy", "http://127.0.0.1:9")])
        .output()
        .expect("this binary can be run");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = |origin: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(&format!("{origin}=")));
        lines.next().map(|(_, why)| why.to_owned()).unwrap_or_default()
    };
    assert_eq!(told("npm"), "npm failed: npm error network ENOTFOUND", "{text}");
    assert_eq!(told("pip"), "pip is not installed", "{text}");
    if cfg!(feature = "archive") {
        let why = told("archive");
        assert!(why.starts_with("no release archive could be fetched: "), "{text}");
    }
    let left = fs::read_dir(dir.path().join("cache/servers")).expect("it was made");
    assert_eq!(left.count(), 0, "nothing unfinished stays");
}
