//! A server of the user, to which the proxy logs in itself.

use std::os::unix::fs::PermissionsExt;

use proofmark_postgres::{Cache, Search, Server, ServerOptions, base_image, find};
use proofmark_proxy::{TurnedAway, Upstream};
use tokio::net::{TcpListener, UnixStream};

use crate::support::{Bench, error_of};

const HBA: &str = "
    local all postgres trust
    local all with_scram scram-sha-256
    local all with_md5 md5
    local all with_clear password
    local all with_trust trust
";

/// A server with a role for every login method, and a TCP port in front of it.
async fn server() -> (Server, tempfile::TempDir, u16) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let hba = directory.path().join("pg_hba.conf");
    std::fs::write(&hba, HBA).expect("it is writable");
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory.path(), readable).expect("it is ours");
    let found = find(&Search::new()).expect("a PostgreSQL is found or fetched");
    let image = base_image(&found.installation, &Cache::user()).expect("initdb runs");
    let options = ServerOptions {
        settings: vec![("hba_file".to_owned(), hba.display().to_string())],
        ..ServerOptions::default()
    };
    let server = Server::start(&found.installation, &image, &options).expect("it starts");
    let socket = server.address().socket();
    let mut config = tokio_postgres::Config::new();
    config.host_path(&server.address().socket_dir).port(server.address().port).user("postgres");
    let (admin, connection) = config.connect(tokio_postgres::NoTls).await.expect("it trusts");
    tokio::spawn(connection);
    let roles = "
        create role with_scram login superuser password 'scram secret';
        set password_encryption = md5;
        create role with_md5 login superuser password 'md5 secret';
        create role with_clear login superuser password 'clear secret';
        create role with_trust login superuser;
    ";
    admin.batch_execute(roles).await.expect("roles are made");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = UnixStream::connect(&socket).await.expect("it listens");
            tokio::spawn(async move {
                drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
            });
        }
    });
    (server, directory, port)
}

fn bench(port: u16, user: &str, password: Option<&str>) -> Bench {
    Bench::with(|_, databases| {
        databases.address = Some(Upstream::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
            user: user.to_owned(),
            password: password.map(str::to_owned),
        });
        databases.real_database = Some("postgres".to_owned());
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_logs_in_with_what_the_server_asks_for() {
    let (_server, _directory, port) = server().await;
    for (user, password) in [
        ("with_scram", Some("scram secret")),
        ("with_md5", Some("md5 secret")),
        ("with_clear", Some("clear secret")),
        ("with_trust", None),
    ] {
        let bench = bench(port, user, password);
        let client = bench.connect("shop~t").await;
        let row = client.query_one("select current_user::text", &[]).await.expect("a row");
        assert_eq!(row.get::<_, &str>(0), user);
    }

    for user in ["with_scram", "with_md5", "with_clear"] {
        let wrong = bench(port, user, Some("wrong"));
        let error = wrong.try_connect("shop~t").await.expect_err("the password is wrong");
        assert_eq!(error_of(&error).0, "28P01", "the server's own error");
        let none = bench(port, user, None);
        let error = none.try_connect("shop~t").await.expect_err("there is no password");
        let (code, message, _, routine) = error_of(&error);
        assert_eq!((code.as_str(), routine.as_str()), ("28000", "proofmark_proxy"));
        assert!(message.contains("asks for a password"), "{message}");
        let reason = none.event(|event| match event {
            proofmark_proxy::Event::TurnedAway { reason } => Some(reason.clone()),
            _ => None,
        });
        assert!(matches!(reason, TurnedAway::LoginFailed { .. }));
    }
}
