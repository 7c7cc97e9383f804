//! A private server that already holds the templates.
//!
//! In: the recipes' ingredients. Out: a running [`Server`], started from a stopped data directory
//! in the cache that has every template in it. The first run with given migrations builds that
//! directory; later ones only copy it.
//!
//! **Invariant**: an image is used exactly for the binaries and the ingredients that made it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use proofmark_catalog::Catalog;
use proofmark_catalog::Invariant;
use proofmark_pool::{Ingredients, Progress, Recipe, Target, Template, TemplateKey};
use proofmark_postgres::{
    Cache, Image, Installation, Search, Server, ServerOptions, base_image, find,
};

use super::catalogs;
use super::error::BenchError;
use super::step::{Listener, Step};

/// What one database is made from, read once.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) recipe: Recipe,
    pub(super) ingredients: Ingredients,
    pub(super) key: TemplateKey,
    pub(super) invariants: Vec<Invariant>,
}

/// Everything a private server is provisioned from.
pub(super) struct Provision {
    pub(super) cache: Cache,
    pub(super) installation: Installation,
    pub(super) options: ServerOptions,
    /// Whether the templates get twins that count.
    pub(super) deep: bool,
    /// Where a server is shared by several processes: what they have in common.
    pub(super) shared_key: Option<String>,
    pub(super) listener: Listener,
}

/// Runs blocking work of the postgres crate off the runtime's threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BenchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| BenchError::Task(error.to_string()))
}

/// Looks for a PostgreSQL, fetching one if need be.
pub(super) async fn installation(
    major: Option<u16>,
    cache: &Cache,
    listener: &Listener,
) -> Result<Installation, BenchError> {
    let told = Arc::clone(listener);
    let search = Search {
        major,
        cache: cache.clone(),
        fetch: true,
        on_progress: Some(Arc::new(move |text: &str| told(Step::Server(text.to_owned())))),
    };
    let found = blocking(move || find(&search)).await?.map_err(Box::new)?;
    Ok(found.installation)
}

impl Provision {
    /// The key of an image that holds the templates of `ordered`.
    fn image_key(&self, ordered: &[Ordered]) -> String {
        let fingerprint = self.installation.fingerprint();
        let mut parts = vec![fingerprint.as_bytes()];
        parts.extend(self.deep.then_some(b"deep 1".as_slice()));
        parts.extend(ordered.iter().map(|one| one.key.as_str().as_bytes()));
        format!("templates-{}", TemplateKey::of(parts))
    }

    /// Gives a running server with all templates.
    pub(super) async fn server(&self, ordered: &[Ordered]) -> Result<Server, BenchError> {
        let key = self.image_key(ordered);
        if let Some(image) = Image::at(&self.cache, &key) {
            let server = self.start(image, self.shared_key.is_some()).await?;
            for one in ordered {
                self.tell_template(one, true, Instant::now());
            }
            return Ok(server);
        }
        let building = lock(self.cache.root(), &key).await?;
        if Image::at(&self.cache, &key).is_some() {
            // Somebody else built it while we waited.
            drop(building);
            return Box::pin(self.server(ordered)).await;
        }
        (self.listener)(Step::Server("preparing a data directory".to_owned()));
        let (installation, cache) = (self.installation.clone(), self.cache.clone());
        let base = blocking(move || base_image(&installation, &cache)).await?.map_err(Box::new)?;
        let server = self.start(base, false).await?;
        if let Err(error) = self.build(&server, ordered).await {
            blocking(move || server.stop()).await?.map_err(Box::new)?;
            return Err(error);
        }
        let (cache, name) = (self.cache.clone(), key.clone());
        let (server, image) = blocking(move || server.snapshot(&cache, &name))
            .await?
            .map_err(|error| BenchError::Snapshot(Box::new(error)))?;
        drop(building);
        if self.shared_key.is_none() {
            return Ok(server);
        }
        blocking(move || server.stop()).await?.map_err(Box::new)?;
        self.start(image, true).await
    }

    async fn start(&self, image: Image, shared: bool) -> Result<Server, BenchError> {
        let begun = Instant::now();
        let (installation, options) = (self.installation.clone(), self.options.clone());
        let key = self.shared_key.clone().filter(|_| shared);
        let server = blocking(move || match key {
            Some(key) => Server::join_or_start(&key, &installation, &image, &options),
            None => Server::start(&installation, &image, &options),
        })
        .await?
        .map_err(Box::new)?;
        (self.listener)(Step::ServerReady {
            version: self.installation.version().to_string(),
            origin: self.installation.origin().to_string(),
            elapsed_ms: elapsed_ms(begun),
        });
        Ok(server)
    }

    async fn build(&self, server: &Server, ordered: &[Ordered]) -> Result<(), BenchError> {
        let target = Target::private(server.address()).await?;
        for one in ordered {
            let begun = Instant::now();
            let (built, catalog) = template(&target, one, &self.listener).await?;
            if let Some(catalog) = catalog {
                catalogs::store(self.cache.root(), &one.key, &catalog);
            }
            if self.deep {
                counting(&target, &built).await?;
            }
            self.tell_template(one, false, begun);
        }
        Ok(())
    }

    fn tell_template(&self, one: &Ordered, reused: bool, begun: Instant) {
        (self.listener)(Step::TemplateReady {
            database: one.recipe.database.clone(),
            key: one.key.short().to_owned(),
            reused,
            elapsed_ms: elapsed_ms(begun),
        });
    }
}

/// Finds or builds the template of `one` on `target`.
pub(super) async fn template(
    target: &Target,
    one: &Ordered,
    listener: &Listener,
) -> Result<(Template, Option<Catalog>), BenchError> {
    let (told, database) = (Arc::clone(listener), one.recipe.database.clone());
    let progress = move |progress: Progress<'_>| {
        let what = match progress {
            Progress::Migration(path, place, of) => format!("{path} ({place} of {of})"),
            Progress::Command(command) => command.to_owned(),
            Progress::Seed(path) => path.to_owned(),
            Progress::Sealing => "compacting and closing".to_owned(),
        };
        told(Step::Building { database: database.clone(), what });
    };
    Template::ensure(target, &one.recipe, &one.ingredients, &one.key, &progress).await.map_err(
        |source| BenchError::Build {
            database: one.recipe.database.clone(),
            source: Box::new(source),
        },
    )
}

/// Finds or makes the twin of `template` that counts.
pub(super) async fn counting(target: &Target, template: &Template) -> Result<Template, BenchError> {
    template.ensure_counting(target).await.map_err(|source| BenchError::Build {
        database: template.database.clone(),
        source: Box::new(source),
    })
}

/// Milliseconds since `begun`.
pub(super) fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Waits for the right to build the image `key`; given back when the file is closed.
async fn lock(cache: &Path, key: &str) -> Result<std::fs::File, BenchError> {
    let path = cache.join("locks").join(format!("build-{key}"));
    blocking(move || {
        std::fs::create_dir_all(path.parent().expect("the path was joined from three parts"))?;
        let file = std::fs::File::create(&path)?;
        file.lock()?;
        Ok(file)
    })
    .await?
    .map_err(BenchError::Cache)
}
