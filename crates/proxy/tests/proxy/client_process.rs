//! A client in a process of its own: this test binary, started again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use tokio_postgres::NoTls;

const URL: &str = "PROOFMARK_PROXY_TEST_URL";
const ANSWER: &str = "ANSWER ";

/// A running client. It is connected as soon as it exists, and ends when it is dropped.
pub(crate) struct ClientProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    answers: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl ClientProcess {
    /// Starts a client of this URL with these variables in its environment.
    pub(crate) fn start(url: &str, environment: &[(&str, &str)]) -> Self {
        let own = std::env::current_exe().expect("this binary");
        let mut child = Command::new(own)
            .args(["--exact", "client_process::client", "--ignored", "--nocapture"])
            .env(URL, url)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("it is piped");
        let mut client = Self { child, stdin, answers: BufReader::new(stdout).lines() };
        assert_eq!(client.answer(), "connected");
        client
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a statement and gives the first value of its first row.
    pub(crate) fn ask(&mut self, sql: &str) -> String {
        let stdin = self.stdin.as_mut().expect("it has not been told to end");
        writeln!(stdin, "{sql}").expect("it reads");
        self.answer()
    }

    pub(crate) fn database(&mut self) -> String {
        self.ask("select current_database()")
    }

    fn answer(&mut self) -> String {
        loop {
            let line = self.answers.next().expect("it goes on").expect("text");
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.to_owned();
            }
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
    }
}

impl Drop for ClientProcess {
    fn drop(&mut self) {
        drop(self.stdin.take());
        drop(self.child.wait());
    }
}

#[test]
#[ignore = "started by other tests, as a client"]
fn client() {
    let url = std::env::var(URL).expect("a test starts this");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("let in");
        tokio::spawn(connection);
        println!("{ANSWER}connected");
        for sql in std::io::stdin().lines() {
            let sql = sql.expect("text");
            let rows = client.simple_query(&sql).await.expect("it runs");
            let value = rows.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            println!("{ANSWER}{}", value.unwrap_or_default());
        }
    });
}
