//! Which connection strings may be used, and which are refused without touching anything.

use super::{ExternalError, Place, check};

fn verdict(url: &str) -> String {
    let allow = ["ci-postgres".to_owned(), "10.1.2.3".to_owned()];
    match check(url, &allow) {
        Ok(external) => format!("{:?}", external.places()),
        Err(ExternalError::NotAllowed { host }) => format!("refused: {host}"),
        Err(ExternalError::NoHost) => "no host".to_owned(),
        Err(ExternalError::Unreadable { reason }) => format!("unreadable: {reason}"),
    }
}

#[test]
fn only_this_machine_and_allowed_hosts_pass() {
    let table = [
        ("postgresql://localhost/shop", r#"[Loopback("localhost")]"#),
        ("postgres://app:pw@LOCALHOST:5432/shop", r#"[Loopback("LOCALHOST")]"#),
        ("postgresql://127.0.0.1", r#"[Loopback("127.0.0.1")]"#),
        ("postgresql://127.8.9.1:6000/x", r#"[Loopback("127.8.9.1")]"#),
        ("postgresql://[::1]:5432/x", r#"[Loopback("::1")]"#),
        ("postgresql://[::ffff:127.0.0.1]/x", r#"[Loopback("::ffff:127.0.0.1")]"#),
        ("postgresql:///x?host=/run/postgresql", r#"[Socket("/run/postgresql")]"#),
        ("postgresql://%2Frun%2Fpostgresql/x", r#"[Socket("/run/postgresql")]"#),
        ("postgresql://ci-postgres/x", r#"[Allowed("ci-postgres")]"#),
        ("host=10.1.2.3 dbname=x", r#"[Allowed("10.1.2.3")]"#),
        ("host=localhost dbname=x password='a b'", r#"[Loopback("localhost")]"#),
        ("dbname=x host = '/tmp/a b'", r#"[Socket("/tmp/a b")]"#),
        ("postgresql://db.example.com/x", "refused: db.example.com"),
        ("postgresql://user:pw@10.0.0.1/x", "refused: 10.0.0.1"),
        ("postgresql://localhost.example.com/x", "refused: localhost.example.com"),
        ("postgresql://127.0.0.1.example.com/x", "refused: 127.0.0.1.example.com"),
        ("postgresql://2130706433/x", "refused: 2130706433"),
        ("postgresql://[2001:db8::1]/x", "refused: 2001:db8::1"),
        ("postgresql://0.0.0.0/x", "refused: 0.0.0.0"),
        ("host=prod.example.com", "refused: prod.example.com"),
    ];
    for (url, expected) in table {
        assert_eq!(verdict(url), expected, "{url}");
    }
}

#[test]
fn no_trick_hides_another_host() {
    const AT: &str = "unreadable: it has two @ before the host; write %40 in the password";
    const HASH: &str = "unreadable: write # as %23, a backslash as %5C and blanks as %20";
    let table = [
        // The query wins over the authority in libpq.
        ("postgresql://localhost/x?host=prod", "refused: prod"),
        ("postgresql://localhost/x?h%6Fst=prod", "refused: prod"),
        ("postgresql://localhost/x?hostaddr=10.0.0.1", "refused: 10.0.0.1"),
        ("postgresql://localhost,prod/x", "refused: prod"),
        ("postgresql://user:p@ss@localhost/x", AT),
        ("postgresql://user:p@localhost@prod/x", AT),
        ("postgresql://prod#@localhost/x", HASH),
        ("postgresql://prod?x=@localhost/x", "refused: prod"),
        ("postgresql://prod\\@localhost/x", HASH),
        ("postgresql://local\thost/x", HASH),
        ("host=localhost hostaddr=10.0.0.1", "refused: 10.0.0.1"),
        ("host=localhost,prod", "refused: prod"),
        ("host='localhost' host=prod", "refused: prod"),
        (r"host=pr\od", "refused: prod"),
        ("service=prod host=localhost", "unreadable: it refers to a service file"),
        ("postgresql://localhost/x?service=prod", "unreadable: it refers to a service file"),
    ];
    for (url, expected) in table {
        assert_eq!(verdict(url), expected, "{url}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let table = [
        ("", "no host"),
        ("postgresql:///shop", "no host"),
        ("dbname=shop", "no host"),
        ("mysql://localhost/x", "unreadable: its scheme is not postgresql"),
        ("shop", "unreadable: it is neither a URL nor a list of keyword=value"),
        ("host='localhost", "unreadable: a quoted value is not closed"),
        ("postgresql://[::1/x", "unreadable: an address in brackets is not closed"),
    ];
    for (url, expected) in table {
        assert_eq!(verdict(url), expected, "{url}");
    }
}

#[test]
fn a_password_is_in_no_error_and_no_debug_text() {
    for url in [
        "postgresql://app:hunter2@prod/x",
        "postgresql://app:hunter2@localhost/x",
        "host=prod password=hunter2",
        "password=hunter2",
        "password='hunter2",
        "postgresql://app:hunter2%zz@[::1",
    ] {
        let text = match check(url, &[]) {
            Ok(external) => format!("{external:?}"),
            Err(error) => format!("{error} {error:?} {}", error.help()),
        };
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn sockets_are_known_by_their_path() {
    let external = check("postgresql:///x?host=@abstract", &[]).expect("a socket");
    assert_eq!(external.places(), [Place::Socket("@abstract".to_owned())]);
}
