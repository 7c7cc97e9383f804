//! Running the user's own migration command.
//!
//! In: its words and the database it is to migrate. Out: nothing, or what it printed last.
//!
//! **Invariant**: the command sees the database under the names every tool reads
//! (`DATABASE_URL`, `PGHOST`, ...), and no other database of ours.

use std::path::Path;
use std::process::Stdio;

use tokio_postgres::config::Host;

use super::error::BuildError;
use crate::target::Target;

/// How much of a failed command's output is shown, in lines.
const SHOWN_LINES: usize = 40;

/// Runs `argv` in `root` against `database`.
pub(super) async fn run(
    argv: &[String],
    root: &Path,
    target: &Target,
    database: &str,
) -> Result<(), BuildError> {
    let (program, arguments) = argv.split_first().expect("an empty command is refused on reading");
    let config = target.config(database);
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .env("DATABASE_URL", target.url(database))
        .env("PGDATABASE", database)
        .env("PGUSER", target.user())
        .env("PGPORT", config.get_ports().first().copied().unwrap_or(5432).to_string());
    match config.get_hosts().first() {
        Some(Host::Tcp(host)) => command.env("PGHOST", host),
        Some(Host::Unix(path)) => command.env("PGHOST", path),
        None => command.env_remove("PGHOST"),
    };
    if let Some(password) = config.get_password() {
        command.env("PGPASSWORD", String::from_utf8_lossy(password).into_owned());
    }
    let output = command
        .output()
        .await
        .map_err(|source| BuildError::CommandStart { command: program.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    Err(BuildError::CommandFailed {
        command: argv.join(" "),
        status: output.status,
        output: shown.join("\n"),
    })
}
