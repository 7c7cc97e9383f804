//! The content of a recipe, read once.
//!
//! In: a [`Recipe`]. Out: its scripts and watched files, and the [`TemplateKey`] they hash to.
//!
//! **Invariant**: what is hashed is what is run; nothing is read a second time.

use std::path::{Path, PathBuf};

use proofmark_catalog::source::Migration;

use crate::key::TemplateKey;
use crate::migrations::{LoadError, Script, load_scripts, load_seed};
use crate::recipe::{Migrations, Recipe};

/// Everything that goes into one template.
#[derive(Debug, Clone)]
pub struct Ingredients {
    pub(super) scripts: Vec<Script>,
    pub(super) seeds: Vec<Script>,
    pub(super) command: Option<Vec<String>>,
    watched: Vec<(String, Vec<u8>)>,
}

impl Recipe {
    /// Reads everything the recipe names.
    ///
    /// # Errors
    /// [`LoadError`] when a file cannot be read or is not what its place demands.
    pub fn read(&self) -> Result<Ingredients, LoadError> {
        let mut read = Ingredients {
            scripts: Vec::new(),
            seeds: Vec::new(),
            command: None,
            watched: Vec::new(),
        };
        match &self.migrations {
            Migrations::None => {}
            Migrations::Directory { path, format } => {
                read.scripts = load_scripts(path, *format, &self.root)?;
            }
            Migrations::Command { argv, watch } => {
                read.command = Some(argv.clone());
                for path in watch {
                    watch_into(path, &self.root, &mut read.watched)?;
                }
            }
        }
        for seed in &self.seeds {
            read.seeds.push(load_seed(seed, &self.root)?);
        }
        Ok(read)
    }
}

impl Ingredients {
    /// The key of a template made of this for `database` on a server that calls itself
    /// `server_version`.
    pub fn key(&self, database: &str, server_version: &str) -> TemplateKey {
        let mut parts: Vec<&[u8]> = vec![database.as_bytes(), server_version.as_bytes()];
        for (kind, scripts) in [("migration", &self.scripts), ("seed", &self.seeds)] {
            for script in scripts {
                parts.extend([kind.as_bytes(), script.path.as_bytes(), script.text.as_bytes()]);
                parts.push(if script.transaction { b"t" } else { b"-" });
            }
        }
        for word in self.command.iter().flatten() {
            parts.extend([b"command".as_slice(), word.as_bytes()]);
        }
        for (path, content) in &self.watched {
            parts.extend([b"watched".as_slice(), path.as_bytes(), content]);
        }
        TemplateKey::of(parts)
    }

    /// The SQL that declares the schema, for showing where a promise comes from. With a migration
    /// command these are the watched `.sql` files.
    pub fn sources(&self) -> Vec<Migration> {
        let scripts = self
            .scripts
            .iter()
            .map(|script| Migration { path: script.path.clone(), text: script.text.clone() });
        let watched =
            self.watched.iter().filter(|(path, _)| is_sql(path)).map(|(path, content)| Migration {
                path: path.clone(),
                text: String::from_utf8_lossy(content).into_owned(),
            });
        scripts.chain(watched).collect()
    }
}

fn is_sql(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

/// Adds `path`, or all files below it in the order of their names.
fn watch_into(
    path: &Path,
    root: &Path,
    watched: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    if path.is_dir() {
        let mut below: Vec<PathBuf> = std::fs::read_dir(path)
            .map_err(failed)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        below.sort();
        return below.iter().try_for_each(|path| watch_into(path, root, watched));
    }
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    watched.push((name, std::fs::read(path).map_err(failed)?));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::Format;

    fn recipe(root: &Path) -> Recipe {
        Recipe {
            database: "shop".into(),
            migrations: Migrations::Directory {
                path: root.join("migrations"),
                format: Format::Auto,
            },
            seeds: vec![root.join("seed.sql")],
            root: root.to_owned(),
        }
    }

    #[test]
    fn every_ingredient_changes_the_key() {
        let root = tempfile::tempdir().unwrap();
        let migrations = root.path().join("migrations");
        std::fs::create_dir(&migrations).unwrap();
        std::fs::write(migrations.join("1_a.sql"), "create table a ();").unwrap();
        std::fs::write(root.path().join("seed.sql"), "select 1;").unwrap();
        let key = || recipe(root.path()).read().unwrap().key("shop", "15.18");
        let first = key();
        assert_eq!(first, key());
        std::fs::write(root.path().join("seed.sql"), "select 2;").unwrap();
        let reseeded = key();
        assert_ne!(first, reseeded);
        std::fs::write(migrations.join("2_b.sql"), "create table b ();").unwrap();
        let migrated = key();
        assert_ne!(reseeded, migrated);
        let read = recipe(root.path()).read().unwrap();
        assert_ne!(migrated, read.key("shop", "16.1"));
        assert_ne!(migrated, read.key("other", "15.18"));
        assert_eq!(read.sources().len(), 2);
    }

    #[test]
    fn a_command_s_watched_files_change_the_key_and_show_as_sources() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("db/nested")).unwrap();
        std::fs::write(root.path().join("db/nested/a.sql"), "create table a ();").unwrap();
        let recipe = Recipe {
            database: "shop".into(),
            migrations: Migrations::Command {
                argv: vec!["migrate".into()],
                watch: vec![root.path().join("db")],
            },
            seeds: vec![],
            root: root.path().to_owned(),
        };
        let before = recipe.read().unwrap().key("shop", "15.18");
        assert_eq!(recipe.read().unwrap().sources()[0].path, "db/nested/a.sql");
        std::fs::write(root.path().join("db/nested/a.sql"), "create table b ();").unwrap();
        assert_ne!(before, recipe.read().unwrap().key("shop", "15.18"));
    }
}
