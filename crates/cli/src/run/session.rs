//! One run from its first line to its last.
//!
//! In: arguments. Out: a trace, a report, and an exit code.
//!
//! **Invariant**: whatever happens after the server has started, it is stopped, and what was seen
//! until then is reported.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proofmark::bench::{Bench, Options, Step};
use proofmark::config::{Config, ServerChoice};
use proofmark_catalog::Catalog;
use proofmark_pool::Isolation;
use proofmark_proxy::{Event, Proxy, ProxyOptions, WarmOptions};
use proofmark_trace::{
    CommandFinished, CommandLine, Header, Record, RunFinished, RunId, RunStarted, ServerUsed,
    TemplateHash, TemplateUsed,
};

use super::command;
use super::environment::Environment;
use super::evidence::Observer;
use super::leases::{Desk, Leases};
use super::outcome;
use super::parent::{self, Parent};
use super::recorder::{Recorder, Recording, record};
use super::signals::Signals;
use super::tools::Tools;
use crate::args::RunArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judging::Judging;
use crate::output::RunOutput;
use crate::say::{Mood, Say};

/// `proofmark run`.
pub(crate) fn run(arguments: RunArguments, say: &Say) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let config = configured(&arguments)?;
    if config.command.is_empty() {
        return Err(Failure::new(Exit::Usage, "no tests were run: there is no command")
            .help("proofmark run -- <command>, or `command = [...]` in proofmark.toml"));
    }
    let directory = config.root_of_command.as_ref().unwrap_or(&config.root);
    if command::locate(&config.command[0], directory).is_none() {
        return Err(outcome::no_such_command(&config.command[0]));
    }
    begin(arguments, config, Suite::Command, say, begun)
}

/// `proofmark serve`.
pub(crate) fn serve(arguments: RunArguments, say: &Say) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let parent = Parent::new();
    if !arguments.command.is_empty() {
        return Err(Failure::new(Exit::Usage, "serve starts no command: it serves its parent")
            .help("proofmark run -- <command>"));
    }
    let mut config = configured(&arguments)?;
    config.command = parent.command();
    begin(arguments, config, Suite::Parent(parent), say, begun)
}

fn begin(
    arguments: RunArguments,
    config: Config,
    suite: Suite,
    say: &Say,
    begun: Instant,
) -> Result<Exit, Failure> {
    let judging = Judging::of(&config, arguments.diff.as_deref())?;
    let output = RunOutput::create(&config.output).map_err(|error| {
        let state = format!("the output directory {} cannot be used", config.output.display());
        Failure::because(Exit::Usage, state, &error).help("set `output` in proofmark.toml")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::because(Exit::Internal, "the run could not start", &error))?;
    let judging = judging.after(&output.file(""));
    let session = Session { arguments, config, suite, output, judging, say: say.clone(), begun };
    let ended = runtime.block_on(session.perform());
    // Blocking work that was cut short by a signal still finishes: it may hold a server.
    drop(runtime);
    ended
}

/// The configuration, with what the arguments change.
fn configured(arguments: &RunArguments) -> Result<Config, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::because(Exit::Usage, "there is no current directory", &error))?;
    let mut config = Config::find(&here)?;
    if !arguments.command.is_empty() {
        config.command.clone_from(&arguments.command);
        config.root_of_command = Some(here);
    }
    config.deep = arguments.deep;
    if arguments.verify {
        config.verify_every = Some(1);
    }
    if let Some(major) = arguments.postgres {
        if !(14..=18).contains(&major) {
            let state = format!("PostgreSQL {major} is not supported");
            return Err(Failure::new(Exit::Usage, state).help("14, 15, 16, 17 or 18"));
        }
        config.server = match config.server {
            ServerChoice::Private { .. } => ServerChoice::Private { major: Some(major) },
            external @ ServerChoice::External { .. } => external,
        };
    }
    match arguments.server.as_deref() {
        Some("private") => config.server = ServerChoice::Private { major: arguments.postgres },
        Some(url) => {
            config.server = ServerChoice::External { url: url.to_owned(), from: "--server" };
        }
        None => {}
    }
    Ok(config)
}

/// Who runs the tests.
#[derive(Debug, Clone, Copy)]
enum Suite {
    /// A command that we start.
    Command,
    /// The process that started us.
    Parent(Parent),
}

/// What a run has from the beginning.
struct Session {
    arguments: RunArguments,
    config: Config,
    suite: Suite,
    output: RunOutput,
    judging: Judging,
    say: Say,
    begun: Instant,
}

/// What is known of each template for the trace.
type Readied = Arc<std::sync::Mutex<HashMap<String, (bool, u64)>>>;

impl Session {
    async fn perform(self) -> Result<Exit, Failure> {
        let internal = |error: &dyn std::error::Error| {
            Failure::because(Exit::Internal, "the run failed", error)
        };
        let mut signals = Signals::listen().map_err(|error| internal(&error))?;
        let readied = Readied::default();
        let opening = Bench::open(&self.config, self.options(Arc::clone(&readied)));
        let bench = tokio::select! {
            opened = opening => opened?,
            heard = signals.next() => {
                self.say.loud(Mood::Warning, "Interrupted", "no tests were run");
                return Ok(Exit::Interrupted(heard.signal as i32));
            }
        };
        let bench = Arc::new(bench);
        let header = Header::now(RunId::new(self.output.id()));
        let trace = self.output.file("trace.jsonl");
        let (recorder, recording) = record(&trace, &header).map_err(|error| internal(&error))?;
        let observed = self.observe(&bench, &recorder, &readied, &mut signals).await;
        recorder.add(Record::RunFinished(RunFinished { elapsed_ms: millis(self.begun.elapsed()) }));
        drop(recorder);
        // Everything that used the bench has ended with the proxy.
        let bench = Arc::into_inner(bench);
        // The report needs the trace only, and so need not wait for the server to be gone.
        let stopping = tokio::spawn(put_away(bench, self.config.output.clone()));
        let reported = tokio::task::block_in_place(|| self.conclude(recording, observed));
        stopping.await.map_err(|error| internal(&error))??;
        reported
    }

    fn options(&self, readied: Readied) -> Options {
        let say = self.say.clone();
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let quiet_start = Instant::now();
        Options {
            shared: false,
            ready: self.arguments.ready.unwrap_or(processors + 1).max(1),
            log_file: Some(self.output.file("server.log")),
            listener: Arc::new(move |step| match step {
                Step::Server(what) => say.line("Server", &what),
                Step::ServerReady { version, origin, elapsed_ms } => {
                    say.line(
                        "Server",
                        &format!("PostgreSQL {version} ({origin}) up in {elapsed_ms} ms"),
                    );
                }
                Step::Building { database, what } => {
                    say.title(&format!("proofmark: {database}: {what}"));
                    if quiet_start.elapsed() > Duration::from_secs(2) {
                        say.line("Migrating", &format!("{database}: {what}"));
                    }
                }
                Step::TemplateReady { database, key, reused, elapsed_ms } => {
                    let how = if reused {
                        "reused".to_owned()
                    } else {
                        format!("built in {elapsed_ms} ms")
                    };
                    say.line("Template", &format!("{database}@{key} {how}"));
                    let mut readied =
                        readied.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    readied.insert(database, (reused, elapsed_ms));
                }
                _ => {}
            }),
        }
    }

    /// Runs the suite behind a proxy.
    async fn observe(
        &self,
        bench: &Arc<Bench>,
        recorder: &Recorder,
        readied: &Readied,
        signals: &mut Signals,
    ) -> Result<CommandFinished, Failure> {
        let internal = |error: &dyn std::error::Error| {
            Failure::because(Exit::Internal, "the run failed", error)
        };
        let (catalogs, observer) = self.ask(bench).await?;
        self.record_start(bench, recorder, readied, &catalogs);
        let (events, heard) = std::sync::mpsc::channel::<Event>();
        let counts = Arc::new(Counts::default());
        let forwarding = forward(heard, recorder.clone(), Arc::clone(&counts));
        let tools = Arc::new(Tools::watch(bench.target()).await.map_err(|error| internal(&error))?);
        let (output, recording) = (self.config.output.clone(), recorder.clone());
        let leases = Leases::new(
            Arc::clone(bench),
            catalogs,
            Arc::clone(&tools),
            recording,
            observer,
            output,
        );
        // A copy that is dropped with its lease has no use for connections that stay.
        let across_leases =
            bench.pools().values().all(|pool| pool.isolation().isolation != Isolation::Clone);
        let options = ProxyOptions {
            warm: Some(WarmOptions { across_leases, ..WarmOptions::default() }),
            identity_env: self.config.identity_env.clone(),
            grace: Duration::from_millis(self.config.grace_ms),
            statements: self.config.evidence.statements,
            ..ProxyOptions::new(events)
        };
        let proxy =
            Proxy::start(options, Arc::new(Desk(leases))).map_err(|error| internal(&error))?;
        let run = bench.server().map_or(self.output.id(), |server| server.run_id().as_str());
        let environment = Environment::new(&self.config, proxy.port(), bench.target().user(), run);
        let finished = match self.suite {
            Suite::Command => self.command(&proxy, &environment, &counts, signals).await,
            Suite::Parent(parent) => {
                self.parent(parent, &proxy, &environment, &counts, signals).await
            }
        };
        let shut = tokio::task::spawn_blocking(move || proxy.shutdown()).await;
        let forwarded = tokio::task::spawn_blocking(move || forwarding.join()).await;
        shut.map_err(|error| internal(&error))?;
        if !matches!(forwarded, Ok(Ok(()))) {
            return Err(Failure::new(Exit::Internal, "the proxy's events were lost: a bug"));
        }
        for (database, pool) in bench.pools() {
            let setbacks = pool.setbacks().into_iter();
            let records = setbacks.map(|what| Record::Setback { database: database.clone(), what });
            records.for_each(|record| recorder.add(record));
        }
        let made = tools.finish().await.map_err(|error| internal(&error))?;
        if let Some(made) = made {
            recorder.add(Record::ToolsFinished(made));
        }
        let finished = finished?;
        recorder.add(Record::CommandFinished(finished.clone()));
        Ok(finished)
    }

    /// Has the pools ask what is wanted; the catalog of each database, and who understands the
    /// answers.
    async fn ask(&self, bench: &Bench) -> Result<(HashMap<String, Catalog>, Observer), Failure> {
        let mut catalogs = HashMap::new();
        let mut observer = Observer::default();
        for (name, pool) in bench.pools() {
            let catalog = bench.catalog(name).await?;
            let mut questions = observer.questions(name, &catalog, self.config.evidence);
            questions.counts = self.config.deep;
            pool.ask(questions);
            catalogs.insert(name.clone(), catalog);
        }
        Ok((catalogs, observer))
    }

    /// Starts the command and waits for it, showing progress.
    async fn command(
        &self,
        proxy: &Proxy,
        environment: &Environment,
        counts: &Counts,
        signals: &mut Signals,
    ) -> Result<CommandFinished, Failure> {
        let directory = self.config.root_of_command.as_ref().unwrap_or(&self.config.root);
        let words = &self.config.command;
        self.say.line("Running", &CommandLine::redacted(words).to_string());
        let mut child = command::start(words, directory, environment)
            .map_err(|error| outcome::cannot_start(&words[0], &error))?;
        proxy.set_root_pid(child.id().unwrap_or_default());
        let finished = command::wait(&mut child, signals, |elapsed| {
            self.progress(elapsed, counts);
        })
        .await
        .map_err(|error| Failure::because(Exit::Internal, "the command was lost", &error))?;
        self.say.title("");
        Ok(finished)
    }

    /// Serves the process that started us.
    async fn parent(
        &self,
        parent: Parent,
        proxy: &Proxy,
        environment: &Environment,
        counts: &Counts,
        signals: &mut Signals,
    ) -> Result<CommandFinished, Failure> {
        self.say.line("Serving", &CommandLine::redacted(&self.config.command).to_string());
        proxy.set_root_pid(parent.id());
        let databases: Vec<&str> = self.config.databases.keys().map(String::as_str).collect();
        let lost = |error: &std::io::Error| {
            Failure::because(Exit::NothingObserved, "the process that is served is gone", error)
                .help("`proofmark serve` is started by a test runner, which reads what it prints")
        };
        parent::tell(environment, &databases).map_err(|error| lost(&error))?;
        let finished = parent::wait(parent, signals, |elapsed| self.progress(elapsed, counts))
            .await
            .map_err(|error| lost(&error))?;
        self.say.title("");
        Ok(finished)
    }

    fn progress(&self, elapsed: Duration, counts: &Counts) {
        let seconds = elapsed.as_secs();
        let text = format!(
            "{} leases, {} refusals",
            counts.leases.load(Ordering::Relaxed),
            counts.refusals.load(Ordering::Relaxed)
        );
        self.say.title(&format!("proofmark [{seconds}s] {text}"));
        if seconds > 0 && seconds.is_multiple_of(30) && self.say.progress_in_lines() {
            self.say.line("Observing", &format!("[{seconds:>4}s] {text}"));
        }
    }

    fn record_start(
        &self,
        bench: &Bench,
        recorder: &Recorder,
        readied: &Readied,
        catalogs: &HashMap<String, Catalog>,
    ) {
        let readied = readied.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let databases = bench.pools().iter().map(|(name, pool)| {
            let (reused, ready_ms) = readied.get(name).copied().unwrap_or((true, 0));
            TemplateUsed {
                name: name.clone(),
                template: TemplateHash(pool.template().key.to_string()),
                reused,
                ready_ms,
                migrations: bench.sources(name).to_vec(),
                invariants_except: bench.invariants_except(name).to_vec(),
                invariants: u32::try_from(pool.invariants()).unwrap_or(u32::MAX),
                isolation: Some(pool.isolation()),
            }
        });
        let origin = bench.server().map_or_else(
            || "a server of the user's".to_owned(),
            |server| server.installation().origin().to_string(),
        );
        recorder.add(Record::RunStarted(RunStarted {
            command: CommandLine::redacted(&self.config.command),
            databases: databases.collect(),
            server: ServerUsed::new(bench.target().version(), &origin),
        }));
        for name in bench.pools().keys() {
            recorder.add(Record::Catalog {
                database: name.clone(),
                catalog: Box::new(catalogs[name].clone()),
            });
        }
    }

    /// Reads the trace back and reports.
    fn conclude(
        &self,
        recording: Recording,
        observed: Result<CommandFinished, Failure>,
    ) -> Result<Exit, Failure> {
        recording.finish().map_err(|error| {
            Failure::because(Exit::Internal, "the trace could not be written", &error)
                .help("is the disk full?")
        })?;
        let finished = observed?;
        let formats = &self.config.report_formats;
        let (judging, all) = (&self.judging, self.arguments.all);
        outcome::report(&self.output, formats, &finished, judging, all, &self.say)
    }
}

/// Stops the server, keeping the databases of failed tests.
async fn put_away(bench: Option<Bench>, output: PathBuf) -> Result<(), Failure> {
    let Some(bench) = bench else {
        return Err(Failure::new(Exit::Internal, "the server is still in use: a bug"));
    };
    let any_kept = bench.pools().values().any(|pool| !pool.kept().is_empty());
    let kept = output.join("kept").join(bench.run_name()).join("cluster");
    let Some(server) = bench.dissolve().await? else { return Ok(()) };
    let stopped = tokio::task::spawn_blocking(move || {
        if any_kept {
            server.save_to(&kept).map(drop).map_err(|error| {
                Failure::because(Exit::Internal, "failed tests' databases were not kept", &error)
            })
        } else {
            server.stop().map_err(|error| {
                Failure::because(Exit::Internal, "the server could not be stopped", &error)
            })
        }
    });
    stopped.await.map_err(|error| Failure::because(Exit::Internal, "the run failed", &error))?
}

/// What has been seen so far, for showing progress.
#[derive(Debug, Default)]
struct Counts {
    leases: AtomicU64,
    refusals: AtomicU64,
}

/// Passes the proxy's events on to the trace until the proxy is gone.
fn forward(
    heard: std::sync::mpsc::Receiver<Event>,
    recorder: Recorder,
    counts: Arc<Counts>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for event in heard {
            match &event {
                Event::LeaseGiven { .. } => counts.leases.fetch_add(1, Ordering::Relaxed),
                Event::Refused { .. } => counts.refusals.fetch_add(1, Ordering::Relaxed),
                _ => 0,
            };
            recorder.add(Record::Proxy(event));
        }
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
