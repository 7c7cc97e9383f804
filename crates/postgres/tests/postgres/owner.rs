//! What happens when the process that owns a server is killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proofmark_postgres::{Image, sweep};

use crate::support::{
    Other, alive, entries, given, options_in, run_root, start, until, wait_for_go_on,
};

/// The role of the other process: owns a server until it is killed.
#[test]
#[ignore = "a role that other tests start in a process of its own"]
#[expect(clippy::zombie_processes, reason = "being orphaned is its part")]
fn owns_a_server() {
    let server = start(&options_in(Path::new(&given("TEST_RUN_ROOT"))));
    if let Ok(keep) = std::env::var("TEST_KEEP") {
        server.keep_in(Some(Path::new(&keep))).expect("the request is written");
    }
    println!("run_dir={}", server.run_dir().display());
    println!("server_pid={}", server.pid());
    let command = Command::new("sleep")
        .arg("1000")
        .env("PROOFMARK_RUN", server.run_id().as_str())
        .stdout(Stdio::null())
        .spawn()
        .expect("sleep runs");
    println!("command_pid={}", command.id());
    wait_for_go_on();
}

struct Owner {
    other: Other,
    run_dir: PathBuf,
    server: i32,
    command: i32,
}

fn owner(run_root: &Path, change: impl FnOnce(&mut Command)) -> Owner {
    let mut command = Other::command("owner::owns_a_server");
    command.env("TEST_RUN_ROOT", run_root);
    change(&mut command);
    let mut other = Other::spawn(&mut command);
    let run_dir = PathBuf::from(other.told("run_dir"));
    let server = other.told("server_pid").parse().expect("a number");
    let command = other.told("command_pid").parse().expect("a number");
    assert!(alive(server) && alive(command));
    Owner { other, run_dir, server, command }
}

/// The shell that keeps this run directory.
fn keeper_of(run_dir: &Path) -> i32 {
    let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
    let keeper = processes.map(|entry| entry.path()).find(|process| {
        let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let arguments: Vec<&[u8]> = command.split(|&byte| byte == 0).collect();
        arguments.contains(&b"proofmark-keeper".as_slice())
            && arguments.contains(&run_dir.as_os_str().as_encoded_bytes())
    });
    let name = keeper.expect("there is a keeper").file_name().expect("a name").to_owned();
    name.to_string_lossy().parse().expect("a number")
}

#[test]
fn a_killed_owner_leaves_no_process_and_no_directory() {
    let root = run_root();
    let mut owner = owner(root.path(), |_| {});
    owner.other.kill();
    until("the run directory is gone", || entries(root.path()).is_empty());
    assert!(!alive(owner.server));
    assert!(!alive(owner.command), "the orphaned command has to end too");
}

#[test]
fn without_flock_a_killed_owner_leaves_nothing_either() {
    let root = run_root();
    let bin = run_root();
    // What the keeper uses, and no flock. The first of a name wins, as on a search path.
    let path = std::env::var_os("PATH").unwrap_or_default();
    for dir in std::env::split_paths(&path) {
        for name in ["sh", "grep", "sleep", "id", "mv", "rm", "rmdir", "cat", "ps"] {
            let (program, link) = (dir.join(name), bin.path().join(name));
            if program.exists() && !link.exists() {
                std::os::unix::fs::symlink(program, link).expect("it can be made");
            }
        }
    }
    let bin_dir = crate::support::base().0.bin_dir();
    let mut owner = owner(root.path(), |command| {
        command.env("PATH", bin.path()).env("PROOFMARK_POSTGRES_BIN", bin_dir);
    });
    owner.other.kill();
    until("the run directory is gone", || entries(root.path()).is_empty());
    assert!(!alive(owner.server));
}

#[test]
fn what_a_killed_owner_wanted_to_keep_is_kept() {
    let (root, elsewhere) = (run_root(), run_root());
    let keep = elsewhere.path().join("kept databases");
    let mut owner = owner(root.path(), |command| {
        command.env("TEST_KEEP", &keep);
    });
    owner.other.kill();
    until("the run directory is gone", || entries(root.path()).is_empty());
    let kept = Image::open(&keep).expect("the data directory was kept");
    let (installation, _) = crate::support::base();
    let options = options_in(root.path());
    let again = proofmark_postgres::Server::start(installation, &kept, &options);
    again.expect("it starts").stop().expect("it stops");
}

#[test]
fn when_the_keeper_is_killed_too_the_next_sweep_cleans_up() {
    let root = run_root();
    let mut owner = owner(root.path(), |_| {});
    assert_eq!(sweep(Some(root.path())).expect("it can look"), [], "it is in use");
    let keeper = keeper_of(&owner.run_dir);
    let kill = Command::new("kill").args(["-9", &keeper.to_string()]).status();
    assert!(kill.expect("kill runs").success());
    until("the keeper is gone", || !alive(keeper));
    assert_eq!(sweep(Some(root.path())).expect("it can look"), [], "its owner still lives");
    owner.other.kill();
    assert!(alive(owner.server), "nobody has ended it yet");
    until("the sweep finds it", || {
        let swept = sweep(Some(root.path())).expect("it can be removed");
        swept.iter().any(|swept| swept.path == owner.run_dir)
    });
    assert!(!alive(owner.server) && !alive(owner.command));
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn the_next_start_sweeps() {
    let root = run_root();
    let mut owner = owner(root.path(), |_| {});
    let keeper = keeper_of(&owner.run_dir);
    let kill = Command::new("kill").args(["-9", &keeper.to_string()]).status();
    assert!(kill.expect("kill runs").success());
    until("the keeper is gone", || !alive(keeper));
    owner.other.kill();
    until("a start has removed it", || {
        start(&options_in(root.path())).stop().expect("it stops");
        !owner.run_dir.exists()
    });
    assert!(!alive(owner.server));
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn directories_that_are_not_ours_are_not_touched() {
    let root = run_root();
    let server = start(&options_in(root.path()));
    let base = server.run_dir().parent().expect("it has a base").to_path_buf();
    let precious = root.path().join("precious");
    std::fs::create_dir(&precious).expect("it can be made");
    std::fs::write(precious.join("file"), "precious").expect("it can be written");

    // Looks like one, without the marker.
    let unmarked = base.join("0123456789ab");
    std::fs::create_dir_all(unmarked.join("data")).expect("it can be made");
    std::fs::write(unmarked.join("users.lock"), "").expect("it can be written");
    // A marker with another text.
    let other = base.join("1123456789ab");
    std::fs::create_dir_all(&other).expect("it can be made");
    std::fs::write(other.join("proofmark-run"), "mine").expect("it can be written");
    // A link that leads to a marked directory elsewhere.
    let marker = std::fs::read(server.run_dir().join("proofmark-run")).expect("the marker");
    std::fs::write(precious.join("proofmark-run"), marker).expect("it can be written");
    let link = base.join("2123456789ab");
    std::os::unix::fs::symlink(&precious, &link).expect("it can be made");

    assert_eq!(sweep(Some(root.path())).expect("it can look"), []);
    for path in [&unmarked.join("data"), &other.join("proofmark-run"), &link] {
        assert!(path.symlink_metadata().is_ok(), "{} is gone", path.display());
    }
    assert_eq!(std::fs::read_to_string(precious.join("file")).expect("it is there"), "precious");
    server.stop().expect("it stops");
}
