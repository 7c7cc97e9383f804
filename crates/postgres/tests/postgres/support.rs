//! A server to test with, and the little of the protocol that the tests need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use proofmark_postgres::{
    Address, Cache, Image, Installation, Search, Server, ServerOptions, base_image, find,
};

/// The installation and the image that all tests of this process share.
pub(crate) fn base() -> &'static (Installation, Image) {
    static BASE: OnceLock<(Installation, Image)> = OnceLock::new();
    BASE.get_or_init(|| {
        let found = find(&Search::new()).expect("a PostgreSQL is found or fetched");
        let image = base_image(&found.installation, &Cache::user()).expect("initdb works");
        (found.installation, image)
    })
}

pub(crate) fn start(options: &ServerOptions) -> Server {
    let (installation, image) = base();
    Server::start(installation, image, options).expect("the server starts")
}

/// A run root for one test, which must be empty in the end.
pub(crate) fn run_root() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("the temporary directory can be written");
    // Where root runs the tests, the server runs as another user who has to pass through.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(dir.path(), open).expect("it is ours");
    dir
}

pub(crate) fn options_in(run_root: &Path) -> ServerOptions {
    ServerOptions { run_root: Some(run_root.to_path_buf()), ..ServerOptions::default() }
}

pub(crate) fn entries(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("the directory can be read");
    entries.map(|entry| entry.expect("an entry").path().display().to_string()).collect()
}

/// Waits until `condition` holds, for at most half a minute.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether the process exists and is more than an entry that nobody has collected.
pub(crate) fn alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn skipped(why: &str) {
    println!("SKIPPED: {why}");
}

/// Another process that runs one of the ignored tests of this binary, which serve as its roles.
pub(crate) struct Other {
    pub(crate) process: Child,
    lines: BufReader<ChildStdout>,
}

impl Other {
    pub(crate) fn command(role: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("we run from a file"));
        command.args(["--ignored", "--exact", "--nocapture", role]);
        command
    }

    pub(crate) fn spawn(command: &mut Command) -> Other {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("this binary can be run");
        let lines = BufReader::new(process.stdout.take().expect("it is piped"));
        Other { process, lines }
    }

    /// The next line that starts with `word`, without it.
    pub(crate) fn told(&mut self, word: &str) -> String {
        for line in self.lines.by_ref().lines() {
            let line = line.expect("text");
            if let Some((_, rest)) = line.split_once(&format!("{word}=")) {
                return rest.to_owned();
            }
        }
        panic!("the other process ended without telling {word}");
    }

    /// Closes its standard input, which tells it to go on.
    pub(crate) fn go_on(&mut self) {
        drop(self.process.stdin.take());
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it is our child");
        self.process.wait().expect("it is our child");
    }
}

/// In the other process: waits for [`Other::go_on`].
pub(crate) fn wait_for_go_on() {
    let mut ignored = String::new();
    std::io::stdin().read_line(&mut ignored).expect("standard input is a pipe");
}

/// In the other process: a variable that it was given.
pub(crate) fn given(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set for this role"))
}

/// The first column of the answer to `sql`, or the message of the server's error.
pub(crate) fn query(address: &Address, sql: &str) -> Result<Vec<String>, String> {
    let mut stream = UnixStream::connect(address.socket()).map_err(|error| error.to_string())?;
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    body.extend_from_slice(format!("user\0{}\0database\0postgres\0\0", address.user).as_bytes());
    send(&mut stream, &[], &body)?;
    read_answer(&mut stream)?;
    send(&mut stream, b"Q", format!("{sql}\0").as_bytes())?;
    read_answer(&mut stream)
}

fn send(stream: &mut UnixStream, kind: &[u8], body: &[u8]) -> Result<(), String> {
    let mut bytes = kind.to_vec();
    bytes.extend(u32::try_from(body.len() + 4).expect("short").to_be_bytes());
    bytes.extend_from_slice(body);
    stream.write_all(&bytes).map_err(|error| error.to_string())
}

fn read_answer(stream: &mut UnixStream) -> Result<Vec<String>, String> {
    let (mut rows, mut failed) = (Vec::new(), None);
    loop {
        let mut head = [0_u8; 5];
        stream.read_exact(&mut head).map_err(|error| error.to_string())?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let mut body = vec![0_u8; length - 4];
        stream.read_exact(&mut body).map_err(|error| error.to_string())?;
        match head[0] {
            b'Z' => return failed.map_or(Ok(rows), Err),
            b'D' => {
                let size = usize::from(u16::from_be_bytes([body[4], body[5]]));
                rows.push(String::from_utf8_lossy(&body[6..6 + size]).into_owned());
            }
            b'E' => failed = Some(String::from_utf8_lossy(&body).replace('\0', " ")),
            _ => {}
        }
    }
}
