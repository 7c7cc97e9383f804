//! Leases from the console of `proofmark run`.
//!
//! In: the console's URL, which is the database `proofmark` of the proxy. Out: leases, asked for
//! and returned in the console's words.
//!
//! **Invariant**: speaks only what any PostgreSQL driver can (simple queries); a lease that is not
//! returned ends with this process.

use std::sync::{Arc, Mutex, PoisonError};

use proofmark_proxy::Lane;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::bench::kept;
use super::describe::describe;
use super::source::{GivenBack, Granted, SourceError};
use crate::bench::Outcome;
use crate::fixture::Terms;

/// How much is told at once, in bytes; the console takes 64 KiB, and one refusal fits into that.
const TOLD_AT_ONCE_MAX: usize = 32 * 1024;

/// Why the console gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConsoleError {
    /// The variable does not hold a URL.
    #[error("its URL cannot be read; help: unset the variable to run without `proofmark run`")]
    Url(#[source] tokio_postgres::Error),
    /// Nobody answers.
    #[error("it cannot be reached; help: unset the variable to run without `proofmark run`")]
    Connect(#[source] tokio_postgres::Error),
    /// It refused.
    #[error("it refused `{command}`")]
    Refused {
        /// What was asked.
        command: &'static str,
        /// Its answer.
        source: tokio_postgres::Error,
    },
    /// What is to be told cannot be written.
    #[error("a refusal cannot be written as JSON")]
    Told(#[source] serde_json::Error),
    /// It answered without something that we need.
    #[error("its answer has no `{0}`; help: use the `proofmark` command and crate of one version")]
    Incomplete(&'static str),
}

impl ConsoleError {
    /// What RETURN says of invariants that do not hold: the lease has ended, and this is its end.
    fn broken_invariants(&self) -> Option<String> {
        let Self::Refused { source, .. } = self else { return None };
        let refused = source.as_db_error()?;
        let is_broken = *refused.code() == SqlState::ASSERT_FAILURE;
        is_broken.then(|| refused.message().to_owned())
    }

    /// Whether RETURN found no lease.
    fn says_not_held(&self) -> bool {
        let Self::Refused { command: "RETURN", source } = self else { return false };
        source.code() == Some(&SqlState::UNDEFINED_OBJECT)
    }
}

/// The console, and idle connections to it: a test that waits for its lease keeps no other waiting.
#[derive(Debug)]
pub(super) struct Console {
    config: Config,
    /// For tests that do not say.
    lane: Lane,
    idle: Mutex<Vec<Client>>,
}

impl Console {
    pub(super) fn new(url: &str, lane: Lane) -> Result<Self, SourceError> {
        let config = url.parse().map_err(ConsoleError::Url)?;
        Ok(Self { config, lane, idle: Mutex::default() })
    }

    async fn client(&self) -> Result<Client, ConsoleError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(client) = idle.filter(|client| !client.is_closed()) {
            return Ok(client);
        }
        let (client, connection) =
            self.config.connect(NoTls).await.map_err(ConsoleError::Connect)?;
        // A broken connection fails the command that waits on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }

    /// Asks once more on a new connection where the one that was idle turns out to be lost.
    async fn ask_again(
        &self,
        command: &'static str,
        text: &str,
    ) -> Result<Option<SimpleQueryRow>, ConsoleError> {
        match self.ask(command, text).await {
            Err(ConsoleError::Refused { source, .. }) if source.is_closed() => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                self.ask(command, text).await.or_else(|error| {
                    // The answer was lost with the connection, not the command.
                    if error.says_not_held() { Ok(None) } else { Err(error) }
                })
            }
            answered => answered,
        }
    }

    async fn ask(
        &self,
        command: &'static str,
        text: &str,
    ) -> Result<Option<SimpleQueryRow>, ConsoleError> {
        let client = self.client().await?;
        let answers = client
            .simple_query(text)
            .await
            .map_err(|source| ConsoleError::Refused { command, source })?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        let row = answers.into_iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(row)
    }

    pub(super) async fn lease(
        &self,
        test: &str,
        name: &str,
        lane: Option<Lane>,
    ) -> Result<Granted, SourceError> {
        let lane = lane.unwrap_or(self.lane);
        let word = if lane == Lane::Direct { " DIRECT" } else { "" };
        let text = format!("LEASE {} FOR {}{word}", identifier(name), literal(test));
        let row = self.ask_again("LEASE", &text).await?.ok_or(ConsoleError::Incomplete("row"))?;
        let url = column(&row, "url")?;
        let mut config: Config = url.parse().map_err(SourceError::Url)?;
        config.application_name(test);
        let terms = Terms {
            test: test.to_owned(),
            name: name.to_owned(),
            database: column(&row, "database")?,
            url,
            config,
            lane,
            kept: None,
            seen: (lane == Lane::Direct).then(Arc::default),
        };
        Ok(Granted { terms, pooled: None })
    }

    /// Tells what was refused on the direct lane.
    async fn tell(&self, granted: &[Granted]) -> Result<(), ConsoleError> {
        let mut text = String::new();
        for Granted { terms, .. } in granted {
            let refusals = terms.seen.iter().flat_map(|seen| seen.take());
            for refusal in refusals {
                let told = serde_json::to_string(&refusal).map_err(ConsoleError::Told)?;
                let (name, test) = (identifier(&terms.name), literal(&terms.test));
                let one = format!("REFUSED {name} FOR {test} AS {};", literal(&told));
                if !text.is_empty() && text.len() + one.len() > TOLD_AT_ONCE_MAX {
                    self.ask("REFUSED", &std::mem::take(&mut text)).await?;
                }
                text += &one;
            }
        }
        if !text.is_empty() {
            self.ask("REFUSED", &text).await?;
        }
        Ok(())
    }

    /// One RETURN takes back all that the test holds.
    pub(super) async fn give_back(
        &self,
        granted: &[Granted],
        outcome: Outcome,
    ) -> Result<GivenBack, SourceError> {
        let Some(Granted { terms, .. }) = granted.first() else {
            return Ok(GivenBack::default());
        };
        let failed = outcome == Outcome::Failed;
        let mut notes = Vec::new();
        if let Err(error) = self.tell(granted).await {
            let why = describe(&error);
            notes.push(format!("note: what was refused on the direct lane is not counted: {why}"));
        }
        let word = if failed { " FAILED" } else { "" };
        let text = format!("RETURN {}{word}", literal(&terms.test));
        let asked = self.ask_again("RETURN", &text).await;
        let broken: Vec<String> = match asked {
            Ok(_) => Vec::new(),
            Err(error) => vec![error.broken_invariants().ok_or(error)?],
        };
        let is_kept = failed || !broken.is_empty();
        let all = granted.iter().filter(|_| is_kept);
        notes.extend(all.map(|one| kept(&one.terms.database)));
        Ok(GivenBack { notes, broken })
    }
}

fn column(row: &SimpleQueryRow, name: &'static str) -> Result<String, ConsoleError> {
    let found = row.columns().iter().any(|column| column.name() == name);
    let value = if found { row.get(name) } else { None };
    value.map(str::to_owned).ok_or(ConsoleError::Incomplete(name))
}

/// `text` as an SQL literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `name` as it may stand in a command: quoted where it is not a plain word.
fn identifier(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    if begins && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_into_commands_quoted() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(identifier("shop"), "shop");
        assert_eq!(identifier("my-shop"), "\"my-shop\"");
    }
}
