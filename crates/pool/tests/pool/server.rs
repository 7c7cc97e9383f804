//! One private server for all tests of this binary; it ends with the process.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use proofmark_pool::{BuildError, Format, Migrations, Pool, PoolOptions, Recipe, Target, Template};
use proofmark_postgres::{Address, Cache, Search, Server, ServerOptions, base_image, find};

/// The address of the server, started by the first test that asks.
fn address() -> &'static Address {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start).address()
}

/// A server of a test's own, for what tests of one server would see of each other.
pub(crate) fn start() -> Server {
    let cache = Cache::user();
    let search = Search { cache: cache.clone(), ..Search::new() };
    let found = find(&search).expect("a PostgreSQL to test with");
    let image = base_image(&found.installation, &cache).expect("initdb");
    Server::start(&found.installation, &image, &ServerOptions::default()).expect("start")
}

pub(crate) async fn target() -> Target {
    Target::private(address()).await.expect("a server of our own")
}

/// A project directory with the given migrations.
pub(crate) fn project(migrations: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(root.path().join("migrations")).expect("it is new");
    for (name, text) in migrations {
        std::fs::write(root.path().join("migrations").join(name), text).expect("it is ours");
    }
    root
}

pub(crate) fn recipe(database: &str, root: &Path) -> Recipe {
    Recipe {
        database: database.to_owned(),
        migrations: Migrations::Directory { path: root.join("migrations"), format: Format::Auto },
        seeds: Vec::new(),
        root: root.to_owned(),
    }
}

pub(crate) async fn ensure(recipe: &Recipe) -> Result<(Template, bool), BuildError> {
    let target = target().await;
    let ingredients = recipe.read().expect("readable migrations");
    let key = ingredients.key(&recipe.database, target.version());
    let built = Template::ensure(&target, recipe, &ingredients, &key, &|_| {}).await?;
    Ok((built.0, built.1.is_some()))
}

/// A pool on a template made of `migrations`.
pub(crate) async fn pool(database: &str, ready: usize, migrations: &[(&str, &str)]) -> Arc<Pool> {
    let options = PoolOptions { ready, ..PoolOptions::default() };
    Arc::new(pool_on(&target().await, database, options, migrations).await)
}

/// A pool on the server of `target`.
pub(crate) async fn pool_on(
    target: &Target,
    database: &str,
    options: PoolOptions,
    migrations: &[(&str, &str)],
) -> Pool {
    let root = project(migrations);
    let recipe = recipe(database, root.path());
    let ingredients = recipe.read().expect("readable migrations");
    let key = ingredients.key(database, target.version());
    let (template, _) =
        Template::ensure(target, &recipe, &ingredients, &key, &|_| {}).await.expect("a template");
    let run = database.chars().rev().collect();
    let options = PoolOptions { run, ..options };
    Pool::open(target.clone(), template, options).await.expect("a pool")
}
