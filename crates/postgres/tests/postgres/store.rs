//! A server that keeps its data, whatever becomes of the process that has it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proofmark_postgres::{Search, Store, StoreError, StoreOptions};

use crate::support::{Other, alive, given, query, run_root, until, wait_for_go_on};

fn open(dir: &Path) -> Store {
    Store::open(dir, &StoreOptions::default()).expect("the store opens")
}

fn rows(store: &Store) -> Vec<String> {
    query(store.address(), "SELECT name FROM kept ORDER BY name").expect("the store answers")
}

/// The role of the other process: has a store, has written a row, waits.
#[test]
#[ignore = "a role that other tests start in a process of its own"]
fn has_a_store() {
    let store = open(Path::new(&given("TEST_STORE")));
    query(store.address(), "INSERT INTO kept VALUES ('answered')").expect("it works");
    println!("server_pid={}", store.pid());
    wait_for_go_on();
}

struct Owner {
    other: Other,
    server: i32,
}

fn owner(dir: &Path) -> Owner {
    let mut other = Other::spawn(Other::command("store::has_a_store").env("TEST_STORE", dir));
    let server = other.told("server_pid").parse().expect("a number");
    Owner { other, server }
}

fn end(pid: i32) {
    let kill = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(kill.expect("kill runs").success());
}

/// The shell that guards the server.
fn guard_of(server: i32) -> i32 {
    let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
    let guard = processes.map(|entry| entry.path()).find(|process| {
        let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let arguments: Vec<&[u8]> = command.split(|&byte| byte == 0).collect();
        arguments.contains(&b"proofmark-guard".as_slice())
            && arguments.contains(&server.to_string().as_bytes())
    });
    let name = guard.expect("there is a guard").file_name().expect("a name").to_owned();
    name.to_string_lossy().parse().expect("a number")
}

/// A store that a stopped process has left, with a row in it.
fn left_behind(root: &Path) -> PathBuf {
    let dir = root.join("store");
    let store = open(&dir);
    query(store.address(), "CREATE TABLE kept AS SELECT 'first' AS name").expect("it works");
    store.stop().expect("it stops");
    dir
}

#[test]
fn a_store_is_durable_and_keeps_what_it_was_given() {
    let root = run_root();
    let dir = root.path().join("deep/inside/store");
    let store = open(&dir);
    for (setting, value) in [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("autovacuum", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("max_connections", "100"),
    ] {
        let shown = query(store.address(), &format!("SHOW {setting}"));
        assert_eq!(shown.expect("the store answers"), [value], "{setting}");
    }
    query(store.address(), "CREATE TABLE kept AS SELECT 'first' AS name").expect("it works");
    let first = store.pid();
    store.stop().expect("it stops");
    assert!(!alive(first));

    let settings = vec![("work_mem".to_owned(), "5MB".to_owned())];
    let options = StoreOptions { settings, ..StoreOptions::default() };
    let store = Store::open(&dir, &options).expect("the store opens");
    assert_eq!(query(store.address(), "SHOW work_mem").expect("it answers"), ["5MB"]);
    query(store.address(), "INSERT INTO kept VALUES ('second')").expect("it works");
    drop(store);

    let store = open(&dir);
    assert_eq!(rows(&store), ["first", "second"]);
    assert!(store.dir().ends_with("deep/inside/store"));
}

#[test]
fn whatever_ends_the_process_what_was_answered_is_there() {
    let root = run_root();
    let dir = left_behind(root.path());

    // While it lives nobody else has the store.
    let mut first = owner(&dir);
    let error = Store::open(&dir, &StoreOptions::default()).expect_err("it is taken");
    let StoreError::InUse { pid, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*pid, i32::try_from(first.other.process.id()).ok());
    assert!(error.to_string().contains("is in use by another process ("), "{error}");
    assert!(alive(first.server), "the other goes on");
    let there = Store::address_in(&dir).expect("it exists");
    assert_eq!(query(&there, "SELECT count(*) FROM kept").expect("it answers"), ["2"]);

    // Killed: its server ends by itself.
    first.other.kill();
    until("the server ended", || !alive(first.server));

    // Killed, and its server still runs, because the guard was killed too.
    let mut second = owner(&dir);
    end(guard_of(second.server));
    second.other.kill();
    assert!(alive(second.server));

    // Killed, after its server was.
    let mut third = owner(&dir);
    assert!(!alive(second.server));
    end(third.server);
    third.other.kill();
    let store = open(&dir);
    let log = std::fs::read_to_string(dir.join("server.log")).expect("the log is kept");
    assert!(log.contains("database system was not properly shut down"), "{log}");
    assert_eq!(rows(&store), ["answered", "answered", "answered", "first"]);
}

#[test]
fn what_a_stopped_store_finds_changed() {
    let root = run_root();
    let dir = left_behind(root.path());

    // After a restart of the machine the number of the old server may be anybody's.
    let mut stranger = Command::new("sleep")
        .arg("1000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("sleep runs");
    let lock = format!("{}\n", stranger.id());
    std::fs::write(dir.join("data/postmaster.pid"), &lock).expect("it can be written");
    std::fs::write(dir.join("socket/.s.PGSQL.5432.lock"), &lock).expect("it can be written");
    let store = open(&dir);
    assert_ne!(u32::try_from(store.pid()), Ok(stranger.id()));
    assert!(stranger.try_wait().expect("it is our child").is_none(), "it was not ended");
    stranger.kill().expect("it is our child");
    stranger.wait().expect("it is our child");
    store.stop().expect("it stops");

    let version = std::fs::read_to_string(dir.join("data/PG_VERSION")).expect("it can be read");
    std::fs::write(dir.join("data/PG_VERSION"), "9.6\n").expect("it can be written");
    let error = Store::open(&dir, &StoreOptions::default()).expect_err("the version is odd");
    assert!(matches!(error, StoreError::NoVersion { .. }), "{error:?}");

    std::fs::write(dir.join("data/PG_VERSION"), "99\n").expect("it can be written");
    let search = Search { fetch: false, ..Search::new() };
    let options = StoreOptions { search, ..StoreOptions::default() };
    let error = Store::open(&dir, &options).expect_err("there is no such version");
    assert!(error.to_string().starts_with("no usable PostgreSQL 99 was found"), "{error}");

    // As initdb leaves it when it is killed: under another name, and incomplete.
    std::fs::write(dir.join("data/PG_VERSION"), version).expect("it can be written");
    std::fs::rename(dir.join("data"), dir.join("data.new")).expect("it is ours");
    std::fs::remove_file(dir.join("data.new/PG_VERSION")).expect("it is ours");
    let store = open(&dir);
    assert!(query(store.address(), "SELECT name FROM kept").is_err(), "it was begun again");
}

#[test]
fn a_directory_that_cannot_be_a_store_is_left_alone() {
    let root = run_root();
    let dir = root.path().join("documents");
    std::fs::create_dir(&dir).expect("it can be made");
    std::fs::write(dir.join("letter.txt"), "Dear").expect("it can be written");
    let error = Store::open(&dir, &StoreOptions::default()).expect_err("it is not a store");
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(crate::support::entries(&dir).len(), 1, "nothing was added");

    let long = root.path().join("a".repeat(100));
    let error = Store::open(&long, &StoreOptions::default()).expect_err("a socket has no room");
    assert!(matches!(error, StoreError::TooLong { .. }), "{error:?}");
    assert_eq!(error.help(), "choose a directory with a shorter name");
}
