//! What a client asks for, read from its startup message.
//!
//! In go the database's name and the options, out comes a [`Destination`].
//!
//! **Invariant**: it decides by names alone and knows no process.

use proofmark_wire::startup::StartupMessage;

use crate::{LeaseId, TestName};

/// The database that is the console.
pub(crate) const CONSOLE: &str = "proofmark";
/// The setting by which a client can name its test.
pub(crate) const TEST_SETTING: &str = "proofmark.test";

/// Where a client wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// The console.
    Console,
    /// The lease of a test that is named in the database's name: `shop~name`.
    Named { template: String, test: TestName },
    /// The lease of a test that is named in the options.
    Optioned { template: String, test: TestName },
    /// The lease of whatever test the client belongs to.
    Own { template: String },
    /// A lease by its number: `shop~~17`.
    Numbered(LeaseId),
    /// None of these.
    Other(String),
}

/// Reads the destination; `templates` are the names that may be asked for.
pub(super) fn destination(startup: &StartupMessage, templates: &[String]) -> Destination {
    let database = String::from_utf8_lossy(startup.database().unwrap_or_default()).into_owned();
    if database == CONSOLE {
        return Destination::Console;
    }
    let is_template = |name: &str| templates.iter().any(|template| template == name);
    let (template, suffix) = match database.split_once('~') {
        _ if is_template(&database) => (database.as_str(), ""),
        Some((template, suffix)) if is_template(template) => (template, suffix),
        _ => return Destination::Other(database),
    };
    let template = template.to_owned();
    if let Some(number) = suffix.strip_prefix('~') {
        return match number.parse() {
            Ok(number) => Destination::Numbered(LeaseId(number)),
            Err(_) => Destination::Other(database),
        };
    }
    if !suffix.is_empty() {
        return Destination::Named { template, test: TestName::new(suffix) };
    }
    match named_in_options(startup) {
        Some(test) => Destination::Optioned { template, test },
        None => Destination::Own { template },
    }
}

/// The test named by `options=-c proofmark.test=...`, or by a startup parameter of that name, as
/// drivers send settings that they do not know.
fn named_in_options(startup: &StartupMessage) -> Option<TestName> {
    let value = test_setting(startup)?;
    let name = String::from_utf8_lossy(&value);
    (!name.is_empty()).then(|| TestName::new(name))
}

/// What a startup message sets the test's name to.
pub(crate) fn test_setting(startup: &StartupMessage) -> Option<Vec<u8>> {
    let direct = startup.parameter(TEST_SETTING).map(<[u8]>::to_vec);
    direct.or_else(|| setting(startup.parameter("options")?, TEST_SETTING))
}

/// Options in which every test has the same name.
pub(crate) fn without_test(options: &[u8]) -> Vec<u8> {
    let words = words(options);
    let mut words = words.iter();
    let mut out = Vec::with_capacity(options.len());
    while let Some(word) = words.next() {
        let (prefix, assignment) = match word.as_slice() {
            b"-c" => (&b"-c"[..], words.next().map_or(&b""[..], Vec::as_slice)),
            [b'-', b'c' | b'-', assignment @ ..] => (&word[..2], assignment),
            _ => (&b""[..], word.as_slice()),
        };
        let name = assignment.split(|byte| *byte == b'=').next().unwrap_or_default();
        let is_test = !prefix.is_empty() && name.eq_ignore_ascii_case(TEST_SETTING.as_bytes());
        let assignment = if is_test { TEST_SETTING.as_bytes() } else { assignment };
        out.extend_from_slice(if is_test { b"-c" } else { prefix });
        for byte in assignment {
            if *byte == b'\\' || byte.is_ascii_whitespace() {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.push(b' ');
    }
    out
}

/// The last value that `options` give to a setting: `-c name=value`, `-cname=value` or
/// `--name=value` (process_postgres_switches in postgres.c).
fn setting(options: &[u8], name: &str) -> Option<Vec<u8>> {
    let words = words(options);
    let mut words = words.iter();
    let mut found = None;
    while let Some(word) = words.next() {
        let assignment = match word.as_slice() {
            b"-c" => words.next().map_or(&b""[..], Vec::as_slice),
            [b'-', b'c' | b'-', assignment @ ..] => assignment,
            _ => continue,
        };
        let Some(equals) = assignment.iter().position(|byte| *byte == b'=') else { continue };
        if assignment[..equals].eq_ignore_ascii_case(name.as_bytes()) {
            found = Some(assignment[equals + 1..].to_vec());
        }
    }
    found
}

/// Words of an options string; a backslash keeps the character behind it (pg_split_opts in
/// postinit.c).
fn words(options: &[u8]) -> Vec<Vec<u8>> {
    let mut words = vec![Vec::new()];
    let mut bytes = options.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => words.last_mut().expect("never empty").extend(bytes.next()),
            byte if byte.is_ascii_whitespace() => words.push(Vec::new()),
            byte => words.last_mut().expect("never empty").push(*byte),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use proofmark_wire::startup::ProtocolVersion;

    use super::*;

    fn of(parameters: &[(&str, &str)]) -> Destination {
        let version = ProtocolVersion { major: 3, minor: 0 };
        let startup = StartupMessage::new(version, parameters);
        destination(&startup, &["shop".to_owned(), "odd~name".to_owned()])
    }

    fn named(test: &str) -> Destination {
        Destination::Named { template: "shop".to_owned(), test: TestName::new(test) }
    }

    fn optioned(test: &str) -> Destination {
        Destination::Optioned { template: "shop".to_owned(), test: TestName::new(test) }
    }

    #[test]
    fn the_database_name_says_it_first() {
        assert_eq!(of(&[("database", "shop~a::b~c")]), named("a::b~c"));
        let options = ("options", "-c proofmark.test=other");
        assert_eq!(of(&[("database", "shop~a"), options]), named("a"));
        assert_eq!(of(&[("database", "shop~~17")]), Destination::Numbered(LeaseId(17)));
        assert_eq!(of(&[("database", "proofmark")]), Destination::Console);
        assert_eq!(of(&[("user", "shop")]), Destination::Own { template: "shop".to_owned() });
    }

    #[test]
    fn a_template_with_a_tilde_is_itself() {
        let own = Destination::Own { template: "odd~name".to_owned() };
        assert_eq!(of(&[("database", "odd~name")]), own);
    }

    #[test]
    fn options_name_a_test_in_every_spelling() {
        for options in [
            "-c proofmark.test=t1",
            "-cproofmark.test=t1",
            "--proofmark.test=t1",
            "  -c search_path=x  -c Proofmark.Test=t1 ",
            "-c proofmark.test=t0 -c proofmark.test=t1",
        ] {
            assert_eq!(of(&[("database", "shop"), ("options", options)]), optioned("t1"));
        }
        let spaced = ("options", r"-c proofmark.test=a\ b\\c");
        assert_eq!(of(&[("database", "shop"), spaced]), optioned(r"a b\c"));
        assert_eq!(of(&[("database", "shop"), ("proofmark.test", "t1")]), optioned("t1"));
    }

    #[test]
    fn options_that_name_no_test_do_not() {
        for options in ["", "-c", "-c proofmark.test", "-c proofmark.test=", "proofmark.test=x"] {
            let own = Destination::Own { template: "shop".to_owned() };
            assert_eq!(of(&[("database", "shop"), ("options", options)]), own);
        }
    }

    #[test]
    fn anything_else_is_other() {
        for database in ["postgres", "other~t", "shop~~x", ""] {
            assert_eq!(of(&[("database", database)]), Destination::Other(database.to_owned()));
        }
    }
}
