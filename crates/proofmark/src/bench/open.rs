//! Opening and closing a bench.
//!
//! In: a [`Config`]. Out: a [`Bench`] whose pools hand out databases.
//!
//! **Invariant**: whatever happens on the way, no server and no database of ours is left.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use proofmark_catalog::source::Migration;
use proofmark_catalog::{Catalog, Invariant};
use proofmark_pool::{
    Ending, Isolation, Lease, LeaseError, Outcome, Pool, PoolOptions, Returned, Target, Template,
};
use proofmark_postgres::{Cache, Server, ServerOptions, external};

use super::catalogs;
use super::deep;
use super::error::BenchError;
use super::provision::{
    Ordered, Provision, blocking, counting, elapsed_ms, installation, template,
};
use super::step::{Listener, Step};
use crate::config::{Config, Invariants, ServerChoice};

/// How a bench is opened.
#[derive(Clone)]
pub struct Options {
    /// Share one server with the other processes that ask for the same, instead of having one
    /// alone; the last of them ends it.
    pub shared: bool,
    /// Databases made ahead of need, for each template.
    pub ready: usize,
    /// Where the server logs to; by default into its own directory, which goes with it.
    pub log_file: Option<PathBuf>,
    /// Told what is being done.
    pub listener: Listener,
}

impl Options {
    /// For test processes that join one server: nothing is made ahead, nothing is told.
    pub fn shared() -> Self {
        Self { shared: true, ready: 0, log_file: None, listener: Arc::new(|_| {}) }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("shared", &self.shared)
            .field("ready", &self.ready)
            .field("log_file", &self.log_file)
            .finish_non_exhaustive()
    }
}

/// A server, its templates and their pools.
#[derive(Debug)]
pub struct Bench {
    server: Option<Server>,
    target: Target,
    pools: BTreeMap<String, Pool>,
    sources: BTreeMap<String, Vec<Migration>>,
    cache: Cache,
    run: String,
    invariants: BTreeMap<String, Invariants>,
    states: BTreeMap<String, Vec<String>>,
    deep: bool,
}

impl Bench {
    /// Starts or joins a server and makes every database of `config` ready to be leased.
    ///
    /// # Errors
    /// [`BenchError`]: no server, a refused migration, unreadable files.
    pub async fn open(config: &Config, options: Options) -> Result<Self, BenchError> {
        match &config.server {
            ServerChoice::Private { major } => Self::private(config, *major, options).await,
            ServerChoice::External { url, from } => {
                Self::external(config, url, from, options).await
            }
        }
    }

    async fn private(
        config: &Config,
        major: Option<u16>,
        options: Options,
    ) -> Result<Self, BenchError> {
        let cache = Cache::user();
        let installation = installation(major, &cache, &options.listener).await?;
        let deep = config.deep.then(|| deep::settings(&installation, &config.settings));
        let ordered = order(config, &installation.version().to_string())?;
        let server_options = ServerOptions {
            settings: deep.unwrap_or_else(|| config.settings.clone()),
            log_file: options.log_file.clone(),
            ..ServerOptions::default()
        };
        let shared_key = options.shared.then(|| shared_key(config, &ordered));
        let listener = Arc::clone(&options.listener);
        let provision = Provision {
            cache: cache.clone(),
            installation,
            options: server_options,
            deep: config.deep,
            shared_key,
            listener,
        };
        let server = provision.server(&ordered).await?;
        let target = Target::private(server.address()).await?;
        let mut pools = BTreeMap::new();
        for one in &ordered {
            let template = Template {
                database: one.recipe.database.clone(),
                name: Template::name_of(&one.recipe.database, &one.key),
                key: one.key.clone(),
            };
            let template = if config.deep { template.counting() } else { template };
            let pool = open_pool(config, &target, template, one, &options).await?;
            pools.insert(one.recipe.database.clone(), pool);
        }
        let (sources, run) = (sources(&ordered), life(&server));
        let (invariants, states) = (config.invariants.clone(), config.states.clone());
        let (deep, server) = (config.deep, Some(server));
        Ok(Self { server, target, pools, sources, cache, run, invariants, states, deep })
    }

    async fn external(
        config: &Config,
        url: &str,
        from: &'static str,
        options: Options,
    ) -> Result<Self, BenchError> {
        external::check(url, &config.allow)
            .map_err(|source| BenchError::External { from, source })?;
        let begun = Instant::now();
        let target = Target::external(url).await?;
        (options.listener)(Step::ServerReady {
            version: target.version().to_owned(),
            origin: format!("the server of {from}"),
            elapsed_ms: elapsed_ms(begun),
        });
        let cache = Cache::user();
        let ordered = order(config, target.version())?;
        let mut pools = BTreeMap::new();
        for one in &ordered {
            let begun = Instant::now();
            let (template, catalog) = template(&target, one, &options.listener).await?;
            let reused = catalog.is_none();
            if let Some(catalog) = catalog {
                catalogs::store(cache.root(), &one.key, &catalog);
            }
            (options.listener)(Step::TemplateReady {
                database: one.recipe.database.clone(),
                key: one.key.short().to_owned(),
                reused,
                elapsed_ms: elapsed_ms(begun),
            });
            let template = if config.deep { counting(&target, &template).await? } else { template };
            let pool = open_pool(config, &target, template, one, &options).await?;
            pools.insert(one.recipe.database.clone(), pool);
        }
        let (sources, run) = (sources(&ordered), run_name());
        let (invariants, states) = (config.invariants.clone(), config.states.clone());
        let (deep, server) = (config.deep, None);
        Ok(Self { server, target, pools, sources, cache, run, invariants, states, deep })
    }

    /// The pool of the database that the suite knows as `name`.
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.get(name)
    }

    /// Takes the lease of `test` back: what was written, what was left, and whether the invariants
    /// that bind the test hold. `warm` are backends that stay connected ([`Ending::warm`]).
    ///
    /// # Errors
    /// [`LeaseError`] when the server does not answer.
    ///
    /// # Panics
    /// When the lease is not of this bench.
    pub async fn give_back(
        &self,
        lease: &Lease,
        test: &str,
        outcome: Outcome,
        warm: &[i32],
    ) -> Result<Returned, LeaseError> {
        let bound = self.invariants.get(&lease.of).is_some_and(|rules| rules.bind(test));
        self.pools[&lease.of].give_back(lease, Ending { outcome, check: bound, warm }).await
    }

    /// Tests that may leave the invariants of the database `name` broken, by name or pattern.
    pub fn invariants_except(&self, name: &str) -> &[String] {
        self.invariants.get(name).map_or(&[], |rules| rules.except.as_slice())
    }

    /// All pools by the name of their database.
    pub fn pools(&self) -> &BTreeMap<String, Pool> {
        &self.pools
    }

    /// The server that the databases are on.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The private server, unless the user's own is used.
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// A name for this bench's run, the same in all processes that share its server.
    pub fn run_name(&self) -> &str {
        &self.run
    }

    /// The SQL that declares the schema of `name`.
    pub fn sources(&self, name: &str) -> &[Migration] {
        self.sources.get(name).map_or(&[], Vec::as_slice)
    }

    /// The tables and promises of `name`; from the cache where they were read before.
    ///
    /// # Errors
    /// [`BenchError`] when they have to be read and the server does not answer.
    ///
    /// # Panics
    /// When there is no database of that name.
    pub async fn catalog(&self, name: &str) -> Result<Catalog, BenchError> {
        let mut catalog = self.catalog_as_read(name).await?;
        for column in self.states.get(name).into_iter().flatten() {
            catalog
                .name_state(column)
                .map_err(|source| BenchError::States { database: name.to_owned(), source })?;
        }
        Ok(catalog)
    }

    async fn catalog_as_read(&self, name: &str) -> Result<Catalog, BenchError> {
        let pool = &self.pools[name];
        let key = &pool.template().key;
        if let Some(catalog) = catalogs::stored(self.cache.root(), key) {
            return Ok(catalog);
        }
        let catalog = if self.deep {
            // The CHECKs of a copy that counts are not what the migrations wrote.
            let name = Template::name_of(name, key);
            let plain = Template { name, ..pool.template().clone() };
            read_plain(&self.target, &plain).await?
        } else {
            catalogs::read_from_copy(pool).await?
        };
        catalogs::store(self.cache.root(), key, &catalog);
        Ok(catalog)
    }

    /// Ends all pools and gives the private server to the caller, who stops or saves it.
    ///
    /// # Errors
    /// [`BenchError`] when a database could not be dropped.
    pub async fn dissolve(self) -> Result<Option<Server>, BenchError> {
        let mut first_failure = None;
        for (_, pool) in self.pools {
            if let Err(error) = pool.close().await {
                first_failure.get_or_insert(BenchError::Pool(error.into()));
            }
        }
        match first_failure {
            None => Ok(self.server),
            Some(error) => {
                if let Some(server) = self.server {
                    blocking(move || server.stop()).await?.map_err(Box::new)?;
                }
                Err(error)
            }
        }
    }

    /// Ends everything.
    ///
    /// # Errors
    /// [`BenchError`] when the server could not be stopped or a database not dropped.
    pub async fn close(self) -> Result<(), BenchError> {
        if let Some(server) = self.dissolve().await? {
            blocking(move || server.stop()).await?.map_err(Box::new)?;
        }
        Ok(())
    }
}

/// The catalog of a template, read from a copy of it.
async fn read_plain(target: &Target, template: &Template) -> Result<Catalog, BenchError> {
    template.catalog(target).await.map_err(|source| BenchError::Build {
        database: template.database.clone(),
        source: Box::new(source),
    })
}

/// Reads every recipe and computes its key.
fn order(config: &Config, server_version: &str) -> Result<Vec<Ordered>, BenchError> {
    let mut ordered = Vec::new();
    for (name, recipe) in &config.databases {
        let ingredients =
            recipe.read().map_err(|source| BenchError::Load { database: name.clone(), source })?;
        let key = ingredients.key(name, server_version);
        let declared = config.invariants.get(name);
        let read = declared.map(|declared| Invariant::read(&declared.path));
        let invariants = read
            .transpose()
            .map_err(|source| BenchError::Invariants { database: name.clone(), source })?;
        let invariants = invariants.unwrap_or_default();
        ordered.push(Ordered { recipe: recipe.clone(), ingredients, key, invariants });
    }
    Ok(ordered)
}

fn sources(ordered: &[Ordered]) -> BTreeMap<String, Vec<Migration>> {
    let all = ordered.iter();
    all.map(|one| (one.recipe.database.clone(), one.ingredients.sources())).collect()
}

/// Processes share a server when they agree on the project and on what is in the templates.
fn shared_key(config: &Config, ordered: &[Ordered]) -> String {
    let root = config.root.to_string_lossy().into_owned();
    let settings = format!("{:?}", config.settings);
    let mut parts = vec![root.as_bytes(), settings.as_bytes()];
    parts.extend(ordered.iter().map(|one| one.key.as_str().as_bytes()));
    proofmark_pool::TemplateKey::of(parts).short().to_owned()
}

async fn open_pool(
    config: &Config,
    target: &Target,
    template: Template,
    ordered: &Ordered,
    options: &Options,
) -> Result<Pool, BenchError> {
    // Test processes end without a word: on a server that outlives them nothing may stay for the
    // next test, and each database is dropped when its test is over.
    let left_behind = options.shared && !target.is_private();
    let pool_options = PoolOptions {
        ready: options.ready,
        run: run_name(),
        invariants: ordered.invariants.clone(),
        isolation: if left_behind { Isolation::Clone } else { config.isolation },
        verify_every: config.verify_every,
    };
    Ok(Pool::open(target.clone(), template, pool_options).await?)
}

/// A name for the time from a server's start to its end. Servers that are shared one after the
/// other have the same run directory, and what a later one keeps must not meet what an earlier
/// one kept.
fn life(server: &Server) -> String {
    let owner = std::fs::read_to_string(server.run_dir().join("data/postmaster.pid"));
    let key = owner.map_or_else(
        // A process that may not read it shares the server with none that may.
        |_| run_name(),
        |owner| {
            // Process id, directory and start time (utils/pidfile.h); the
            // last of the lines that follow changes while the server runs.
            let life: Vec<&str> = owner.lines().take(3).collect();
            proofmark_pool::TemplateKey::of([life.concat().as_bytes()]).short()[..6].to_owned()
        },
    );
    format!("{}-{key}", server.run_id())
}

/// Tells this process's databases from another's on the same server.
fn run_name() -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    let key = proofmark_pool::TemplateKey::of([
        now.to_le_bytes().as_slice(),
        std::process::id().to_le_bytes().as_slice(),
    ]);
    key.short()[..6].to_owned()
}
