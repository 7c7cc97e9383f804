//! Finding binaries, and what is said when there are none.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use proofmark_postgres::{
    Cache, FindError, Installation, Origin, Outcome, ProbeError, Search, find,
};

use crate::support::{Other, base, given, run_root, skipped};

#[test]
fn everything_that_was_tried_is_told() {
    let cache_dir = run_root();
    let search = Search { major: Some(99), cache: Cache::at(cache_dir.path()), ..Search::new() };
    let error = find(&search).expect_err("there is no such version yet");
    let text = error.to_string();
    assert!(text.starts_with("no usable PostgreSQL 99 was found; tried:\n  "), "{text}");
    let FindError::NotFound { wanted, attempts } = &error else { panic!("{error:?}") };
    assert_eq!(*wanted, Some(99));
    for origin in [Origin::Env, Origin::Cache, Origin::Npm, Origin::Pip] {
        assert!(attempts.iter().any(|attempt| attempt.origin == origin), "{origin}: {text}");
    }
    assert!(error.help().contains("postgresql@99"), "{}", error.help());
}

fn program(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("it can be written");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");
}

#[test]
fn a_directory_without_initdb_is_no_server() {
    let dir = run_root();
    program(dir.path(), "postgres", "echo 'postgres (PostgreSQL) 16.2'");
    let error = Installation::probe(dir.path(), Origin::Path).expect_err("half a server");
    assert_eq!(error.to_string(), "has no initdb");
}

#[test]
fn a_program_that_fails_is_quoted() {
    let dir = run_root();
    program(dir.path(), "postgres", "echo 'version GLIBC_2.99 not found' >&2; exit 1");
    let error = Installation::probe(dir.path(), Origin::Path).expect_err("it cannot run");
    assert_eq!(error.to_string(), "postgres --version failed: version GLIBC_2.99 not found");
}

#[test]
fn every_missing_library_is_named() {
    let dir = run_root();
    let at = |name: &str| dir.path().join(name);
    let compile = |arguments: &[PathBuf]| {
        Command::new("cc").args(arguments).output().is_ok_and(|output| output.status.success())
    };
    std::fs::write(at("f.c"), "int f(void) { return 0; }").expect("it can be written");
    std::fs::write(at("g.c"), "int g(void) { return 0; }").expect("it can be written");
    std::fs::write(at("main.c"), "int f(void); int g(void); int main(void) { return f() + g(); }")
        .expect("it can be written");
    let (f, g) = (at("libabsent_one.so"), at("libabsent_two.so"));
    let flags =
        |last: &[PathBuf]| [&["-shared".into(), "-fPIC".into(), "-o".into()], last].concat();
    let made = compile(&flags(&[f.clone(), at("f.c")])) && compile(&flags(&[g.clone(), at("g.c")]));
    let linked = compile(&[
        "-o".into(),
        at("postgres"),
        at("main.c"),
        format!("-L{}", dir.path().display()).into(),
        "-labsent_one".into(),
        "-labsent_two".into(),
    ]);
    if !made || !linked {
        skipped("there is no C compiler");
        return;
    }
    std::fs::remove_file(f).expect("it is ours");
    std::fs::remove_file(g).expect("it is ours");
    let error = Installation::probe(dir.path(), Origin::Path).expect_err("it cannot run");
    assert!(matches!(error, ProbeError::MissingLibrary { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "postgres needs libabsent_one.so, libabsent_two.so, which this machine does not have"
    );
}

/// The role of the other process: searches with the environment that it was given.
#[test]
#[ignore = "a role that other tests start in a process of its own"]
fn searches() {
    let major = given("TEST_MAJOR").parse().ok();
    let search = Search { major, fetch: false, ..Search::new() };
    match find(&search) {
        Ok(found) => println!(
            "found={} {} {}",
            found.installation.origin(),
            found.installation.version().major,
            found.installation.bin_dir().display(),
        ),
        Err(error) => println!("found={}", error.to_string().replace('\n', " | ")),
    }
}

fn search_with(bin: &std::ffi::OsStr, major: &str) -> String {
    let mut command = Other::command("search::searches");
    command.env("PROOFMARK_POSTGRES_BIN", bin).env("TEST_MAJOR", major);
    let mut other = Other::spawn(&mut command);
    let found = other.told("found");
    assert!(other.process.wait().expect("it is our child").success());
    found
}

#[test]
fn the_directory_that_the_user_names_comes_first() {
    let (installation, _) = base();
    let bin_dir = installation.bin_dir();
    let major = installation.version().major.to_string();
    let expected = format!("PROOFMARK_POSTGRES_BIN {major} {}", bin_dir.display());
    assert_eq!(search_with(bin_dir.as_os_str(), ""), expected);
    assert_eq!(search_with(bin_dir.as_os_str(), &major), expected);
    // Of another major version, it is passed over.
    let other = search_with(bin_dir.as_os_str(), "99");
    assert!(other.starts_with("no usable PostgreSQL 99 was found; tried: | "), "{other}");
    assert!(other.contains("another major"), "{other}");
}

#[test]
fn a_named_directory_that_cannot_be_used_is_an_error() {
    let dir = run_root();
    let found = search_with(dir.path().as_os_str(), "");
    let expected =
        format!("PROOFMARK_POSTGRES_BIN names {}, which has no postgres", dir.path().display());
    assert_eq!(found, expected);
}

#[test]
fn the_probe_of_a_real_server_is_usable() {
    let found = find(&Search::new()).expect("a PostgreSQL is found or fetched");
    let version = found.installation.version();
    assert!(found.attempts.iter().any(|a| a.outcome == Outcome::Usable(version)));
    assert_eq!(found.installation.fingerprint().len(), 16);
    assert!(version.major >= 14, "{version}");
}
