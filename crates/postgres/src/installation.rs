//! One set of PostgreSQL binaries that was seen to work.
//!
//! In: a directory of binaries. Out: an [`Installation`], or a [`ProbeError`] that says what is
//! missing, by the name of the library where it is one.
//!
//! **Invariant:** an `Installation` was run successfully at least once; nothing is assumed from
//! a path.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::Version;

/// Where a set of binaries came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The variable `PROOFMARK_POSTGRES_BIN`.
    Env,
    /// `pg_config --bindir`.
    PgConfig,
    /// A versioned directory of Debian, PGDG or Homebrew.
    Directory,
    /// The search path.
    Path,
    /// The user's cache, fetched earlier.
    Cache,
    /// A package fetched with npm.
    Npm,
    /// A package fetched with pip.
    Pip,
    /// A release archive fetched over HTTPS.
    Archive,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Env => "PROOFMARK_POSTGRES_BIN",
            Origin::PgConfig => "pg_config",
            Origin::Directory => "directory",
            Origin::Path => "PATH",
            Origin::Cache => "cache",
            Origin::Npm => "npm",
            Origin::Pip => "pip",
            Origin::Archive => "archive",
        })
    }
}

/// PostgreSQL binaries that run on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    bin_dir: PathBuf,
    version: Version,
    origin: Origin,
}

/// Why a directory of binaries cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The directory lacks a program.
    #[error("has no {0}")]
    NoProgram(&'static str),
    /// A program could not be started at all.
    #[error("{program} cannot be started")]
    NotStarted {
        /// Which program.
        program: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Shared libraries are not installed.
    #[error("{program} needs {}, which this machine does not have", .libraries.join(", "))]
    MissingLibrary {
        /// Which program.
        program: &'static str,
        /// The names of the libraries, for example `libxml2.so.2`.
        libraries: Vec<String>,
    },
    /// A program started and failed.
    #[error("{program} --version failed: {message}")]
    Failed {
        /// Which program.
        program: &'static str,
        /// The first line it printed.
        message: String,
    },
    /// The version was not understood.
    #[error("postgres --version printed {0:?}")]
    OddVersion(String),
}

impl Installation {
    /// Runs the binaries in `bin_dir` and gives the installation if they work.
    ///
    /// # Errors
    /// [`ProbeError`] says which program or shared library is missing.
    pub fn probe(bin_dir: &Path, origin: Origin) -> Result<Installation, ProbeError> {
        let printed = run_version(bin_dir, "postgres")?;
        run_version(bin_dir, "initdb")?;
        let version = Version::parse(&printed)
            .ok_or_else(|| ProbeError::OddVersion(printed.trim().to_owned()))?;
        let bin_dir = bin_dir.canonicalize().unwrap_or_else(|_| bin_dir.to_path_buf());
        Ok(Installation { bin_dir, version, origin })
    }

    /// The directory of the binaries.
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// What `postgres --version` said.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where the binaries were found.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether it is complete in a directory of its own, as fetched servers are.
    pub(crate) fn is_fetched(&self) -> bool {
        matches!(self.origin, Origin::Cache | Origin::Npm | Origin::Pip | Origin::Archive)
    }

    /// The same programs in another directory.
    pub(crate) fn moved_to(&self, bin_dir: PathBuf) -> Installation {
        Installation { bin_dir, ..self.clone() }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// A client program such as `psql`: beside the server, else on the search path. Fetched
    /// servers may come without clients.
    pub fn tool(&self, name: &str) -> Option<PathBuf> {
        let beside = self.bin_dir.join(name);
        if beside.is_file() {
            return Some(beside);
        }
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
    }

    /// Whether it comes with this library, such as `pg_stat_statements`, so that a server may be
    /// told to load it: one that is told to load what is not there does not start.
    pub fn has_library(&self, name: &str) -> bool {
        let own = self.bin_dir.parent().map(Path::to_path_buf).unwrap_or_default();
        // A relocated build, PGDG and Debian, one directory above; what pg_config says is last.
        let beside = ["lib", "lib/postgresql", "lib64", "lib64/postgresql"];
        let mut places: Vec<PathBuf> = beside.iter().map(|place| own.join(place)).collect();
        let asked = Command::new(self.program("pg_config")).arg("--pkglibdir").output();
        if let Ok(asked) = asked {
            places.push(PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim()));
        }
        let mut files = places
            .iter()
            .flat_map(|place| ["so", "dylib"].map(|ending| place.join(format!("{name}.{ending}"))));
        files.any(|file| file.is_file())
    }

    /// Changes when the binaries change: a hash of version, path, size and time of `postgres`.
    pub fn fingerprint(&self) -> String {
        let server = self.program("postgres");
        let mut hash = Sha256::new();
        hash.update(format!("{} {}", self.version, server.display()));
        if let Ok(metadata) = server.metadata() {
            let modified = metadata.modified().ok();
            let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            hash.update(format!(" {} {:?}", metadata.len(), since));
        }
        hex(&hash.finalize()[..8])
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a String cannot fail");
        out
    })
}

fn run_version(bin_dir: &Path, program: &'static str) -> Result<String, ProbeError> {
    let path = bin_dir.join(program);
    if !path.is_file() {
        return Err(ProbeError::NoProgram(program));
    }
    let output = output_of_new(Command::new(&path).arg("--version").stdin(Stdio::null()))
        .map_err(|source| ProbeError::NotStarted { program, source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let libraries = missing_libraries(&path, &output);
    if libraries.is_empty() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let message = text.lines().next().unwrap_or("no message").to_owned();
        return Err(ProbeError::Failed { program, message });
    }
    Err(ProbeError::MissingLibrary { program, libraries })
}

/// Runs a program that may just have been unpacked by this process. Such a program is "busy" for
/// as long as a process that another thread forked meanwhile has not got to its `exec`, and so
/// still holds the file open for writing.
fn output_of_new(command: &mut Command) -> io::Result<Output> {
    for _ in 0..500 {
        match command.output() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            ended => return ended,
        }
    }
    command.output()
}

/// The loader names the first missing library; asked to trace (which is all that `ldd` does), it
/// names every one.
fn missing_libraries(program: &Path, failed: &Output) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let traced = Command::new(program).env("LD_TRACE_LOADED_OBJECTS", "1").output();
    if let Ok(traced) = traced {
        let text = String::from_utf8_lossy(&traced.stdout).into_owned();
        let absent = text.lines().filter_map(|line| line.trim().strip_suffix(" => not found"));
        names.extend(absent.map(str::to_owned));
    }
    if names.is_empty() {
        let text = String::from_utf8_lossy(&failed.stderr).into_owned();
        let named = text
            .split_once("error while loading shared libraries: ")
            .filter(|(_, rest)| rest.contains("cannot open shared object file"))
            .and_then(|(_, rest)| rest.split(':').next());
        names.extend(named.map(str::to_owned));
    }
    names.sort_unstable();
    names.dedup();
    names
}
