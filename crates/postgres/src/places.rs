//! Where a server may already be.
//!
//! In: the machine and a cache. Out: [`Place`]s to probe, in order.
//!
//! **Invariant:** runs nothing but `pg_config`; whether a place is any good is seen by the probe.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Cache, Origin};

/// A directory to look at, or the reason why there is none.
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) name: String,
    pub(crate) bin_dir: Result<PathBuf, String>,
}

/// What the machine has, best known first.
pub(crate) fn machine_places() -> Vec<Place> {
    let mut places = vec![pg_config()];
    let dirs = versioned_directories();
    if dirs.is_empty() {
        let why = Err("none exists".to_owned());
        let name = "versioned directories of Debian, PGDG, Homebrew".to_owned();
        places.push(Place { origin: Origin::Directory, name, bin_dir: why });
    }
    places.extend(dirs.into_iter().map(|dir| Place {
        origin: Origin::Directory,
        name: dir.display().to_string(),
        bin_dir: Ok(dir),
    }));
    let on_path = directory_on_path();
    places.push(Place {
        origin: Origin::Path,
        name: "postgres".to_owned(),
        bin_dir: on_path.ok_or_else(|| "not on the search path".to_owned()),
    });
    places
}

fn pg_config() -> Place {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let bin_dir = match output {
        Ok(output) if output.status.success() => {
            Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
        }
        Ok(output) => Err(format!("ended with {}", output.status)),
        Err(_) => Err("not on the search path".to_owned()),
    };
    Place { origin: Origin::PgConfig, name: "pg_config --bindir".to_owned(), bin_dir }
}

/// Where distributions put each major version, newest first.
fn versioned_directories() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for major in (14..=22_u16).rev() {
        dirs.extend([
            format!("/usr/lib/postgresql/{major}/bin"),
            format!("/usr/pgsql-{major}/bin"),
            format!("/usr/libexec/postgresql{major}"),
            format!("/opt/homebrew/opt/postgresql@{major}/bin"),
            format!("/usr/local/opt/postgresql@{major}/bin"),
            format!("/home/linuxbrew/.linuxbrew/opt/postgresql@{major}/bin"),
        ]);
    }
    dirs.into_iter().map(PathBuf::from).filter(|dir| dir.is_dir()).collect()
}

/// The directory that really holds `postgres`, whatever links lead there.
fn directory_on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join("postgres"))
        .find(|file| file.is_file())
        .and_then(|file| file.canonicalize().ok())
        .and_then(|file| file.parent().map(Path::to_path_buf))
}

/// What was fetched earlier.
pub(crate) fn cached_places(cache: &Cache) -> Vec<Place> {
    let entries = std::fs::read_dir(cache.servers()).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path().join("bin"))
        .collect();
    dirs.sort_unstable();
    if dirs.is_empty() {
        let name = cache.servers().display().to_string();
        let bin_dir = Err("nothing was fetched yet".to_owned());
        return vec![Place { origin: Origin::Cache, name, bin_dir }];
    }
    let place = |dir: PathBuf| Place {
        origin: Origin::Cache,
        name: dir.display().to_string(),
        bin_dir: Ok(dir),
    };
    dirs.into_iter().map(place).collect()
}
