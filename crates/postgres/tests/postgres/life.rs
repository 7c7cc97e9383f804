//! The life of a server: started, used, copied, stopped.

use std::path::Path;

use proofmark_postgres::{Cache, Image, SaveError, Server, ServerOptions, StartError, base_image};

use crate::support::{alive, base, entries, options_in, query, run_root, start};

#[test]
fn a_server_answers_and_leaves_nothing() {
    let root = run_root();
    let server = start(&options_in(root.path()));
    assert!(server.run_dir().starts_with(root.path()));
    for (setting, value) in [("fsync", "off"), ("synchronous_commit", "on"), ("jit", "off")] {
        let shown = query(server.address(), &format!("SHOW {setting}"));
        assert_eq!(shown.expect("the server answers"), [value], "{setting}");
    }
    let pid = server.pid();
    server.stop().expect("the server stops");
    assert!(!alive(pid));
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn a_dropped_server_is_stopped() {
    let root = run_root();
    let server = start(&options_in(root.path()));
    let pid = server.pid();
    drop(server);
    assert!(!alive(pid));
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn a_server_listens_only_on_its_socket() {
    let server = start(&ServerOptions::default());
    let listening = query(server.address(), "SHOW listen_addresses").expect("the server answers");
    assert_eq!(listening, [""]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &server.address().socket_dir.metadata().expect("it exists").permissions(),
    );
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn two_servers_do_not_know_each_other() {
    let (one, two) = (start(&ServerOptions::default()), start(&ServerOptions::default()));
    query(one.address(), "CREATE DATABASE only_here").expect("the server answers");
    let count = "SELECT count(*) FROM pg_database WHERE datname = 'only_here'";
    assert_eq!(query(one.address(), count).expect("the server answers"), ["1"]);
    assert_eq!(query(two.address(), count).expect("the server answers"), ["0"]);
    assert_ne!(one.run_id(), two.run_id());
}

#[test]
fn what_the_user_sets_wins() {
    let mut options = ServerOptions::default();
    options.settings.push(("jit".to_owned(), "on".to_owned()));
    options.settings.push(("cluster_name".to_owned(), r"it's a \ test".to_owned()));
    options.max_connections = 17;
    let server = start(&options);
    let show = |name| query(server.address(), &format!("SHOW {name}")).expect("the server answers");
    assert_eq!(show("jit"), ["on"]);
    assert_eq!(show("cluster_name"), [r"it's a \ test"]);
    assert_eq!(show("max_connections"), ["17"]);
}

#[test]
fn what_a_refused_statement_contained_is_not_in_the_log() {
    let dir = run_root();
    let log_file = dir.path().join("server.log");
    let options = ServerOptions { log_file: Some(log_file.clone()), ..ServerOptions::default() };
    let server = start(&options);
    query(server.address(), "CREATE TABLE t (a text CHECK (a <> 'hunter2'))").expect("it works");
    let refusal = query(server.address(), "INSERT INTO t VALUES ('hunter2')");
    assert!(refusal.expect_err("the check refuses").contains("t_a_check"));
    server.stop().expect("the server stops");
    let log = std::fs::read_to_string(log_file).expect("the log is kept");
    assert!(log.contains("ready to accept connections"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn a_bad_setting_is_named_by_the_servers_own_words() {
    let root = run_root();
    let mut options = options_in(root.path());
    options.settings.push(("shared_buffers".to_owned(), "plenty".to_owned()));
    let (installation, image) = base();
    let error = Server::start(installation, image, &options).expect_err("it cannot start");
    let StartError::Exited { log, .. } = &error else { panic!("{error:?}") };
    assert!(log.contains("invalid value for parameter \"shared_buffers\": \"plenty\""), "{log}");
    assert_eq!(entries(root.path()), Vec::<String>::new());

    options.settings = vec![("fsync = on\nport".to_owned(), "1".to_owned())];
    let error = Server::start(installation, image, &options).expect_err("it cannot start");
    assert!(matches!(error, StartError::Setting(_)), "{error:?}");
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn a_snapshot_has_what_was_written_and_the_server_goes_on() {
    let (root, cache_dir) = (run_root(), run_root());
    let cache = Cache::at(cache_dir.path());
    let server = start(&options_in(root.path()));
    let address = server.address().clone();
    query(&address, "CREATE TABLE kept AS SELECT 7 AS seven").expect("it works");
    assert_eq!(Image::at(&cache, "with-table"), None);

    let (server, image) = server.snapshot(&cache, "with-table").expect("the copy is stored");
    assert_eq!(server.address(), &address);
    query(&address, "INSERT INTO kept VALUES (8)").expect("the server goes on");
    assert_eq!(Image::at(&cache, "with-table").as_ref(), Some(&image));

    let (installation, _) = base();
    let copy = Server::start(installation, &image, &options_in(root.path())).expect("it starts");
    let seen = query(copy.address(), "SELECT seven FROM kept").expect("the copy answers");
    assert_eq!(seen, ["7"]);
    drop((server, copy));
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn those_who_need_an_image_at_once_make_it_once() {
    let cache_dir = run_root();
    let (installation, _) = base();
    let images: Vec<Image> = std::thread::scope(|scope| {
        let make = || base_image(installation, &Cache::at(cache_dir.path())).expect("initdb works");
        let making: Vec<_> = (0..3).map(|_| scope.spawn(make)).collect();
        making.into_iter().map(|thread| thread.join().expect("it is made")).collect()
    });
    assert!(images.iter().all(|image| *image == images[0]));
    assert_eq!(entries(&cache_dir.path().join("images")).len(), 1);
    let marker = std::fs::metadata(images[0].path().join("image.json")).expect("it is complete");
    assert!(marker.is_file());
}

#[test]
fn an_unfinished_image_does_not_count() {
    let cache_dir = run_root();
    let cache = Cache::at(cache_dir.path());
    std::fs::create_dir_all(cache_dir.path().join("images/half/data")).expect("it can be made");
    assert_eq!(Image::at(&cache, "half"), None);
}

#[test]
fn the_images_unused_for_longest_leave_the_cache() {
    let cache_dir = run_root();
    let cache = Cache::at(cache_dir.path());
    let (installation, _) = base();
    let marker = format!(
        r#"{{"format":1,"version":{{"major":{},"minor":0}}}}"#,
        installation.version().major
    );
    for number in 0..14 {
        let image = cache_dir.path().join(format!("images/old-{number:02}"));
        std::fs::create_dir_all(image.join("data")).expect("it can be made");
        std::fs::write(image.join("image.json"), &marker).expect("it can be written");
    }
    let used = Image::at(&cache, "old-00");
    assert!(used.is_some());
    let (server, _) = start(&ServerOptions::default()).snapshot(&cache, "new").expect("stored");
    drop(server);
    let left = entries(&cache_dir.path().join("images"));
    assert_eq!(left.len(), 12, "{left:?}");
    assert!(Image::at(&cache, "new").is_some());
    assert!(Image::at(&cache, "old-00").is_some(), "it was used just now");
}

#[test]
fn a_saved_server_can_be_started_again() {
    let (root, elsewhere) = (run_root(), run_root());
    let saved_in = elsewhere.path().join("saved");
    let server = start(&options_in(root.path()));
    query(server.address(), "CREATE TABLE evidence AS SELECT 'it failed' AS text").expect("works");
    let saved = server.save_to(&saved_in).expect("it is saved");
    assert_eq!(entries(root.path()), Vec::<String>::new());
    assert_eq!(Image::open(&saved_in).as_ref(), Some(&saved));

    let (installation, _) = base();
    let again = Server::start(installation, &saved, &options_in(root.path())).expect("it starts");
    let seen = query(again.address(), "SELECT text FROM evidence").expect("it answers");
    assert_eq!(seen, ["it failed"]);

    let error = again.save_to(&saved_in).expect_err("nothing is overwritten");
    assert!(matches!(error, SaveError::Exists(_)), "{error:?}");
    assert_eq!(entries(root.path()), Vec::<String>::new());
}

#[test]
fn an_image_of_another_major_version_is_refused() {
    let dir = run_root();
    std::fs::create_dir(dir.path().join("data")).expect("it can be made");
    let marker = r#"{"format":1,"version":{"major":9,"minor":6}}"#;
    std::fs::write(dir.path().join("image.json"), marker).expect("it can be written");
    let image = Image::open(dir.path()).expect("it looks complete");
    let (installation, _) = base();
    let error = Server::start(installation, &image, &ServerOptions::default());
    let error = error.expect_err("it cannot run this");
    assert!(error.to_string().starts_with("the image was made by PostgreSQL 9.6"), "{error}");
}

#[test]
fn the_address_opens_in_psql() {
    let server = start(&ServerOptions::default());
    if server.installation().tool("psql").is_none() {
        crate::support::skipped("psql is not installed");
        return;
    }
    for arguments in ["-Atc 'select 6*7'", "-Atc 'select 6*7' -d $URL"] {
        let line = server.address().psql_line("postgres");
        let line = if arguments.contains("$URL") { "psql".to_owned() } else { line };
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("{line} {arguments}")])
            .env("URL", format!("'{}'", server.address().url("postgres")).trim_matches('\''))
            .output()
            .expect("sh runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(text, "42\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(Path::new(&server.address().socket()).exists());
}
