//! `proofmark doctor`: what would be used, and why.
//!
//! In: the machine and the configuration. Out: one line for each thing looked at.
//!
//! **Invariant**: starts nothing and fetches nothing.

use proofmark::config::{Config, ConfigError, ServerChoice};
use proofmark_pool::Migrations;
use proofmark_postgres::{Cache, FindError, Search, external, find};
use proofmark_trace::CommandLine;

use crate::args::DoctorArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::say::{Mood, Say};

pub(crate) fn doctor(arguments: &DoctorArguments, say: &Say) -> Result<Exit, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))?;
    let config = match Config::find(&here) {
        Ok(config) => Some(config),
        Err(error @ ConfigError::Missing { .. }) => {
            let text = error.to_string();
            let (text, help) = text.split_once("; help: ").unwrap_or((&text, ""));
            say.loud(Mood::Warning, "Config", text);
            say.line("Help", help);
            None
        }
        Err(error) => return Err(error.into()),
    };
    let mut exit = Exit::Clean;
    if let Some(config) = &config {
        project(config, say)?;
        if let ServerChoice::External { url, from } = &config.server {
            exit = judge_external(url, from, &config.allow, say);
            say.line("Note", "with PROOFMARK_SERVER_URL=private the one below would be used");
        }
    }
    let wanted = arguments.postgres.or_else(|| config.as_ref().and_then(wanted_major));
    Ok(if search(wanted, say) { exit } else { Exit::ServerUnusable })
}

fn wanted_major(config: &Config) -> Option<u16> {
    match config.server {
        ServerChoice::Private { major } => major,
        ServerChoice::External { .. } => None,
    }
}

fn project(config: &Config, say: &Say) -> Result<(), Failure> {
    say.line("Config", &config.root.join("proofmark.toml").display().to_string());
    say.line("Command", &CommandLine::redacted(&config.command).to_string());
    say.line("Output", &config.output.display().to_string());
    for (name, recipe) in &config.databases {
        let read = recipe.read().map_err(|error| {
            Failure::because(Exit::Usage, format!("the schema of `{name}` cannot be read"), &error)
        })?;
        let from = match &recipe.migrations {
            Migrations::None => "an empty database".to_owned(),
            Migrations::Directory { path, .. } => {
                let files = match read.sources().len() {
                    1 => "1 file".to_owned(),
                    several => format!("{several} files"),
                };
                format!("{files} of {}", path.display())
            }
            Migrations::Command { argv, .. } => format!("`{}`", argv.join(" ")),
        };
        let variable = &config.url_variables[name];
        say.line("Database", &format!("{name} from {from}; its URL goes into {variable}"));
    }
    Ok(())
}

fn judge_external(url: &str, from: &str, allow: &[String], say: &Say) -> Exit {
    match external::check(url, allow) {
        Ok(_) => {
            say.line("Server", &format!("the server of {from} would be used"));
            Exit::Clean
        }
        Err(error) => {
            say.loud(Mood::Failure, "Server", &format!("the server of {from}: {error}"));
            say.line("Help", &error.help());
            Exit::ServerUnusable
        }
    }
}

/// Shows what is found on this machine; whether anything was.
fn search(major: Option<u16>, say: &Say) -> bool {
    let cache = Cache::user();
    say.line("Cache", &cache.root().display().to_string());
    let found = find(&Search { major, cache, fetch: false, on_progress: None });
    let (attempts, chosen) = match &found {
        Ok(found) => (found.attempts.as_slice(), Some(&found.installation)),
        Err(FindError::NotFound { attempts, .. }) => (attempts.as_slice(), None),
        Err(_) => (&[][..], None),
    };
    for attempt in attempts {
        say.line("Tried", &attempt.to_string());
    }
    match (chosen, &found) {
        (Some(chosen), _) => {
            let place = chosen.bin_dir().display();
            say.line("PostgreSQL", &format!("{} in {place} would be used", chosen.version()));
            true
        }
        (None, Err(error)) => {
            let text = match error {
                FindError::NotFound { .. } => "none on this machine; a run would fetch one",
                named @ FindError::Named { .. } => &named.to_string(),
            };
            say.loud(Mood::Warning, "PostgreSQL", text);
            say.line("Help", &error.help());
            false
        }
        (None, Ok(_)) => false,
    }
}
