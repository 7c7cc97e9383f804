//! The command of a run as it may be written down.
//!
//! In: the arguments the user gave. Out: [`CommandLine`], the same without passwords.
//!
//! **Invariant:** a `CommandLine` can only be made by [`CommandLine::redacted`] or read back from
//! a trace; it is never used to start a process.

use serde::{Deserialize, Serialize};

/// What stands where a password stood.
const REDACTED: &str = "***";

/// Words whose `word=value` or `--word=value` is a secret.
const SECRET_WORDS: [&str; 6] = ["password", "passwd", "pgpassword", "secret", "token", "api_key"];

/// The command and its arguments, passwords taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// Takes the passwords of URLs (`scheme://user:password@host`) and the values of options and
    /// assignments with a telling name (`--password=x`, `--password x`, `PGPASSWORD=x`) out.
    pub fn redacted<I, S>(arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let mut previous_names_secret = false;
        let mut written = Vec::new();
        for argument in arguments {
            let argument = argument.as_ref();
            written.push(if previous_names_secret {
                REDACTED.to_owned()
            } else {
                without_url_password(&without_assigned_secret(argument))
            });
            previous_names_secret = argument.starts_with("--") && names_secret(argument);
        }
        Self(written)
    }

    /// The arguments, the program first.
    pub fn arguments(&self) -> &[String] {
        &self.0
    }
}

impl std::fmt::Display for CommandLine {
    /// The line as a person would type it; arguments with spaces in single quotes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, argument) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%*~".contains(c);
            if !argument.is_empty() && argument.chars().all(plain) {
                f.write_str(argument)?;
            } else {
                write!(f, "'{}'", argument.replace('\'', r"'\''"))?;
            }
        }
        Ok(())
    }
}

fn names_secret(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")))
}

fn without_assigned_secret(argument: &str) -> String {
    match argument.split_once('=') {
        Some((name, _)) if names_secret(name) => format!("{name}={REDACTED}"),
        _ => argument.to_owned(),
    }
}

/// Takes the password out of a text that may hold a URL with one.
pub(crate) fn without_url_password(argument: &str) -> String {
    let Some(authority) = argument.find("://").map(|at| at + 3) else {
        return argument.to_owned();
    };
    let rest = &argument[authority..];
    let Some((user, after_user)) = rest.split_once(':') else { return argument.to_owned() };
    // A password may hold an unescaped `@` or `/`; a port is digits only.
    let before_path = rest.split('/').next().unwrap_or(rest);
    let is_port = after_user
        .split('/')
        .next()
        .is_some_and(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()));
    let end = before_path.rfind('@').or_else(|| if is_port { None } else { rest.rfind('@') });
    match end {
        Some(end) if user.len() < end => {
            format!("{}{user}:{REDACTED}{}", &argument[..authority], &rest[end..])
        }
        _ => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], expected: &str) {
        assert_eq!(CommandLine::redacted(arguments).to_string(), expected);
    }

    #[test]
    fn a_command_without_secrets_is_kept_as_typed() {
        check(&["cargo", "nextest", "run", "-p", "shop"], "cargo nextest run -p shop");
        check(&["sh", "-c", "echo it's fine"], r"sh -c 'echo it'\''s fine'");
        check(
            &["pytest", "--maxfail=2", "http://localhost:8080/a@b"],
            "pytest --maxfail=2 http://localhost:8080/a@b",
        );
    }

    #[test]
    fn a_password_in_a_url_is_taken_out() {
        check(&["app", "--url=postgres://me:hunter2@h/db"], "app --url=postgres://me:***@h/db");
        check(&["app", "postgres://me:hun@ter2@h:5432/db"], "app postgres://me:***@h:5432/db");
        check(&["app", "postgres://me:hun/ter2@h:5432/db"], "app postgres://me:***@h:5432/db");
        check(&["app", "postgres://me@h/db"], "app postgres://me@h/db");
    }

    #[test]
    fn a_password_given_by_name_is_taken_out() {
        check(&["env", "PGPASSWORD=hunter2", "make"], "env PGPASSWORD=*** make");
        check(&["app", "--db-password=hunter2"], "app --db-password=***");
        check(&["app", "--password", "hunter2", "x"], "app --password *** x");
    }
}
