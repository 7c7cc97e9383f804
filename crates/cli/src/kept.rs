//! Looking at the databases of failed tests.
//!
//! In: a name, or a part of one. Out: psql on the database, or its URL.
//!
//! The database lives in a saved data directory; a private server is started on a copy of it, so
//! that looking changes nothing.
//!
//! **Invariant**: the server started for looking is gone afterwards.

use std::io::{BufRead as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use proofmark::bench::{KeptDatabase, KeptRun, kept};
use proofmark::config::Config;
use proofmark_postgres::{Image, Installation, Origin, Server, ServerOptions};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{HoldArguments, KeptArguments, UrlArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::say::Say;

/// `proofmark psql`.
pub(crate) fn psql(arguments: &KeptArguments, say: &Say) -> Result<Exit, Failure> {
    let runs = kept_runs()?;
    let Some(name) = &arguments.name else { return Ok(list(&runs)) };
    let (run, database) = find(&runs, name)?;
    let (server, installation) = start(run)?;
    let program = installation.tool("psql").unwrap_or_else(|| "psql".into());
    say.line("Opening", &format!("{} of {}", database.name, database.test));
    let address = server.address();
    leave_keys_to_psql()
        .map_err(|error| Failure::because(Exit::Internal, "psql could not be prepared", &error))?;
    let status = Command::new(&program)
        .arg("-h")
        .arg(&address.socket_dir)
        .args(["-p", &address.port.to_string(), "-U", &address.user, "-d", &database.name])
        .args(&arguments.rest)
        .status();
    server.stop().map_err(|error| {
        Failure::because(Exit::Internal, "the server could not be stopped", &error)
    })?;
    let status = status.map_err(|error| {
        Failure::because(Exit::Usage, "psql could not be started", &error)
            .help("install it (Debian, Ubuntu: apt-get install postgresql-client)")
            .help(format!("or use any other client: proofmark url {name}"))
    })?;
    Ok(if status.success() { Exit::Clean } else { Exit::Usage })
}

/// Ctrl-C means psql's query and not us: from here on the signals of keys are heard and let go.
/// (psql itself gets them: a handler is not inherited.)
fn leave_keys_to_psql() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _entered = runtime.enter();
    // The handlers stay when the runtime is gone.
    drop(signal(SignalKind::interrupt())?);
    drop(signal(SignalKind::quit())?);
    Ok(())
}

/// `proofmark url`.
pub(crate) fn url(arguments: &UrlArguments) -> Result<Exit, Failure> {
    let runs = kept_runs()?;
    // Said here, where a person reads it, and not by the process in the background.
    find(&runs, &arguments.name)?;
    let failed = |error: &std::io::Error| {
        Failure::because(Exit::Internal, "the server could not be started", error)
    };
    let this = std::env::current_exe().map_err(|error| failed(&error))?;
    let mut command = Command::new(this);
    command
        .args(["hold", "--minutes", &arguments.minutes.to_string(), "--", &arguments.name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    let out = child.stdout.take().expect("it was asked for");
    let mut line = String::new();
    std::io::BufReader::new(out).read_line(&mut line).map_err(|error| failed(&error))?;
    if line.is_empty() {
        return Err(Failure::new(Exit::ServerUnusable, "the server could not be started")
            .help(format!("proofmark psql {} says why", arguments.name)));
    }
    print_line(line.trim_end());
    Ok(Exit::Clean)
}

/// The process behind `proofmark url`: starts the server, says where it is, and ends it after a
/// while.
pub(crate) fn hold(arguments: &HoldArguments) -> Result<Exit, Failure> {
    let runs = kept_runs()?;
    let (run, database) = find(&runs, &arguments.name)?;
    let (server, _) = start(run)?;
    print_line(&server.address().url(&database.name));
    std::thread::sleep(Duration::from_secs(u64::from(arguments.minutes) * 60));
    server.stop().map_err(|error| {
        Failure::because(Exit::Internal, "the server could not be stopped", &error)
    })?;
    Ok(Exit::Clean)
}

fn kept_runs() -> Result<Vec<KeptRun>, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))?;
    let config = Config::find(&here)?;
    kept(&config.output).map_err(|error| {
        let state = format!("what is kept in {} cannot be read", config.output.display());
        Failure::because(Exit::Internal, state, &error)
    })
}

fn list(runs: &[KeptRun]) -> Exit {
    for run in runs {
        for database in &run.databases {
            print_line(&format!("{}  {}", database.name, database.test));
        }
    }
    if runs.is_empty() {
        print_line("no database is kept: no test has failed");
    }
    Exit::Clean
}

/// The database whose name is `name`, or the newest one whose name or test contains it.
fn find<'a>(runs: &'a [KeptRun], name: &str) -> Result<(&'a KeptRun, &'a KeptDatabase), Failure> {
    let all: Vec<(&KeptRun, &KeptDatabase)> =
        runs.iter().flat_map(|run| run.databases.iter().map(move |one| (run, one))).collect();
    let exact = all.iter().find(|(_, one)| one.name == name || one.test == name);
    if let Some(found) = exact {
        return Ok(*found);
    }
    let part: Vec<_> =
        all.iter().filter(|(_, one)| one.name.contains(name) || one.test.contains(name)).collect();
    match part.as_slice() {
        [found] => Ok(**found),
        [] => Err(Failure::new(Exit::Usage, format!("no kept database is called `{name}`"))
            .help("proofmark psql lists those that are kept")),
        several => {
            let mut failure =
                Failure::new(Exit::Usage, format!("several kept databases match `{name}`"));
            for (_, one) in several.iter().take(8) {
                failure = failure.help(format!("proofmark psql {}  # {}", one.name, one.test));
            }
            Err(failure)
        }
    }
}

fn start(run: &KeptRun) -> Result<(Server, Installation), Failure> {
    let unusable = |why: String| Failure::new(Exit::ServerUnusable, why);
    let Some(bin_dir) = &run.bin_dir else {
        return Err(unusable("the database is on the server that the run used".to_owned())
            .help("connect to it there, under the name shown by `proofmark psql`"));
    };
    let image = Image::open(&run.cluster()).ok_or_else(|| {
        unusable(format!("{} holds no complete data directory", run.cluster().display()))
            .help("wait until the run has ended")
    })?;
    let installation = Installation::probe(bin_dir, Origin::Directory).map_err(|error| {
        Failure::because(Exit::ServerUnusable, "the run's PostgreSQL is gone", &error)
    })?;
    let server =
        Server::start(&installation, &image, &ServerOptions::default()).map_err(|error| {
            Failure::because(Exit::ServerUnusable, "the server did not start", &error)
        })?;
    Ok((server, installation))
}

/// Standard output is what was asked for; a reader that is gone is not an error.
fn print_line(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}
