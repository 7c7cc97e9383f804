//! A server of the user's own: only databases that Proofmark made are touched there, and a server
//! that is no test server is not even connected to.

use expect_test::expect;
use nix::sys::signal::Signal;
use proofmark_postgres::{Address, Cache, Search, Server, ServerOptions, base_image, find};
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

use crate::machine::{alive, has, until};
use crate::project::Project;

/// A server with databases that are none of Proofmark's business.
pub(crate) struct TheirServer {
    server: Server,
}

impl TheirServer {
    pub(crate) fn start() -> Self {
        let found = find(&Search::new()).expect("a PostgreSQL is found or fetched");
        let image = base_image(&found.installation, &Cache::user()).expect("initdb works");
        let server = Server::start(&found.installation, &image, &ServerOptions::default())
            .expect("the server starts");
        let theirs = Self { server };
        for name in ["bystander", "proofmark_mine"] {
            theirs.ask("postgres", &format!("CREATE DATABASE {name}"));
            theirs.ask(name, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1), (2)");
        }
        theirs
    }

    pub(crate) fn url(&self) -> String {
        self.server.address().url("postgres")
    }

    /// The first column of the answer to `sql`.
    fn ask(&self, database: &str, sql: &str) -> Vec<String> {
        ask(self.server.address(), database, sql)
    }

    pub(crate) fn databases(&self) -> Vec<String> {
        self.ask(
            "postgres",
            "SELECT datname FROM pg_database WHERE datname !~ '^template[01]$' ORDER BY 1",
        )
    }

    /// Everything that must be as it was: databases with their owners and rights, roles, content.
    fn state(&self) -> Vec<Vec<String>> {
        let databases =
            "SELECT d::text FROM pg_database d WHERE datname !~ '^proofmark_template_' ORDER BY 1";
        vec![
            self.ask("postgres", databases),
            self.ask("postgres", "SELECT r::text FROM pg_roles r ORDER BY 1"),
            self.ask("postgres", "SELECT s::text FROM pg_db_role_setting s ORDER BY 1"),
            self.ask("bystander", "SELECT kept::text || xmin || xmax FROM kept ORDER BY 1"),
            self.ask("proofmark_mine", "SELECT kept::text || xmin || xmax FROM kept ORDER BY 1"),
        ]
    }
}

fn ask(address: &Address, database: &str, sql: &str) -> Vec<String> {
    let mut config = Config::new();
    config.host_path(&address.socket_dir).port(address.port).user(&address.user).dbname(database);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await.expect("the server answers");
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(sql).await.expect("the statement is right");
        drop(client);
        connection.await.expect("no panic").expect("the session ends well");
        let values = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        });
        values.collect()
    })
}

const SUITE: &str = "\
psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"
psql \"$DATABASE_URL~other\" -qc \"INSERT INTO item VALUES (2, 1, 'nut', 1, 1)\"
";

#[test]
fn a_run_leaves_its_template_on_the_user_s_server_and_touches_nothing_else() {
    if !has(&["psql"]) {
        return;
    }
    let theirs = TheirServer::start();
    let before = theirs.state();
    let project = Project::new(SUITE).env("DATABASE_URL", &theirs.url());
    let first = project.run(&["run"]).ends_with(0);
    assert!(first.err().contains("built in"), "{}", first.err);
    assert_eq!(project.records("lease_returned").len(), 2);

    assert_eq!(theirs.state(), before);
    let databases = theirs.databases();
    let template = databases.iter().find(|name| name.starts_with("proofmark_template_"));
    let template = template.expect("the template stays").clone();
    assert_eq!(databases, ["bystander", "postgres", "proofmark_mine", template.as_str()]);
    let closed = format!(
        "SELECT 1 FROM pg_database WHERE datname = '{template}' AND NOT datallowconn AND datistemplate"
    );
    assert_eq!(theirs.ask("postgres", &closed), ["1"]);

    let second = project.run(&["run"]).ends_with(0);
    assert!(second.err().contains("reused"), "{}", second.err);
    assert_eq!(theirs.databases(), databases);
}

#[test]
fn what_a_killed_run_left_on_the_user_s_server_is_dropped_by_the_next() {
    if !has(&["psql"]) {
        return;
    }
    let theirs = TheirServer::start();
    let before = theirs.state();
    let project = Project::new(
        "psql \"$DATABASE_URL\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         echo $$ >pid\nexec sleep 600\n",
    )
    .env("DATABASE_URL", &theirs.url());
    let running = project.spawn(&["run"]);
    let suite: i32 = project.written("pid").parse().unwrap();
    running.send(Signal::SIGKILL);
    drop(running);
    until("the suite has ended", || !alive(suite));
    assert!(theirs.databases().len() > 4, "{:?}", theirs.databases());

    project.write("suite.sh", SUITE);
    until("the server has noticed that its client is gone", || {
        let clients = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'proofmark'";
        theirs.ask("postgres", clients).is_empty()
    });
    project.run(&["run"]).ends_with(0);
    assert_eq!(theirs.state(), before);
    assert_eq!(theirs.databases().len(), 4, "{:?}", theirs.databases());
}

#[test]
fn a_failed_test_s_database_stays_on_the_user_s_server_until_the_user_drops_it() {
    if !has(&["psql"]) {
        return;
    }
    let theirs = TheirServer::start();
    let project = Project::new(
        "psql \"$DATABASE_URL~fails\" -qc \"INSERT INTO item VALUES (1, 1, 'bolt', 1, 1)\"\n\
         psql \"$PROOFMARK_URL\" -qc \"RETURN 'fails' FAILED\"\nexit 1\n",
    )
    .env("DATABASE_URL", &theirs.url());
    project.run(&["run"]).ends_with(4);
    let listed = project.run(&["psql"]).ends_with(0).out;
    let name = listed.split_whitespace().next().unwrap();
    assert_eq!(theirs.ask(name, "SELECT name FROM item"), ["bolt"]);
    let ran = project.run(&["psql", "fails"]).ends_with(5);
    expect![[r#"
        fatal: the database is on the server that the run used
        help: connect to it there, under the name shown by `proofmark psql`
    "#]]
    .assert_eq(&ran.err());

    project.write("suite.sh", SUITE);
    project.run(&["run"]).ends_with(0);
    assert!(theirs.databases().iter().any(|one| one == name), "{:?}", theirs.databases());
    let limit = format!("SELECT datconnlimit FROM pg_database WHERE datname = '{name}'");
    assert_eq!(theirs.ask("postgres", &limit), ["-1"]);
}

#[test]
fn a_server_elsewhere_is_not_touched_and_its_password_not_printed() {
    // 192.0.2.0/24 is reserved for documentation (RFC 5737): nobody is there.
    let project = Project::new("touch ran")
        .env("DATABASE_URL", "postgresql://app:hunter2@192.0.2.1:5432/production");
    let ran = project.run(&["run"]).ends_with(5);
    expect![[r#"
        fatal: no tests were run
          because: the server of DATABASE_URL is not used
          because: the server at 192.0.2.1 is not on this machine and is not marked as a test server; nothing was touched
        help: if that server exists for tests, allow it by name: `allow = ["192.0.2.1"]` under [postgres] in proofmark.toml; or leave the URL out and let proofmark start its own
    "#]].assert_eq(&ran.err());
    assert!(!project.path("ran").exists());
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let doctor = project.run(&["doctor"]).ends_with(5);
    assert!(!doctor.err.contains("hunter2") && !doctor.out.contains("hunter2"), "{}", doctor.err);
}

#[test]
fn a_server_elsewhere_that_is_allowed_is_tried() {
    // Allowed, but there is nobody: a name that RFC 6761 keeps from resolving.
    let project = Project::new("true")
        .env("PROOFMARK_ALLOW_HOSTS", "db.invalid")
        .env("DATABASE_URL", "postgresql://app:hunter2@db.invalid/production");
    let ran = project.run(&["run"]).ends_with(5);
    assert!(ran.err.contains("the test server cannot be used"), "{}", ran.err);
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn a_loopback_url_without_a_server_is_a_server_that_cannot_be_used() {
    // A port that nobody listens on while this test holds it.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    drop(held);
    let url = format!("postgresql://app:hunter2@127.0.0.1:{port}/shop");
    let project = Project::new("true").env("DATABASE_URL", &url);
    let ran = project.run(&["run"]).ends_with(5);
    expect![[r#"
        fatal: no tests were run
          because: the test server cannot be used
          because: cannot connect to database `shop` of the test server
          because: error connecting to server
          because: Connection refused (os error 111)
        help: is the server of that URL running? `proofmark run --server private` starts one of its own
    "#]]
    .assert_eq(&ran.err().replace(&port.to_string(), "[PORT]"));
}

#[test]
fn private_ignores_the_url_of_the_environment() {
    let project = Project::new("true")
        .env("DATABASE_URL", "postgresql://app:hunter2@192.0.2.1:5432/production");
    project.run(&["run", "--server", "private"]).ends_with(3);
    let project = project.env("PROOFMARK_SERVER_URL", "private");
    project.run(&["run"]).ends_with(3);
}

#[test]
fn a_user_who_may_not_create_databases_is_told_what_to_grant() {
    let theirs = TheirServer::start();
    theirs.ask("postgres", "CREATE ROLE app LOGIN");
    let url = theirs.url().replace("user=postgres", "user=app");
    let project = Project::new("true").env("DATABASE_URL", &url);
    let ran = project.run(&["run"]).ends_with(5);
    expect![[r#"
        fatal: no tests were run
          because: user `app` may not create databases on the test server
        help: ALTER ROLE "app" CREATEDB
    "#]]
    .assert_eq(&ran.err());
}

#[test]
fn a_named_directory_without_postgresql_is_a_server_that_cannot_be_used() {
    let project = Project::new("true");
    let project = project.env("PROOFMARK_POSTGRES_BIN", "/no/such/directory");
    let ran = project.run(&["run"]).ends_with(5);
    expect![[r#"
        fatal: no tests were run
          because: PROOFMARK_POSTGRES_BIN names /no/such/directory, which has no postgres
        help: set PROOFMARK_POSTGRES_BIN to the directory that holds postgres and initdb, or unset it to search
    "#]].assert_eq(&ran.err());
}
