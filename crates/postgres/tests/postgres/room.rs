//! Places without room or without permission.

use std::path::Path;
use std::process::Command;

use proofmark_postgres::{Cache, ImageError, RunDirError, Server, StartError, base_image};

use crate::support::{Other, base, entries, given, options_in, run_root, skipped};

/// The role of the other process: starts a server where there is no room.
#[test]
#[ignore = "a role that other tests start in a process of its own"]
fn starts_without_room() {
    let place = given("TEST_RUN_ROOT");
    let (installation, image) = base();
    let error = Server::start(installation, image, &options_in(Path::new(&place)));
    let error = error.expect_err("there is no room");
    assert!(matches!(error, StartError::DiskFull { .. }), "{error:?}");
    assert!(error.help().contains("PROOFMARK_RUN_ROOT"));
    assert_eq!(entries(Path::new(&place)), Vec::<String>::new(), "it tidies up");

    let error = base_image(installation, &Cache::at(Path::new(&place).join("cache")));
    let error = error.expect_err("there is no room for an image either");
    assert!(matches!(error, ImageError::DiskFull { .. }), "{error:?}");
    println!("verdict=as expected");
}

#[test]
fn a_full_disk_is_called_a_full_disk() {
    let place = run_root();
    let mount = "mount -t tmpfs -o size=12m tmpfs \"$TEST_RUN_ROOT\"";
    let probe = Command::new("unshare")
        .args(["--mount", "sh", "-c", mount])
        .env("TEST_RUN_ROOT", place.path())
        .output();
    if !probe.is_ok_and(|output| output.status.success()) {
        skipped("a small file system can be mounted only by root");
        return;
    }
    base();
    let program = std::env::current_exe().expect("we run from a file");
    let role = Other::command("room::starts_without_room");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &format!("{mount} && exec \"$@\"")]);
    command.arg("sh").arg(program).args(role.get_args());
    let mut other = Other::spawn(command.env("TEST_RUN_ROOT", place.path()));
    assert_eq!(other.told("verdict"), "as expected");
    assert!(other.process.wait().expect("it is our child").success());
}

#[test]
fn a_run_root_that_cannot_be_written_is_named() {
    let (installation, image) = base();
    let file = tempfile::NamedTempFile::new().expect("it can be made");
    let error = Server::start(installation, image, &options_in(file.path()));
    let error = error.expect_err("a file is no directory");
    assert!(matches!(error, StartError::RunDir(RunDirError::Root { .. })), "{error:?}");
    assert_eq!(error.to_string(), format!("cannot make a directory in {}", file.path().display()));
    assert!(error.help().contains("PROOFMARK_RUN_ROOT"));
}

#[test]
fn a_run_root_that_others_can_write_is_refused() {
    let root = run_root();
    let base_dir = root.path().join(format!("proofmark-{}", nix::unistd::geteuid()));
    std::fs::create_dir(&base_dir).expect("it can be made");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&base_dir, open).expect("it is ours");
    let (installation, image) = base();
    let error = Server::start(installation, image, &options_in(root.path()));
    let error = error.expect_err("anyone could replace the socket");
    assert!(error.to_string().ends_with("can be written by other users"), "{error}");
}

#[test]
fn a_run_root_with_too_long_a_name_is_refused() {
    let root = run_root();
    let long = root.path().join("x".repeat(90));
    std::fs::create_dir(&long).expect("it can be made");
    let (installation, image) = base();
    let error = Server::start(installation, image, &options_in(&long));
    let error = error.expect_err("no socket fits there");
    assert!(matches!(error, StartError::RunDir(RunDirError::TooLong { .. })), "{error:?}");
}

#[test]
fn a_log_that_cannot_be_written_is_named() {
    let root = run_root();
    let mut options = options_in(root.path());
    options.log_file = Some(root.path().join("missing/server.log"));
    let (installation, image) = base();
    let error = Server::start(installation, image, &options).expect_err("nowhere to log");
    assert!(error.to_string().ends_with("missing/server.log"), "{error}");
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let (installation, _) = base();
    let file = tempfile::NamedTempFile::new().expect("it can be made");
    let error = base_image(installation, &Cache::at(file.path())).expect_err("a file is no cache");
    assert!(matches!(error, ImageError::Cache { .. }), "{error:?}");
    assert!(error.help().contains("PROOFMARK_CACHE"));
}
