//! Servers started by root, which PostgreSQL refuses.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use proofmark_postgres::{
    Account, Cache, Image, Installation, Origin, Search, Server, ServerOptions, base_image, find,
};

use crate::support::{base, entries, options_in, query, run_root, skipped};

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        skipped("this process is not root, so there are no rights to give up");
    }
    root
}

/// The user that root becomes on this machine.
fn unprivileged() -> Account {
    let known = ["postgres", "nobody"];
    let user = known.iter().find_map(|name| nix::unistd::User::from_name(name).ok().flatten());
    user.map_or(Account::User { uid: 65534, gid: 65534 }, |user| Account::User {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    })
}

fn runs_as(account: Account, installation: &Installation, image: &Image) -> (u32, u32) {
    let options = ServerOptions { account: Some(account), ..ServerOptions::default() };
    let server = Server::start(installation, image, &options).expect("the server starts");
    assert_eq!(query(server.address(), "SELECT 1").expect("it answers"), ["1"]);
    let process = std::fs::metadata(format!("/proc/{}", server.pid())).expect("it runs");
    let data = server.run_dir().join("data").metadata().expect("it exists");
    assert_eq!(data.permissions().mode() & 0o777, 0o700);
    server.stop().expect("it stops");
    (process.uid(), data.uid())
}

#[test]
fn root_becomes_an_unprivileged_user() {
    if !is_root() {
        return;
    }
    let (installation, image) = base();
    let Account::User { uid, .. } = unprivileged() else { unreachable!("it is a user") };
    assert_eq!(runs_as(unprivileged(), installation, image), (uid, uid));
}

#[test]
fn root_enters_a_user_namespace() {
    if !is_root() {
        return;
    }
    let unshare = Command::new("unshare").args(["--user", "true"]).status();
    if !unshare.is_ok_and(|status| status.success()) {
        skipped("this kernel allows no user namespaces");
        return;
    }
    let (installation, image) = base();
    // Seen from outside, everything still belongs to root.
    assert_eq!(runs_as(Account::Namespace, installation, image), (0, 0));
}

#[test]
fn programs_in_a_closed_directory_are_copied_for_an_unprivileged_user() {
    if !is_root() {
        return;
    }
    let search = Search { major: Some(16), ..Search::new() };
    let fetched = match find(&search) {
        Ok(found) if found.installation.origin() != Origin::Directory => found.installation,
        Ok(_) => return skipped("PostgreSQL 16 is installed; only a fetched one can be moved"),
        Err(error) => return skipped(&format!("no PostgreSQL 16 could be fetched: {error}")),
    };
    let closed = run_root();
    let home = closed.path().join("servers/16");
    std::fs::create_dir_all(closed.path().join("servers")).expect("it can be made");
    let tree = fetched.bin_dir().parent().expect("bin is in a directory");
    let copy = Command::new("cp").arg("-a").arg(tree).arg(&home).status();
    assert!(copy.expect("cp runs").success());
    std::fs::set_permissions(closed.path(), PermissionsExt::from_mode(0o700)).expect("ours");

    let installation = Installation::probe(&home.join("bin"), Origin::Cache).expect("it runs");
    let image = proofmark_postgres::base_image(&fetched, &proofmark_postgres::Cache::user());
    let image = image.expect("initdb works");
    let root = run_root();
    let account = Some(unprivileged());
    let options = ServerOptions { account, ..options_in(root.path()) };
    let server = Server::start(&installation, &image, &options).expect("the server starts");
    let program = std::fs::read_link(format!("/proc/{}/exe", server.pid())).expect("it runs");
    assert!(program.starts_with(server.run_dir()), "{}", program.display());
    server.stop().expect("it stops");
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn when_nothing_works_the_error_says_what_was_tried() {
    if !is_root() {
        return;
    }
    // Nobody but root can pass through this directory.
    let root = run_root();
    std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o700)).expect("ours");
    let (installation, image) = base();
    let account = Some(unprivileged());
    let options = ServerOptions { account, ..options_in(root.path()) };
    let error = Server::start(installation, image, &options).expect_err("it cannot start");
    let text = error.to_string();
    assert!(text.starts_with("PostgreSQL refuses to run as root, and no other way"), "{text}");
    assert!(text.contains("Permission denied"), "{text}");
    assert!(error.help().contains("CAP_SETUID"), "{}", error.help());
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

/// Started by the test below as a user without a name.
#[test]
#[ignore = "a role of `a_user_without_a_name_can_run_a_server`"]
fn starts_a_server_without_a_name() {
    let cache = Cache::user();
    let search = Search { fetch: false, cache: cache.clone(), ..Search::new() };
    let found = find(&search).expect("the caller looked for one");
    let image = base_image(&found.installation, &cache).expect("initdb runs without a name");
    let options = ServerOptions::default();
    let server = Server::start(&found.installation, &image, &options).expect("it starts");
    assert_eq!(query(server.address(), "SELECT 1").expect("it answers"), ["1"]);
    server.stop().expect("it stops");
}

#[test]
fn a_user_without_a_name_can_run_a_server() {
    if !is_root() {
        return;
    }
    let uid = 54_321;
    let search = Search { fetch: false, ..Search::new() };
    let installed = find(&search).is_ok_and(|found| found.installation.origin() != Origin::Cache);
    if !installed || nix::unistd::User::from_uid(uid.into()).is_ok_and(|user| user.is_some()) {
        return skipped("no PostgreSQL that every user can read, or user 54321 has a name");
    }
    let home = run_root();
    std::os::unix::fs::chown(home.path(), Some(uid), Some(uid)).expect("root may");
    // The test program itself may lie where only root can go.
    let program = home.path().join("test");
    std::fs::copy(std::env::current_exe().expect("it runs"), &program).expect("there is room");
    let output = Command::new(&program)
        .args(["--ignored", "--exact", "root::starts_a_server_without_a_name", "--nocapture"])
        .env("PROOFMARK_CACHE", home.path().join("cache"))
        .env("PROOFMARK_RUN_ROOT", home.path())
        .env("HOME", home.path())
        .current_dir(home.path())
        .uid(uid)
        .gid(uid)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
