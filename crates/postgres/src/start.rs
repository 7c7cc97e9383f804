//! Starts a server on a data directory and waits until it answers.
//!
//! In: where its files are, binaries, an account. Out: a [`Postmaster`] that takes connections,
//! or a [`StartError`] with the reason from the server's log.
//!
//! **Invariant:** when this fails, no server process is left.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::handshake::{Knock, knock};
use crate::initdb::SUPERUSER;
use crate::postmaster::Postmaster;
use crate::settings::{self, SettingError, configuration};
use crate::{Account, AccountError, Address, Installation, RunDirError, ServerOptions, Version};

/// Why a server could not be started or joined.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No run directory.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// No account to run under.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A setting that cannot be written to the configuration.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The image was made by another major version.
    #[error("the image was made by PostgreSQL {image}, the server is {server}")]
    OtherMajor {
        /// Who made the image.
        image: Version,
        /// Who should run it.
        server: Version,
    },
    /// The file system is full.
    #[error("no space left where {} is", .path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// The data directory could not be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A program could not be started.
    #[error("{} could not be started", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The server ended while starting.
    #[error("the server ended with {status} while starting; its last words:\n{log}")]
    Exited {
        /// How it ended.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not answer in time.
    #[error("the server did not answer within {waited_ms} ms ({last}); its last words:\n{log}")]
    NotReady {
        /// How long it was asked.
        waited_ms: u64,
        /// The last answer.
        last: String,
        /// The last lines of its log.
        log: String,
    },
    /// The shared server was neither usable nor gone.
    #[error("the shared server in {} neither answers nor goes away", .path.display())]
    SharedStuck {
        /// Its run directory.
        path: PathBuf,
    },
}

impl StartError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            StartError::RunDir(error) => error.help(),
            StartError::Account(error) => error.help(),
            StartError::Setting(_) => "correct the name in the server's settings".to_owned(),
            StartError::OtherMajor { image, .. } => {
                format!("use a PostgreSQL {} for this data directory", image.major)
            }
            StartError::DiskFull { path } => format!(
                "free some space there ({}), or set PROOFMARK_RUN_ROOT to a directory with room",
                path.display()
            ),
            StartError::Write { .. } => {
                "set PROOFMARK_RUN_ROOT to a directory where you may write".to_owned()
            }
            StartError::Spawn { .. } => {
                "check that the program can be run, or set PROOFMARK_POSTGRES_BIN".to_owned()
            }
            StartError::Exited { .. } => {
                "the last words name the cause; a setting of yours is the first suspect".to_owned()
            }
            StartError::NotReady { .. } => "try again when the machine is less busy".to_owned(),
            StartError::SharedStuck { path } => {
                format!("end the processes that use {} and try again", path.display())
            }
        }
    }

    pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> StartError {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StartError::DiskFull { path }
            }
            _ => StartError::Write { path, source },
        }
    }
}

/// Where the files of one server are.
pub(crate) struct Site {
    pub(crate) root: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) socket_dir: PathBuf,
}

impl Site {
    /// The places in a directory that holds one server.
    pub(crate) fn in_dir(root: &Path) -> Site {
        Site { root: root.to_path_buf(), data: root.join("data"), socket_dir: root.join("socket") }
    }

    pub(crate) fn address(&self) -> Address {
        let socket_dir = self.socket_dir.clone();
        Address { socket_dir, port: settings::PORT, user: SUPERUSER.to_owned() }
    }
}

/// Opens the log for appending.
pub(crate) fn open_log(root: &Path, options: &ServerOptions) -> Result<File, StartError> {
    let path = options.log_file.clone().unwrap_or_else(|| root.join("server.log"));
    OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(&path)
        .map_err(StartError::writing(&path))
}

/// Starts the server on the data directory that is in place and waits for its first answer.
pub(crate) fn launch(
    site: &Site,
    binaries: &Installation,
    account: Account,
    options: &ServerOptions,
    log: &File,
) -> Result<Postmaster, StartError> {
    let (data, socket_dir) = (&site.data, &site.socket_dir);
    if !socket_dir.exists() {
        account.make_private_dir(socket_dir).map_err(StartError::writing(socket_dir))?;
    }
    let conf = data.join("proofmark.conf");
    let text = configuration(options, binaries.version(), socket_dir)?;
    fs::write(&conf, text).and_then(|()| account.own(&conf)).map_err(StartError::writing(&conf))?;
    let from = log.metadata().map_or(0, |metadata| metadata.len());
    let spawn = || Postmaster::spawn(binaries, account, data, log.try_clone()?);
    let program = binaries.program("postgres");
    let mut postmaster = spawn().map_err(|source| StartError::Spawn { program, source })?;
    match wait_until_ready(&mut postmaster, site, options, log, from) {
        Ok(()) => Ok(postmaster),
        Err(error) => {
            // The first error is the one to report.
            let _ = postmaster.stop();
            Err(error)
        }
    }
}

fn wait_until_ready(
    postmaster: &mut Postmaster,
    site: &Site,
    options: &ServerOptions,
    log: &File,
    from: u64,
) -> Result<(), StartError> {
    let socket = site.address().socket();
    let started = Instant::now();
    let mut last = "nobody listens".to_owned();
    while started.elapsed() < Duration::from_millis(options.start_timeout_ms) {
        match knock(&socket, SUPERUSER) {
            Knock::Ready => return Ok(()),
            Knock::NotYet => {}
            Knock::Refused(code) => last = format!("refused with SQLSTATE {code}"),
        }
        let exited = postmaster.exited().map_err(StartError::writing(&site.root))?;
        if let Some(status) = exited {
            let log = last_lines(log, from);
            if log.contains("No space left on device") {
                return Err(StartError::DiskFull { path: site.root.clone() });
            }
            return Err(StartError::Exited { status: status.to_string(), log });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let log = last_lines(log, from);
    Err(StartError::NotReady { waited_ms: options.start_timeout_ms, last, log })
}

/// The last ten lines that were written to the log since byte `from`.
fn last_lines(log: &File, from: u64) -> String {
    let mut text = Vec::new();
    let mut file = log;
    let read =
        file.seek(SeekFrom::Start(from)).and_then(|_| file.take(256 << 10).read_to_end(&mut text));
    if let Err(error) = read {
        return format!("(the log cannot be read: {error})");
    }
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "(nothing)".to_owned();
    }
    lines[lines.len().saturating_sub(10)..].join("\n")
}
