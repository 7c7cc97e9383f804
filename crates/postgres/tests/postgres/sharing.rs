//! Several processes that share one server.

use std::path::Path;
use std::process::Command;

use proofmark_postgres::{Server, ServerOptions};

use crate::support::{
    Other, alive, base, entries, given, options_in, query, run_root, until, wait_for_go_on,
};

fn join(run_root: &Path) -> Server {
    let (installation, image) = base();
    let options = ServerOptions { linger_ms: 200, ..options_in(run_root) };
    Server::join_or_start("a workspace", installation, image, &options).expect("it starts or joins")
}

/// The role of the other process: joins, tells, waits, leaves.
#[test]
#[ignore = "a role that other tests start in a process of its own"]
fn joins_a_server() {
    let server = join(Path::new(&given("TEST_RUN_ROOT")));
    assert_eq!(query(server.address(), "SELECT 1").expect("it answers"), ["1"]);
    println!("server_pid={}", server.pid());
    println!("run_dir={}", server.run_dir().display());
    wait_for_go_on();
    server.stop().expect("it can always be left");
}

fn has_flock() -> bool {
    let found = Command::new("flock").arg("--version").output().is_ok();
    if !found {
        crate::support::skipped("flock(1) is not installed, so every process has its own server");
    }
    found
}

#[test]
fn many_processes_share_one_server_and_the_last_one_out_ends_it() {
    if !has_flock() {
        return;
    }
    let root = run_root();
    let mut others: Vec<Other> = (0..6)
        .map(|_| {
            let mut command = Other::command("sharing::joins_a_server");
            Other::spawn(command.env("TEST_RUN_ROOT", root.path()))
        })
        .collect();
    let servers: Vec<String> = others.iter_mut().map(|other| other.told("server_pid")).collect();
    assert!(servers.iter().all(|pid| pid == &servers[0]), "{servers:?}");
    let server: i32 = servers[0].parse().expect("a number");

    // Most leave properly, whoever started it among them, and one is killed.
    let mut last = others.pop().expect("six of them");
    others.pop().expect("five of them").kill();
    for mut other in others {
        other.go_on();
        assert!(other.process.wait().expect("it is our child").success());
    }
    let mut late =
        Other::spawn(Other::command("sharing::joins_a_server").env("TEST_RUN_ROOT", root.path()));
    assert_eq!(late.told("server_pid"), servers[0], "one user keeps it alive");
    late.kill();
    last.kill();
    until("the run directory is gone", || entries(root.path()).is_empty());
    assert!(!alive(server));
}

#[test]
fn a_server_can_be_joined_while_it_lingers() {
    if !has_flock() {
        return;
    }
    let root = run_root();
    let pids: Vec<i32> = (0..3)
        .map(|_| {
            let server = join(root.path());
            let pid = server.pid();
            server.stop().expect("it can always be left");
            pid
        })
        .collect();
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    until("the run directory is gone", || entries(root.path()).is_empty());
    assert!(!alive(pids[0]));
}

#[test]
fn threads_share_as_processes_do() {
    if !has_flock() {
        return;
    }
    let root = run_root();
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let joining: Vec<_> = (0..4).map(|_| scope.spawn(|| join(root.path()))).collect();
        joining.into_iter().map(|thread| thread.join().expect("it joins")).collect()
    });
    let addresses: Vec<_> = servers.iter().map(Server::address).collect();
    assert!(addresses.iter().all(|address| *address == addresses[0]));
    assert!(servers.iter().all(Server::is_shared));
    std::fs::write(servers[0].shared_dir().join("note"), "read me").expect("it can be written");
    let note = std::fs::read_to_string(servers[3].shared_dir().join("note"));
    assert_eq!(note.expect("all see the same directory"), "read me");
    drop(servers);
    until("the run directory is gone", || entries(root.path()).is_empty());
}

#[test]
fn other_settings_get_another_server() {
    if !has_flock() {
        return;
    }
    let root = run_root();
    let (installation, image) = base();
    let other = ServerOptions { max_connections: 20, linger_ms: 0, ..options_in(root.path()) };
    let one = join(root.path());
    let two = Server::join_or_start("a workspace", installation, image, &other).expect("starts");
    assert_ne!(one.run_dir(), two.run_dir());
    drop((one, two));
    until("the run directories are gone", || entries(root.path()).is_empty());
}

#[test]
fn a_shared_server_that_died_is_replaced() {
    if !has_flock() {
        return;
    }
    let root = run_root();
    let mut other =
        Other::spawn(Other::command("sharing::joins_a_server").env("TEST_RUN_ROOT", root.path()));
    let dead: i32 = other.told("server_pid").parse().expect("a number");
    let kill = Command::new("kill").args(["-9", &dead.to_string()]).status();
    assert!(kill.expect("kill runs").success());
    other.kill();
    let server = join(root.path());
    assert_ne!(server.pid(), dead);
    assert_eq!(query(server.address(), "SELECT 1").expect("it answers"), ["1"]);
    drop(server);
    until("the run directory is gone", || entries(root.path()).is_empty());
}
