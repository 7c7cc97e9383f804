//! Runs the client of a package registry.
//!
//! In: a command. Out: what it printed, or the end of its complaint.
//!
//! **Invariant:** a client that hangs is ended; it cannot hold up a run for ever.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::FetchError;

/// 60 MB over a slow line.
const PATIENCE_SECONDS: u64 = 300;

/// Whether the search path has the program.
pub(super) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Runs the client in `dir` and gives its standard output.
pub(super) fn run(
    client: &'static str,
    command: &mut Command,
    dir: &Path,
) -> Result<String, FetchError> {
    let file = || tempfile::tempfile_in(dir).map_err(FetchError::writing(dir));
    let (mut out, mut err) = (file()?, file()?);
    let handle = |file: &File| file.try_clone().map_err(FetchError::writing(dir));
    command.current_dir(dir).stdin(Stdio::null()).stdout(handle(&out)?).stderr(handle(&err)?);
    let failed = |error: io::Error| FetchError::Client { client, message: error.to_string() };
    let mut child = command.spawn().map_err(failed)?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if started.elapsed() > Duration::from_secs(PATIENCE_SECONDS) {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err(FetchError::TooSlow { client, seconds: PATIENCE_SECONDS });
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let (out, err) = (text(&mut out).map_err(failed)?, text(&mut err).map_err(failed)?);
    if status.success() {
        return Ok(out);
    }
    Err(FetchError::Client { client, message: complaint(&err).unwrap_or(status.to_string()) })
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first line that says it is an error, else the last one.
fn complaint(err: &str) -> Option<String> {
    let mut lines = err.lines().map(str::trim).filter(|line| !line.is_empty());
    let last = lines.clone().next_back();
    let error = lines.find(|line| line.to_ascii_lowercase().contains("error"));
    error.or(last).map(|line| line.chars().take(200).collect())
}
