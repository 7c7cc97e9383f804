//! `proofmark serve`: a runner that is running already is served until it is done or gone.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Stdio};

use nix::sys::signal::Signal;

use crate::machine::{alive, has, processes_of, send, until};
use crate::project::Project;

/// Starts `proofmark serve` as the child of a shell: kill -9 at the shell is then a runner killed.
const RUNNER: &str = "\
mkfifo word out
\"$PROOFMARK\" serve --quiet <word >out 2>err &
exec 3>word 4<out
IFS= read -r line <&4
echo \"$line\" >told
exec sleep 600
";

struct Served {
    child: Child,
    out: BufReader<ChildStdout>,
    told: serde_json::Value,
}

impl Served {
    fn by(project: &Project) -> Self {
        let mut command = project.command(&["serve"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the command was built");
        let mut out = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        out.read_line(&mut line).expect("it says where the databases are");
        let told = serde_json::from_str(&line).expect("it says so in JSON");
        Self { child, out, told }
    }

    fn url(&self) -> &str {
        self.told["set"]["DATABASE_URL"].as_str().expect("there is one database")
    }

    /// Says `word`, and gives the exit code and the report.
    fn end(mut self, word: &str) -> (i32, String) {
        let mut input = self.child.stdin.take().expect("it was asked for");
        input.write_all(word.as_bytes()).expect("it listens");
        drop(input);
        let mut report = String::new();
        self.out.read_to_string(&mut report).expect("the report is text");
        let status = self.child.wait().expect("it is ours");
        (status.code().expect("it ends by itself"), report)
    }
}

fn psql(url: &str, sql: &str) -> String {
    let output = std::process::Command::new("psql")
        .args([url, "-XAtqc", sql])
        .env_remove("PGOPTIONS")
        .output()
        .expect("psql is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_runner_is_served_until_it_says_how_it_went() {
    if !has(&["psql"]) {
        return;
    }
    let project = Project::new("");
    let served = Served::by(&project);
    assert_eq!(served.told["databases"], serde_json::json!(["shop"]));
    let unset = served.told["unset"].as_array().expect("a list");
    assert!(unset.contains(&serde_json::json!("PGSERVICE")));
    psql(served.url(), "INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)");
    assert_eq!(psql(served.url(), "SELECT name FROM item"), "bolt", "we hold the lease");
    let (code, report) = served.end("0\n");
    assert_eq!(code, 0, "{report}");
    assert!(report.contains("item_quantity_positive"), "{report}");
    assert_eq!(project.report()["outcome"], "passed");
}

#[test]
fn a_runner_that_failed_fails_the_run() {
    let (code, report) = Served::by(&Project::new("")).end("1");
    assert_eq!(code, 4, "{report}");
    assert!(report.contains("ended with exit code 1"), "{report}");
}

#[test]
fn a_runner_that_is_gone_without_a_word_has_failed() {
    let (code, report) = Served::by(&Project::new("")).end("");
    assert_eq!(code, 4, "{report}");
    assert!(report.contains("ended without saying how it went"), "{report}");
}

#[test]
fn nothing_is_left_of_a_runner_that_was_killed() {
    if !has(&["mkfifo"]) {
        return;
    }
    let project = Project::new("").file("runner.sh", RUNNER);
    let mut command = project.command(&[]);
    let proofmark = command.get_program().to_owned();
    command = {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-eu", "runner.sh"]).current_dir(project.root());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.env("PROOFMARK", proofmark);
        shell
    };
    let running = project.start(&mut command);
    let told: serde_json::Value = serde_json::from_str(&project.written("told")).expect("JSON");
    let run = told["set"]["PROOFMARK_RUN"].as_str().expect("the run has a name").to_owned();
    assert!(!processes_of(&run).is_empty(), "there is a server");
    send(running.pid(), Signal::SIGKILL);
    until("the runner is dead", || !alive(running.pid()));
    project.nothing_is_left_of(&run);
}

#[test]
fn serve_takes_no_command() {
    let ran = Project::new("").run(&["serve", "--", "true"]).ends_with(2);
    assert!(ran.err.contains("serve starts no command"), "{}", ran.err);
}
