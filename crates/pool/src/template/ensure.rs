//! Finding the template of a recipe, or building it once.
//!
//! In: a server, a recipe and what was read for it. Out: a sealed [`Template`].
//!
//! **Invariant**: a database under the template's name is complete: it gets that name only after
//! the last step of building.

use proofmark_catalog::Catalog;
use tokio_postgres::Client;

use super::error::BuildError;
use super::ingredients::Ingredients;
use super::{bookkeeping, build, command, seal};
use crate::key::TemplateKey;
use crate::lease::quote;
use crate::recipe::Recipe;
use crate::session::Session;
use crate::target::Target;

/// What is being done while a template is built; for showing progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A migration file is applied: its path, its place and how many there are.
    Migration(&'a str, usize, usize),
    /// The migration command runs.
    Command(&'a str),
    /// A seed file is applied.
    Seed(&'a str),
    /// The template is compacted, warmed and closed.
    Sealing,
}

/// A sealed template on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The name that the suite knows the database by.
    pub database: String,
    /// Its real name.
    pub name: String,
    /// The hash of what it was made from.
    pub key: TemplateKey,
}

impl Template {
    /// The template's real name under `key`; at most 63 bytes.
    pub fn name_of(database: &str, key: &TemplateKey) -> String {
        format!("proofmark_template_{}_{}", crate::lease::shortened(database, 28), key.short())
    }

    /// Whether the server already has the template for `key`.
    ///
    /// # Errors
    /// [`BuildError`] when the server does not answer.
    pub async fn find(
        target: &Target,
        database: &str,
        key: &TemplateKey,
    ) -> Result<Option<Self>, BuildError> {
        let session = Session::open(target.maintenance()).await?;
        let name = Self::name_of(database, key);
        let found = is_sealed(&session, &name).await?;
        session.close().await;
        Ok(found.then(|| Self { database: database.to_owned(), name, key: key.clone() }))
    }

    /// Gives the template, building it if the server lacks it. When it was built, its catalog
    /// comes with it.
    ///
    /// Several processes may call this at once: an advisory lock lets one build, the others wait.
    ///
    /// # Errors
    /// [`BuildError`]; whatever was half built has been dropped again.
    ///
    /// # Panics
    /// Never: a key consists of hexadecimal digits.
    pub async fn ensure(
        target: &Target,
        recipe: &Recipe,
        ingredients: &Ingredients,
        key: &TemplateKey,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(Self, Option<Catalog>), BuildError> {
        let maintenance = Session::open(target.maintenance()).await?;
        let lock = i64::from_str_radix(&key.as_str()[..15], 16).expect("hexadecimal digits");
        maintenance
            .execute("select pg_advisory_lock($1)", &[&lock])
            .await
            .map_err(BuildError::step("waiting for another run that builds the same template"))?;
        let name = Self::name_of(&recipe.database, key);
        let template =
            Self { database: recipe.database.clone(), name: name.clone(), key: key.clone() };
        let mut catalog = None;
        if !is_sealed(&maintenance, &name).await? {
            // On a server of our own the suite's own name is free, so that `GRANT ... ON
            // DATABASE shop` in a migration finds it.
            let reserved = ["postgres", "template0", "template1"];
            let free = target.is_private() && !reserved.contains(&recipe.database.as_str());
            let under = if free { recipe.database.clone() } else { format!("{name}_new") };
            let built =
                make(&maintenance, target, recipe, ingredients, &under, &name, progress).await;
            match built {
                Ok(read) => catalog = Some(read),
                Err(error) => {
                    discard(&maintenance, &under).await?;
                    return Err(error);
                }
            }
        }
        maintenance.close().await;
        Ok((template, catalog))
    }
}

/// The steps of building, in order.
async fn make(
    maintenance: &Client,
    target: &Target,
    recipe: &Recipe,
    ingredients: &Ingredients,
    under: &str,
    name: &str,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Catalog, BuildError> {
    discard(maintenance, under).await?;
    discard(maintenance, name).await?;
    maintenance
        .batch_execute(&format!("create database {}", quote(under)))
        .await
        .map_err(BuildError::step("creating the template's database"))?;
    if let Some(argv) = &ingredients.command {
        progress(Progress::Command(&argv.join(" ")));
        command::run(argv, &recipe.root, target, under).await?;
    }
    let session = Session::open(&target.config(under)).await?;
    for (index, script) in ingredients.scripts.iter().enumerate() {
        progress(Progress::Migration(&script.path, index + 1, ingredients.scripts.len()));
        build::run(&session, script).await.map_err(BuildError::Migration)?;
    }
    for script in &ingredients.seeds {
        progress(Progress::Seed(&script.path));
        build::run(&session, script).await.map_err(BuildError::Migration)?;
    }
    progress(Progress::Sealing);
    // Migrations may leave settings behind (a pg_dump file empties search_path), or a transaction
    // open, inside of which this is refused.
    session
        .batch_execute("discard all")
        .await
        .map_err(BuildError::step("ending the migrations (is a COMMIT missing in one of them?)"))?;
    bookkeeping::note(&session, &ingredients.scripts).await?;
    let catalog = proofmark_catalog::read(&session).await?;
    seal::compact(&session).await?;
    session.close().await;
    seal::warm(target, under).await?;
    rename(maintenance, under, name).await?;
    seal::seal(maintenance, name).await?;
    Ok(catalog)
}

pub(super) async fn is_sealed(maintenance: &Client, name: &str) -> Result<bool, BuildError> {
    let found = maintenance
        .query_opt(
            "select from pg_database where datname = $1 and datistemplate and not datallowconn",
            &[&name],
        )
        .await
        .map_err(BuildError::step("looking for the template"))?;
    Ok(found.is_some())
}

/// Renames once the warming connection has left the server.
pub(super) async fn rename(maintenance: &Client, from: &str, to: &str) -> Result<(), BuildError> {
    if from == to {
        return Ok(());
    }
    crate::lease::wait_until_empty(maintenance, from)
        .await
        .map_err(BuildError::step("waiting for the migrations' connections to close"))?;
    maintenance
        .batch_execute(&format!("alter database {} rename to {}", quote(from), quote(to)))
        .await
        .map_err(BuildError::step("naming the template"))
}

/// Drops what an earlier attempt left under a name that only we use.
pub(super) async fn discard(maintenance: &Client, name: &str) -> Result<(), BuildError> {
    let quoted = quote(name);
    let there = maintenance
        .query_opt("select datistemplate from pg_database where datname = $1", &[&name])
        .await
        .map_err(BuildError::step("looking for an unfinished template"))?;
    let Some(row) = there else { return Ok(()) };
    if row.get::<_, bool>(0) {
        maintenance
            .batch_execute(&format!("alter database {quoted} with is_template false"))
            .await
            .map_err(BuildError::step("dropping an unfinished template"))?;
    }
    maintenance
        .batch_execute(&format!("drop database {quoted} with (force)"))
        .await
        .map_err(BuildError::step("dropping an unfinished template"))
}
