//! Under `proofmark run`: leases from the console of a proxy that this process holds.
//!
//! **Invariant**: the proxy is the real one; only what stands behind it is made here, from a bench.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proofmark::bench::{Bench, Lease, Options, Outcome};
use proofmark::config::Config;
use proofmark_proxy::{
    Event, GivenBack, Granted, Lane, LeaseId, LeaseRequest, LeaseSource, Proxy, ProxyOptions, Seen,
    SourceError, Upstream,
};
use tokio::runtime::Runtime;

use super::hidden::CROWD;
use super::project::{Project, Ran};

/// How a lease came back: its test, whether it failed, and the tables that were written to.
pub(crate) type Back = (String, bool, Vec<String>);

/// What the command puts behind its proxy, small.
struct Leases {
    bench: Bench,
    runtime: Runtime,
    held: Mutex<BTreeMap<LeaseId, (String, Lease)>>,
    back: Mutex<Vec<Back>>,
}

struct Shared(Arc<Leases>);

impl LeaseSource for Shared {
    fn take(&self, request: LeaseRequest) -> BoxFuture<'static, Result<Granted, SourceError>> {
        let leases = Arc::clone(&self.0);
        let task = self.0.runtime.spawn(async move {
            let lease = leases.bench.pool(&request.database).unwrap().lease().await.unwrap();
            let database = lease.database.clone();
            let test = request.test.as_str().to_owned();
            leases.held.lock().unwrap().insert(request.lease, (test, lease));
            let server = leases.bench.server().unwrap().address();
            let (directory, port) = (server.socket_dir.clone(), server.port);
            Ok(Granted { address: Upstream::Socket { directory, port }, database })
        });
        task.map(Result::unwrap).boxed()
    }

    fn give_back(
        &self,
        lease: LeaseId,
        failed: bool,
        _: Seen,
    ) -> BoxFuture<'static, Result<GivenBack, SourceError>> {
        let leases = Arc::clone(&self.0);
        let task = self.0.runtime.spawn(async move {
            let (test, lease) = leases.held.lock().unwrap().remove(&lease).unwrap();
            let outcome = if failed { Outcome::Failed } else { Outcome::Done };
            let returned = leases.bench.give_back(&lease, &test, outcome, &[]).await.unwrap();
            let tables = returned.written.into_iter().map(|written| written.table).collect();
            leases.back.lock().unwrap().push((test, failed, tables));
            let broken = returned.broken.iter().map(ToString::to_string).collect();
            Ok(GivenBack { broken, kept: returned.kept.then_some(returned.database) })
        });
        task.map(Result::unwrap).boxed()
    }

    fn databases(&self) -> Vec<String> {
        self.0.bench.pools().keys().cloned().collect()
    }
}

/// Runs `tests` in a process of their own, as `proofmark run` would.
pub(crate) fn run(project: &Project, tests: &[&str]) -> (Ran, Vec<Back>) {
    let (ran, back, _) = run_seeing(project, tests);
    (ran, back)
}

/// The same, and what the proxy saw or was told.
fn run_seeing(project: &Project, tests: &[&str]) -> (Ran, Vec<Back>, Vec<Event>) {
    run_with(project, tests, |port| port)
}

/// The same, with the console at the port that `through` makes of its own.
fn run_with(
    project: &Project,
    tests: &[&str],
    through: impl FnOnce(u16) -> u16,
) -> (Ran, Vec<Back>, Vec<Event>) {
    let runtime = Runtime::new().unwrap();
    let config = Config::find(project.root()).unwrap();
    let options = Options { shared: false, ..Options::shared() };
    let bench = runtime.block_on(Bench::open(&config, options)).unwrap();
    let (held, back) = (Mutex::default(), Mutex::default());
    let leases = Arc::new(Leases { bench, runtime, held, back });
    let (events, seen) = std::sync::mpsc::channel();
    let proxy =
        Proxy::start(ProxyOptions::new(events), Arc::new(Shared(Arc::clone(&leases)))).unwrap();
    let mut command = project.command(tests);
    let port = through(proxy.port());
    let console = format!("postgresql://postgres@127.0.0.1:{port}/proofmark");
    let child = command.env("PROOFMARK_URL", console).spawn().unwrap();
    proxy.set_root_pid(child.id());
    let ran = Ran::from(child.wait_with_output().unwrap());
    proxy.shutdown();
    let Leases { bench, runtime, held, back } =
        Arc::into_inner(leases).expect("the proxy has ended");
    assert!(held.into_inner().unwrap().is_empty());
    runtime.block_on(bench.close()).unwrap();
    (ran, back.into_inner().unwrap(), seen.into_iter().collect())
}

#[test]
fn a_test_takes_its_lease_from_the_console_and_returns_it_as_passed_or_failed() {
    let project = Project::new();
    let (ran, mut back) = run(&project, &["passes", "panics", "panics_as_it_should"]);
    back.sort();
    ran.failed().says(&format!("help: proofmark psql {}", project.noted("database")));
    let test = |name: &str| format!("proofmark::main::hidden::{name}");
    let expected = [
        (test("panics"), true, vec!["show".to_owned()]),
        (test("panics_as_it_should"), false, Vec::new()),
        (test("passes"), false, Vec::new()),
    ];
    assert_eq!(back, expected);
}

#[test]
fn what_the_console_says_of_a_broken_invariant_fails_the_test() {
    let project = Project::with_an_invariant();
    let (ran, back) = run(&project, &["leaves_a_show_without_a_seat"]);
    ran.failed()
        .says("the test passed, but afterwards")
        .says("show: 2, title: Platonov")
        .says(&format!("help: proofmark psql {}", project.noted("database")));
    assert_eq!(back.len(), 1);
}

#[test]
fn a_test_may_ask_for_the_direct_lane() {
    let project = Project::new();
    let (ran, back) = run(&project, &["asks_for_the_direct_lane"]);
    ran.passed();
    assert_eq!(project.noted("lane"), "Direct");
    assert!(!project.noted("url").contains("@127.0.0.1"), "{}", project.noted("url"));
    let test = "proofmark::main::hidden::asks_for_the_direct_lane".to_owned();
    // What was written is known all the same: the database says so.
    assert_eq!(back, [(test, false, vec!["show".to_owned()])]);
}

/// Refusals as `lane: name, statement`.
fn refusals(events: &[Event]) -> Vec<String> {
    let refused = events.iter().filter_map(|event| match event {
        Event::Refused { lane, statement, refusal, .. } => {
            let name = refusal.constraint.as_ref().or(refusal.column.as_ref());
            Some(format!("{lane:?}: {}, {statement}", name.expect("it has a name")))
        }
        _ => None,
    });
    refused.collect()
}

#[test]
fn what_is_refused_on_the_direct_lane_is_told_once_by_every_way_it_can_be_known() {
    let project = Project::new();
    let (ran, _, events) = run_seeing(&project, &["is_refused_on_the_direct_lane"]);
    ran.passed();
    let expected = [
        "show_pkey, insert into show values (?, ?)",
        "show_title_not_blank, insert into show (id, title) values ($1, ?)",
        "seat_show_fkey, insert into seat (id, show_id, label) values (?, ?, ?)",
        "title, insert into show (id) values (?)",
        "seat_label_once_per_show, insert into seat values (?, ?, ?), (?, ?, ?)",
        "seat_pkey, ",
        "title, ",
        "show_title_not_blank, ",
    ];
    assert_eq!(refusals(&events), expected.map(|one| format!("Direct: {one}")));
}

#[test]
fn a_refusal_that_the_test_returns_is_told_and_those_of_the_wire_are_not_told_again() {
    let project = Project::new();
    let (ran, _, events) = run_seeing(&project, &["returns_what_was_refused"]);
    ran.failed();
    assert_eq!(refusals(&events), ["Direct: show_pkey, "]);
    let (ran, _, events) = run_seeing(&project, &["is_refused_on_the_lane_that_is_watched"]);
    ran.passed();
    let lanes = events.iter().filter_map(|event| match event {
        Event::Refused { lane, .. } => Some(*lane),
        _ => None,
    });
    assert_eq!(lanes.collect::<Vec<_>>(), [Lane::Proxy]);
}

#[test]
fn the_configuration_chooses_the_lane_of_tests_that_do_not() {
    let database = "[database.box_office]\nmigrations = \"migrations\"\n";
    let project = Project::with(database);
    run(&project, &["says_its_lane"]).0.passed();
    assert_eq!(project.noted("lane"), "Proxy");
    let file = project.root().join("proofmark.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("lane = \"direct\"\n{text}")).unwrap();
    run(&project, &["says_its_lane"]).0.passed();
    assert_eq!(project.noted("lane"), "Direct");
}

#[test]
fn many_tests_at_once_do_not_meet_behind_the_proxy() {
    let (ran, back) = run(&Project::new(), CROWD);
    ran.passed();
    assert_eq!(back.len(), CROWD.len());
    assert!(back.iter().all(|(_, failed, tables)| !failed && tables == &["seat"]), "{back:?}");
}

/// Passes connections on to the console until a file `cut` appears, and cuts those that are open
/// then; `done` says that it has.
fn cutter(project: &Project, to: u16) -> u16 {
    use std::net::{Shutdown, TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    let known = Arc::clone(&open);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let console = TcpStream::connect(("127.0.0.1", to)).unwrap();
            known.lock().unwrap().push(client.try_clone().unwrap());
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), console.try_clone().unwrap()), (console, client)]
            {
                std::thread::spawn(move || {
                    // Whichever side ends, so does the other.
                    drop(std::io::copy(&mut from, &mut to));
                    drop(to.shutdown(Shutdown::Both));
                });
            }
        }
    });
    let root = project.root().to_owned();
    std::thread::spawn(move || {
        super::project::eventually("the test runs", || root.join("cut").exists());
        for client in open.lock().unwrap().drain(..) {
            client.shutdown(Shutdown::Both).unwrap();
        }
        std::fs::write(root.join("done"), "").unwrap();
    });
    port
}

#[test]
fn a_control_connection_that_is_lost_is_opened_again() {
    let project = Project::new();
    let (ran, back, _) =
        run_with(&project, &["loses_its_control_connection"], |port| cutter(&project, port));
    ran.passed();
    let test = "proofmark::main::hidden::loses_its_control_connection".to_owned();
    assert_eq!(back, [(test, false, vec!["show".to_owned()])]);
}

#[test]
fn a_database_that_the_console_does_not_know_is_refused_with_those_that_it_does() {
    let (ran, back) = run(&Project::new(), &["wants_the_audit_database"]);
    ran.failed()
        .says("`proofmark run`, which set PROOFMARK_URL, gave no lease")
        .says("there is no database \"audit\"")
        .says("box_office");
    assert_eq!(back, []);
}

#[test]
fn a_console_that_is_gone_is_an_error_and_not_a_reason_for_another_server() {
    let project = Project::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = project.command(&["passes"]);
    command.env("PROOFMARK_URL", format!("postgresql://postgres@{gone}/proofmark"));
    Ran::from(command.output().unwrap())
        .failed()
        .says("it cannot be reached")
        .says("help: unset the variable to run without `proofmark run`");
}
