//! `proofmark init`: a commented configuration to start from.
//!
//! In: a directory. Out: `proofmark.toml` in it, with the migrations directory and the command
//! guessed from what is there.
//!
//! **Invariant**: never overwrites a file.

use std::io::Write as _;
use std::path::Path;

use proofmark::config::{EXAMPLE, FILE_NAME};

use crate::args::InitArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::say::Say;

/// Where migrations usually are, the likeliest first.
const USUAL: [&str; 8] = [
    "migrations",
    "db/migrations",
    "db/migration",
    "sql",
    "database/migrations",
    "src/main/resources/db/migration",
    "supabase/migrations",
    "schema",
];

pub(crate) fn init(arguments: &InitArguments, say: &Say) -> Result<Exit, Failure> {
    let path = arguments.directory.join(FILE_NAME);
    let failed = |error: &std::io::Error| {
        let state = format!("{} was not written", path.display());
        Failure::because(Exit::Usage, state, error)
    };
    let mut file = match std::fs::File::options().write(true).create_new(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(failed(&error).help(format!("edit {} instead", path.display())));
        }
        Err(error) => return Err(failed(&error)),
    };
    let migrations = USUAL.iter().find(|usual| has_sql(&arguments.directory.join(usual)));
    let text = EXAMPLE
        .replace(
            "migrations = \"migrations\"",
            &format!("migrations = \"{}\"", migrations.unwrap_or(&"migrations")),
        )
        .replace(
            "command = [\"cargo\", \"test\"]",
            &format!("command = {}", command(&arguments.directory)),
        );
    file.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    say.line("Wrote", &path.display().to_string());
    match migrations {
        Some(directory) => say.line("Found", &format!("migrations in {directory}")),
        None => say.line("Missing", "no migrations found: set `migrations` in the file"),
    }
    say.line("Next", "proofmark run");
    Ok(Exit::Clean)
}

fn has_sql(directory: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| entry.path().extension().is_some_and(|ext| ext == "sql"))
}

/// The test command that the project's own files suggest.
fn command(directory: &Path) -> &'static str {
    let has = |name: &str| directory.join(name).exists();
    if has("Cargo.toml") {
        "[\"cargo\", \"test\"]"
    } else if has("manage.py") {
        "[\"python\", \"manage.py\", \"test\"]"
    } else if has("pyproject.toml") || has("pytest.ini") || has("setup.py") {
        "[\"pytest\"]"
    } else if has("package.json") {
        "[\"npm\", \"test\"]"
    } else if has("go.mod") {
        "[\"go\", \"test\", \"./...\"]"
    } else if has("Gemfile") {
        "[\"bundle\", \"exec\", \"rspec\"]"
    } else if has("mvnw") {
        "[\"./mvnw\", \"test\"]"
    } else if has("gradlew") {
        "[\"./gradlew\", \"test\"]"
    } else {
        "[\"make\", \"test\"]"
    }
}
