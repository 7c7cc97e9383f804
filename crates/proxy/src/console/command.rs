//! The language of the console.
//!
//! In goes the text of one statement, out comes a [`Command`].
//!
//! **Invariant**: what a driver sends on its own (SET, BEGIN, `SELECT version()`) is recognised and
//! does nothing; everything else that is not a command is an error that lists the commands.

use proofmark_wire::lexer::{Strings, Token, TokenKind, Tokens};
use thiserror::Error;

/// What the error for anything else lists.
pub(super) const COMMANDS: &str = "the commands are: SHOW LEASES; SHOW DATABASES; LEASE shop FOR 'name' [DIRECT]; \
                                   RETURN 'name' [FAILED]; REFUSED shop FOR 'name' AS '{\"sqlstate\": \"...\"}'; \
                                   SHOW TRACE; SHOW VERSION; SHOW HELP";

/// A text, or the parameter that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    Given(String),
    /// Counted from 1.
    Parameter(usize),
}

/// One statement of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    ShowLeases,
    ShowDatabases,
    ShowTrace,
    ShowVersion,
    ShowHelp,
    Lease {
        template: Text,
        test: Text,
        is_direct: bool,
    },
    Return {
        test: Text,
        has_failed: bool,
    },
    /// What the client library of a test on the direct lane was refused.
    Refused {
        template: Text,
        test: Text,
        told: Text,
    },
    /// A value that drivers ask for: name of the column, value.
    Value(&'static str, String),
    /// A question for the types there are: there are none but `text`.
    Types,
    /// Something that drivers send and that means nothing here: the tag to answer.
    Nothing(&'static str),
    Begin,
    End(&'static str),
    Empty,
}

/// A statement that is no command.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum CommandError {
    #[error("the console does not know this statement")]
    Unknown,
    #[error("{0}")]
    Expected(&'static str),
}

impl Command {
    /// Reads one statement.
    pub(super) fn parse(text: &str) -> Result<Self, CommandError> {
        let tokens: Vec<_> = Tokens::new(text.as_bytes(), Strings::Standard)
            .filter(|token| token.kind != TokenKind::Blank && token.text != b";")
            .collect();
        let words: Vec<String> = tokens.iter().map(keyword).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(match words.as_slice() {
            [] => Self::Empty,
            ["SHOW", "LEASES"] => Self::ShowLeases,
            ["SHOW", "DATABASES"] => Self::ShowDatabases,
            ["SHOW", "TRACE"] => Self::ShowTrace,
            ["SHOW", "VERSION"] => Self::ShowVersion,
            ["SHOW", "HELP"] | ["HELP"] => Self::ShowHelp,
            ["SHOW", setting @ ..] => shown(&setting.concat()).ok_or(CommandError::Unknown)?,
            ["LEASE", ..] => lease(&tokens, &words)?,
            ["RETURN", ..] => returned(&tokens, &words)?,
            ["REFUSED", ..] => refused(&tokens, &words)?,
            ["SELECT", from @ ..] if from.contains(&"PG_TYPE") => Self::Types,
            ["SELECT", what @ ..] => selected(&what.concat()).ok_or(CommandError::Unknown)?,
            ["BEGIN", ..] | ["START", "TRANSACTION", ..] => Self::Begin,
            ["COMMIT" | "END", ..] => Self::End("COMMIT"),
            ["ROLLBACK" | "ABORT", ..] => Self::End("ROLLBACK"),
            [first, ..] => Self::Nothing(ignored(first).ok_or(CommandError::Unknown)?),
        })
    }

    /// Names of the columns it answers with; none where it answers no rows.
    pub(super) fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::ShowLeases => {
                &["lease", "test", "database", "real_database", "identified_by", "sessions"]
            }
            Self::ShowDatabases => &["database", "leases", "warm_backends"],
            Self::ShowTrace => &["what", "count"],
            Self::ShowHelp => &["command", "what_it_does"],
            Self::Lease { .. } => &["test", "url", "database", "lane"],
            Self::ShowVersion | Self::Value("version", _) => &["version"],
            Self::Types => &["oid", "typarray"],
            Self::Value("current_database", _) => &["current_database"],
            Self::Value(..) => &["?column?"],
            _ => &[],
        }
    }

    /// Parameters it needs.
    pub(super) fn parameter_count(&self) -> usize {
        let count = |text: &Text| match text {
            Text::Given(_) => 0,
            Text::Parameter(number) => *number,
        };
        match self {
            Self::Lease { template, test, .. } => count(template).max(count(test)),
            Self::Return { test, .. } => count(test),
            Self::Refused { template, test, told } => {
                count(template).max(count(test)).max(count(told))
            }
            _ => 0,
        }
    }
}

/// A word in capitals; anything else as it is.
fn keyword(token: &Token<'_>) -> String {
    let text = String::from_utf8_lossy(token.text);
    if token.kind == TokenKind::Word { text.to_ascii_uppercase() } else { text.into_owned() }
}

fn lease(tokens: &[Token<'_>], words: &[&str]) -> Result<Command, CommandError> {
    let [_, template, _, test, ..] = tokens else {
        return Err(CommandError::Expected(
            "LEASE needs a database and a test: LEASE shop FOR 'name'",
        ));
    };
    let is_direct = match &words[2..] {
        ["FOR", _] => false,
        ["FOR", _, "DIRECT"] => true,
        _ => return Err(CommandError::Expected("LEASE is written LEASE shop FOR 'name' [DIRECT]")),
    };
    let what = "the database of LEASE is a name";
    let template = text(template, true).ok_or(CommandError::Expected(what))?;
    let what = "the test of LEASE is a string in single quotes, or a parameter";
    let test = text(test, false).ok_or(CommandError::Expected(what))?;
    Ok(Command::Lease { template, test, is_direct })
}

fn returned(tokens: &[Token<'_>], words: &[&str]) -> Result<Command, CommandError> {
    let has_failed = match &words[1..] {
        [_] => false,
        [_, "FAILED"] => true,
        _ => return Err(CommandError::Expected("RETURN is written RETURN 'name' [FAILED]")),
    };
    let what = "the test of RETURN is a string in single quotes, or a parameter";
    let test = text(&tokens[1], false).ok_or(CommandError::Expected(what))?;
    Ok(Command::Return { test, has_failed })
}

fn refused(tokens: &[Token<'_>], words: &[&str]) -> Result<Command, CommandError> {
    let what = "REFUSED is written REFUSED shop FOR 'name' AS '{\"sqlstate\": \"23505\", ...}'";
    let ["REFUSED", _, "FOR", _, "AS", _] = words else {
        return Err(CommandError::Expected(what));
    };
    let given = |at: usize| text(&tokens[at], at == 1).ok_or(CommandError::Expected(what));
    Ok(Command::Refused { template: given(1)?, test: given(3)?, told: given(5)? })
}

/// The text of a string, of a parameter, or, where a name may stand, of a name.
fn text(token: &Token<'_>, may_be_name: bool) -> Option<Text> {
    let written = std::str::from_utf8(token.text).ok()?;
    let unquoted = |quote: char| {
        let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
    };
    match token.kind {
        TokenKind::Literal => Some(Text::Given(unquoted('\'')?)),
        TokenKind::Parameter => {
            let number = written[1..].parse().ok().filter(|number| (1..=9).contains(number))?;
            Some(Text::Parameter(number))
        }
        TokenKind::Word if may_be_name => Some(Text::Given(written.to_lowercase())),
        TokenKind::QuotedWord if may_be_name => Some(Text::Given(unquoted('"')?)),
        _ => None,
    }
}

/// Settings that drivers ask for when they connect.
fn shown(setting: &str) -> Option<Command> {
    let value = match setting {
        "STANDARD_CONFORMING_STRINGS" => "on",
        "CLIENT_ENCODING" | "SERVER_ENCODING" => "UTF8",
        "TRANSACTIONISOLATIONLEVEL" | "TRANSACTION_ISOLATION" => "read committed",
        "DATESTYLE" => "ISO, MDY",
        "TIMEZONE" => "UTC",
        "SERVER_VERSION" => super::messages::SERVER_VERSION,
        "SEARCH_PATH" => "public",
        _ => return None,
    };
    Some(Command::Value("?column?", value.to_owned()))
}

/// What drivers and pools select to see whether anybody is there.
fn selected(what: &str) -> Option<Command> {
    Some(match what {
        "VERSION()" | "PG_CATALOG.VERSION()" => Command::Value("version", version()),
        "CURRENT_DATABASE()" => Command::Value("current_database", "proofmark".to_owned()),
        "CURRENT_SCHEMA()" => Command::Value("?column?", "public".to_owned()),
        "PG_ADVISORY_UNLOCK_ALL()" => Command::Value("?column?", String::new()),
        _ if !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_digit()) => {
            Command::Value("?column?", what.to_owned())
        }
        _ => return None,
    })
}

/// Statements that set or clear state that the console does not have.
fn ignored(first: &str) -> Option<&'static str> {
    Some(match first {
        "SET" => "SET",
        "RESET" => "RESET",
        "DISCARD" => "DISCARD ALL",
        "DEALLOCATE" => "DEALLOCATE ALL",
        "CLOSE" => "CLOSE CURSOR ALL",
        "LISTEN" => "LISTEN",
        "UNLISTEN" => "UNLISTEN",
        "SAVEPOINT" => "SAVEPOINT",
        "RELEASE" => "RELEASE",
        _ => return None,
    })
}

/// What `SELECT version()` says.
pub(super) fn version() -> String {
    format!("PostgreSQL {} (the console of Proofmark)", super::messages::SERVER_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Text {
        Text::Given(text.to_owned())
    }

    #[test]
    fn a_lease_names_a_database_and_a_test() {
        let lease = |template: &str, test: &str, is_direct| {
            Ok(Command::Lease { template: given(template), test: given(test), is_direct })
        };
        assert_eq!(Command::parse("LEASE shop FOR 'a::b'"), lease("shop", "a::b", false));
        assert_eq!(Command::parse("lease Shop for 'it''s' direct;"), lease("shop", "it's", true));
        assert_eq!(Command::parse("LEASE \"My Shop\" FOR 'x'"), lease("My Shop", "x", false));
        let parameters = Command::parse("LEASE $1 FOR $2").expect("parameters may stand there");
        assert_eq!(parameters.parameter_count(), 2);
    }

    #[test]
    fn a_return_can_say_that_the_test_failed() {
        let returned = |has_failed| Ok(Command::Return { test: given("t"), has_failed });
        assert_eq!(Command::parse("return 't'"), returned(false));
        assert_eq!(Command::parse("RETURN 't' failed"), returned(true));
    }

    #[test]
    fn a_refusal_names_a_database_a_test_and_what_was_told() {
        let refused = Command::Refused {
            template: given("shop"),
            test: given("t"),
            told: given(r#"{"sqlstate": "23505"}"#),
        };
        let sql = r#"refused shop for 't' as '{"sqlstate": "23505"}'"#;
        assert_eq!(Command::parse(sql), Ok(refused));
        let parameters = Command::parse("REFUSED $1 FOR $2 AS $3").expect("parameters may be");
        assert_eq!(parameters.parameter_count(), 3);
    }

    #[test]
    fn what_drivers_send_means_nothing() {
        for sql in [
            "SET extra_float_digits = 3",
            "DISCARD ALL",
            "SELECT 1",
            "select version()",
            "select pg_catalog.version()",
            "select b.oid, b.typarray from pg_catalog.pg_type a where a.typcategory = 'A'",
            "SHOW TRANSACTION ISOLATION LEVEL",
            "show standard_conforming_strings",
            "BEGIN ISOLATION LEVEL READ COMMITTED",
            "COMMIT",
            "",
            " ; ",
        ] {
            assert!(Command::parse(sql).is_ok(), "{sql}");
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        assert_eq!(Command::parse("DROP TABLE orders"), Err(CommandError::Unknown));
        assert_eq!(Command::parse("SELECT * FROM orders"), Err(CommandError::Unknown));
        for sql in ["LEASE", "LEASE shop", "LEASE shop FOR name", "LEASE shop FOR 'x' TWICE"] {
            assert!(matches!(Command::parse(sql), Err(CommandError::Expected(_))), "{sql}");
        }
        for sql in ["REFUSED", "REFUSED shop FOR 't'", "REFUSED shop FOR 't' BY '{}'"] {
            assert!(matches!(Command::parse(sql), Err(CommandError::Expected(_))), "{sql}");
        }
        for sql in ["RETURN", "RETURN name", "RETURN 'x' TWICE", "RETURN $0"] {
            assert!(matches!(Command::parse(sql), Err(CommandError::Expected(_))), "{sql}");
        }
    }
}
