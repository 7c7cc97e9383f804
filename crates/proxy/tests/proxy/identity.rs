//! Which lease a client gets, by every channel.

use std::os::unix::fs::fchown;

use proofmark_proxy::{Event, Identity, Listen, TestName};

use crate::client_process::ClientProcess;
use crate::raw::Raw;
use crate::support::{Bench, current_database, directory};

fn given(bench: &Bench) -> Vec<(String, Identity)> {
    let given = |event| match event {
        Event::LeaseGiven { test, identity, .. } => Some((test.as_str().to_owned(), identity)),
        _ => None,
    };
    bench.events().into_iter().filter_map(given).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_name_names_the_test() {
    let bench = Bench::start();
    let (first, second) = (bench.connect("shop~a").await, bench.connect("shop~b").await);
    let again = bench.connect("shop~a").await;
    assert_eq!(current_database(&first).await, current_database(&again).await);
    assert_ne!(current_database(&first).await, current_database(&second).await);
    let by_name = |name: &str| (name.to_owned(), Identity::DatabaseName);
    assert_eq!(given(&bench), [by_name("a"), by_name("b")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_name_the_test_and_the_server_takes_them_too() {
    let bench = Bench::start();
    let options = "-c search_path=public -c proofmark.test=shop::pays";
    let with = |config: &mut tokio_postgres::Config| {
        config.options(options);
    };
    let client = bench.connect_with("shop", with).await.expect("it is let in");
    let row = client.query_one("show proofmark.test", &[]).await.expect("a row");
    assert_eq!(row.get::<_, &str>(0), "shop::pays");
    assert_eq!(given(&bench), [("shop::pays".to_owned(), Identity::Options)]);
    let named = bench.connect("shop~shop::pays").await;
    assert_eq!(current_database(&named).await, current_database(&client).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_ask_for_the_real_database_of_its_lease() {
    let bench = Bench::start();
    let client = bench.connect("shop~a").await;
    let real = current_database(&client).await;
    let again = bench.connect(&real).await;
    assert_eq!(current_database(&again).await, real);
    assert_eq!(bench.databases.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_environment_names_the_test() {
    let bench = Bench::with(|options, _| options.root_pid = Some(std::process::id()));
    let test = [("NEXTEST_TEST_NAME", "pays"), ("NEXTEST_BINARY_ID", "shop::orders")];
    let mut one = ClientProcess::start(&bench.url("shop"), &test);
    let mut worker = ClientProcess::start(&bench.url("shop"), &[("JEST_WORKER_ID", "3")]);
    assert_ne!(one.database(), worker.database());
    let by =
        |name: &str, key: &str| (name.to_owned(), Identity::Environment { key: key.to_owned() });
    assert_eq!(
        given(&bench),
        [by("shop::orders::pays", "NEXTEST_TEST_NAME"), by("JEST_WORKER_ID=3", "JEST_WORKER_ID"),]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_one_chosen_name_share_a_lease() {
    let bench = Bench::with(|options, _| options.root_pid = Some(std::process::id()));
    let name = [("PROOFMARK_TEST", "together")];
    let mut one = ClientProcess::start(&bench.url("shop"), &name);
    let mut other = ClientProcess::start(&bench.url("shop"), &name);
    assert_eq!(one.database(), other.database());
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_below_the_command_have_a_lease_each() {
    let bench = Bench::with(|options, _| options.root_pid = Some(std::process::id()));
    let mut one = ClientProcess::start(&bench.url("shop"), &[]);
    let mut other = ClientProcess::start(&bench.url("shop"), &[]);
    let own = bench.connect("shop").await;
    assert_ne!(one.database(), other.database());
    assert_ne!(one.database(), current_database(&own).await);
    assert!(given(&bench).iter().all(|(name, identity)| {
        name.starts_with("process ") && *identity == Identity::Process
    }));
    let pid = bench.event(|event| match event {
        Event::SessionOpened { pid, .. } => Some(*pid),
        _ => None,
    });
    assert_eq!(pid, Some(one.pid()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_the_command_did_not_start_is_named_by_its_own_process() {
    // The root is a process that has nothing to do with the client.
    let root = ClientProcess::start(&Bench::start().url("shop~root"), &[]);
    let bench = Bench::with(|options, _| options.root_pid = Some(root.pid()));
    bench.connect("shop").await;
    let [(name, identity)] = &given(&bench)[..] else { panic!("one lease") };
    assert!(name.starts_with("process "), "{name}");
    assert_eq!(*identity, Identity::Process);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_unix_socket_the_system_names_the_process() {
    let (_guard, path) = directory();
    let bench = Bench::with(|options, _| {
        options.listen.push(Listen::Directory(path.clone()));
        options.root_pid = Some(std::process::id());
    });
    let url = format!("postgres://postgres@/shop?host={}&port={}", path.display(), bench.port);
    let mut client = ClientProcess::start(&url, &[("JEST_WORKER_ID", "4")]);
    client.database();
    let test = bench.event(|event| match event {
        Event::LeaseGiven { test, .. } => Some(test.clone()),
        _ => None,
    });
    assert_eq!(test, TestName::new("JEST_WORKER_ID=4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_another_user_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED a_client_of_another_user_is_refused: only root can be somebody else");
        return;
    }
    let bench = Bench::start();
    let mut raw = Raw::connect(bench.port);
    // The owner of a socket is who the system says connected.
    fchown(&raw.0, Some(65_533), None).expect("root may give it away");
    let startup = proofmark_wire::startup::StartupMessage::new(
        proofmark_wire::startup::ProtocolVersion { major: 3, minor: 0 },
        &[("user", "postgres"), ("database", "shop")],
    );
    let mut bytes = Vec::new();
    startup.write(&mut bytes);
    raw.send(&bytes);
    let (code, message, routine) = raw.farewell();
    assert_eq!((code.as_str(), routine.as_str()), ("28000", "proofmark_proxy"));
    assert!(message.contains("user 65533"), "{message}");
    let reason = bench.event(|event| match event {
        Event::TurnedAway { reason } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason, proofmark_proxy::TurnedAway::ForeignUser { uid: Some(65_533) });
    assert_eq!(bench.databases.taken(), []);
}
