//! Directories that cannot be written to, and disks that are full.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use expect_test::expect;

use crate::machine::{has, skipped};
use crate::project::Project;

#[test]
fn an_output_directory_that_is_a_file_is_named() {
    let project = Project::new("true").file(".proofmark", "in the way\n");
    let ran = project.run(&["run", "--quiet"]).ends_with(2);
    expect![[r#"
        fatal: the output directory [PROJECT]/.proofmark cannot be used
          because: File exists (os error 17)
        help: set `output` in proofmark.toml
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let project = Project::new("true").file("cache", "in the way\n");
    let cache = project.path("cache").to_string_lossy().into_owned();
    let ran = project.env("PROOFMARK_CACHE", &cache).run(&["run", "--quiet"]).ends_with(5);
    assert!(ran.err.starts_with("fatal: no tests were run\n"), "{}", ran.err);
    assert!(ran.err.contains("help: "), "{}", ran.err);
}

#[test]
fn a_run_root_that_does_not_exist_is_named() {
    let project = Project::new("true").env("PROOFMARK_RUN_ROOT", "/no/such/directory");
    let ran = project.run(&["run", "--quiet"]).ends_with(5);
    expect![[r#"
        fatal: no tests were run
          because: the private server did not start
          because: cannot make a directory in /no/such/directory
          because: No such file or directory (os error 2)
        help: set PROOFMARK_RUN_ROOT to a directory where you may write and that has room
    "#]]
    .assert_eq(&ran.err());
}

/// A small file system in memory at `path`; unmounted with the value.
struct Small {
    path: std::path::PathBuf,
}

impl Small {
    fn mount(path: std::path::PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&path).expect("it is in the project");
        let options = format!("size={size},mode=0711");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "proofmark-test"]).arg(&path);
        match mount.output() {
            Ok(done) if done.status.success() => Some(Self { path }),
            _ => {
                skipped("a file system of a chosen size cannot be mounted here");
                None
            }
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.path).output());
    }
}

#[test]
fn a_run_root_without_room_is_named() {
    let project = Project::new("true");
    let root = project.path("small");
    let project = project.env("PROOFMARK_RUN_ROOT", &root.to_string_lossy());
    // Declared after the project, and so unmounted before its directory is removed.
    let Some(_small) = Small::mount(root.clone(), "8m") else { return };
    let ran = project.run(&["run", "--quiet"]).ends_with(5);
    assert!(ran.err.starts_with("fatal: no tests were run\n"), "{}", ran.err);
    assert!(ran.err.contains("because: no space left where "), "{}", ran.err);
    assert!(ran.err.contains("PROOFMARK_RUN_ROOT"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0, "nothing is left in it");
}

#[test]
fn an_output_directory_without_room_is_said_at_the_latest_at_the_end() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         head -c 3000000 /dev/zero >.proofmark/filler || true\n\
         for i in $(seq 100); do\n\
             psql \"$DATABASE_URL\" -qc 'SELECT 1/0' 2>/dev/null || true\n\
         done\n\
         echo $PROOFMARK_RUN >run\n",
    );
    let Some(small) = Small::mount(project.path(".proofmark"), "256k") else { return };
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&small.path, open).unwrap();
    let ran = project.run(&["run", "--quiet"]).ends_with(1);
    assert!(ran.err.contains("No space left on device"), "{}", ran.err);
    assert!(ran.err.contains("help: "), "{}", ran.err);
    project.nothing_is_left_of(&project.written("run"));
}
