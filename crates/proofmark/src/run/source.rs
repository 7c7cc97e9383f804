//! Where leases come from: `proofmark run` if it runs us, else a bench of our own.
//!
//! In: the environment and a [`Case`]. Out: [`Granted`] for each database of the test, and they are
//! taken back.
//!
//! **Invariant**: a test cannot tell the two apart; and when `proofmark run` is there but cannot
//! be reached, that is an error, not a reason to take the other.

use std::path::Path;

use proofmark_proxy::Lane;

use super::bench::OwnBench;
use super::case::Case;
use super::console::{Console, ConsoleError};
use crate::bench::{BenchError, Lease, Outcome};
use crate::config::{Config, ConfigError};
use crate::fixture::Terms;

/// Set by `proofmark run`: the URL of its console.
pub(super) const CONSOLE: &str = "PROOFMARK_URL";

/// Why there is no lease, or it could not be given back.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// No runtime for our own work.
    #[error("no threads could be started to take leases")]
    Runtime(#[source] std::io::Error),
    /// No or no usable `proofmark.toml`.
    #[error("there is no configuration")]
    Config(#[from] ConfigError),
    /// No server, or no template.
    #[error("there is no database server for the tests")]
    Bench(#[from] BenchError),
    /// The server would not copy a template, or not take a copy back.
    #[error("the test server failed")]
    Lease(#[from] proofmark_pool::LeaseError),
    /// The URL of a lease is none.
    #[error("the lease's URL cannot be read")]
    Url(#[source] tokio_postgres::Error),
    /// The server was gone before a database was.
    #[error("nobody knows whether the test's database was dropped")]
    Dropping(#[source] tokio_postgres::Error),
    /// A database of ours on a server of the user's.
    #[error("the test's database `{0}` could not be dropped; help: drop database \"{0}\"")]
    NotDropped(String),
    /// A failed test's database cannot be kept.
    #[error("the database of the failed test cannot be kept")]
    Keep(#[source] std::io::Error),
    /// `proofmark run` did not answer.
    #[error("`proofmark run`, which set {CONSOLE}, gave no lease")]
    Console(#[from] ConsoleError),
    /// Several databases, and none named.
    #[error(
        "there are several databases: {}; help: #[proofmark::test(database = \"{}\")]",
        .names.join(", "), .names.first().map_or("...", String::as_str)
    )]
    WhichDatabase {
        /// Those that there are.
        names: Vec<String>,
    },
    /// A name that is not in the configuration.
    #[error("there is no database `{name}`; help: there is {}", .names.join(", "))]
    UnknownDatabase {
        /// What the test asked for.
        name: String,
        /// Those that there are.
        names: Vec<String>,
    },
}

/// A lease that was handed out.
#[derive(Debug)]
pub(super) struct Granted {
    /// What the test gets to know.
    pub(super) terms: Terms,
    /// The pool's own record of it, where we hold the pool.
    pub(super) pooled: Option<Lease>,
}

/// What came out when a lease was given back.
#[derive(Debug, Default)]
pub(super) struct GivenBack {
    /// What the reader of a failed test should know.
    pub(super) notes: Vec<String>,
    /// Invariants that do not hold in the database: these fail the test.
    pub(super) broken: Vec<String>,
}

/// Where leases come from.
#[derive(Debug)]
pub(super) enum Source {
    /// `proofmark run`.
    Console(Box<Console>),
    /// A server of this workspace's tests.
    Own(Box<OwnBench>),
}

impl Source {
    /// Finds out which of the two it is, and opens it.
    pub(super) async fn open(start: &Path) -> Result<Self, SourceError> {
        match std::env::var(CONSOLE) {
            Ok(url) if !url.is_empty() => {
                // Whoever runs us has read the same file; where there is none, nothing is wanted.
                let lane = Config::find(start).map_or_else(|_| Lane::default(), |file| file.lane);
                Ok(Self::Console(Box::new(Console::new(&url, lane)?)))
            }
            _ => Ok(Self::Own(Box::new(OwnBench::open(&Config::find(start)?).await?))),
        }
    }

    /// Takes the leases of `case`: that of its own database first, then those that its arguments
    /// are bound to.
    pub(super) async fn lease(&self, case: &Case) -> Result<Vec<Granted>, SourceError> {
        let names = self.databases(case)?;
        let mut granted = Vec::<Granted>::new();
        for asked in std::iter::once(case.database).chain(case.beside.iter().copied().map(Some)) {
            let name = choose(asked, &names)?;
            if granted.iter().any(|one| one.terms.name == name) {
                continue;
            }
            match self.lease_of(case, name).await {
                Ok(one) => granted.push(one),
                Err(error) => {
                    // The first error is what the reader needs; the databases go with the server.
                    drop(self.give_back(&granted, Outcome::Done).await);
                    return Err(error);
                }
            }
        }
        Ok(granted)
    }

    async fn lease_of(&self, case: &Case, name: &str) -> Result<Granted, SourceError> {
        match self {
            Self::Console(console) => console.lease(&case.name(), name, case.lane).await,
            Self::Own(bench) => bench.lease(&case.name(), name).await,
        }
    }

    /// The databases that a test may choose from; empty when it has named one and only the console
    /// knows whether it exists.
    fn databases(&self, case: &Case) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Own(bench) => Ok(bench.databases()),
            Self::Console(_) if case.database.is_some() => Ok(Vec::new()),
            Self::Console(_) => Ok(Config::find(&case.start())?.databases.into_keys().collect()),
        }
    }

    /// Gives the leases of one test back; answers what their databases said.
    pub(super) async fn give_back(
        &self,
        granted: &[Granted],
        outcome: Outcome,
    ) -> Result<GivenBack, SourceError> {
        let bench = match self {
            Self::Own(bench) => bench,
            Self::Console(console) => return console.give_back(granted, outcome).await,
        };
        let (mut all, mut failure) = (GivenBack::default(), Ok(()));
        for one in granted {
            let lease = one.pooled.as_ref().expect("our own bench grants pooled leases");
            match bench.give_back(lease, &one.terms.test, outcome).await {
                Ok(GivenBack { notes, broken }) => {
                    all.notes.extend(notes);
                    all.broken.extend(broken);
                }
                Err(error) => failure = failure.and(Err(error)),
            }
        }
        failure.map(|()| all)
    }
}

/// The database that was named, or the only one.
fn choose<'a>(asked: Option<&'a str>, names: &'a [String]) -> Result<&'a str, SourceError> {
    match (asked, names) {
        (Some(name), []) => Ok(name),
        (Some(name), names) if names.iter().any(|known| known == name) => Ok(name),
        (Some(name), names) => {
            Err(SourceError::UnknownDatabase { name: name.to_owned(), names: names.to_vec() })
        }
        (None, [only]) => Ok(only),
        (None, names) => Err(SourceError::WhichDatabase { names: names.to_vec() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(asked: Option<&str>) -> String {
        choose(asked, &["audit".to_owned(), "shop".to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn the_only_database_needs_no_name() {
        assert_eq!(choose(None, &["shop".to_owned()]).unwrap(), "shop");
        assert_eq!(choose(Some("shop"), &["shop".to_owned()]).unwrap(), "shop");
    }

    #[test]
    fn with_several_databases_a_test_must_name_one_of_them() {
        assert_eq!(
            refused(None),
            "there are several databases: audit, shop; help: #[proofmark::test(database = \"audit\")]"
        );
        assert_eq!(refused(Some("shp")), "there is no database `shp`; help: there is audit, shop");
    }
}
