//! Carries out the commands of the console.
//!
//! In goes a command with its parameters, out comes an answer.
//!
//! **Invariant**: a lease taken here is the same that `shop~name` leads to, and RETURN answers
//! after the database is taken back.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::join_all;

use super::answer::Answer;
use super::command::{COMMANDS, Command, CommandError, Text};
use super::told::{EXAMPLE, Told};
use super::url;
use crate::frontend::OwnError;
use crate::identity::{Peer, recognise};
use crate::leases::{CloseReason, Holder, Join, JoinError, LeaseKey, end};
use crate::shared::Shared;
use crate::warm::open_ahead;
use crate::{Ended, Identity, Lane, TestName};

/// Who is talking.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) shared: Rc<Shared>,
    pub(super) user: String,
    pub(super) peer: Peer,
    pub(super) is_in_transaction: Cell<bool>,
}

impl Speaker {
    /// Carries out one command.
    pub(super) async fn carry_out(
        &self,
        command: &Command,
        parameters: &[String],
    ) -> Result<Answer, OwnError> {
        Ok(match command {
            Command::ShowLeases => self.leases(),
            Command::ShowDatabases => self.databases(),
            Command::ShowTrace => self.trace(),
            Command::ShowVersion => {
                let version = format!("proofmark {}", env!("CARGO_PKG_VERSION"));
                Answer::rows(vec![vec![version]])
            }
            Command::ShowHelp => help(),
            Command::Lease { template, test, is_direct } => {
                let template = value(template, parameters)?;
                let test = TestName::new(value(test, parameters)?);
                self.lease(template, test, *is_direct).await?
            }
            Command::Return { test, has_failed } => {
                let test = TestName::new(value(test, parameters)?);
                self.take_back(&test, *has_failed).await?
            }
            Command::Refused { template, test, told } => {
                let test = TestName::new(value(test, parameters)?);
                let template = value(template, parameters)?;
                self.refused(template, &test, value(told, parameters)?)?
            }
            Command::Types => Answer::rows(Vec::new()),
            Command::Value(_, value) => Answer::rows(vec![vec![value.clone()]]),
            Command::Nothing(tag) => Answer::done(tag),
            Command::Begin => {
                self.is_in_transaction.set(true);
                Answer::done("BEGIN")
            }
            Command::End(tag) => {
                self.is_in_transaction.set(false);
                Answer::done(tag)
            }
            Command::Empty => Answer::default(),
        })
    }

    fn leases(&self) -> Answer {
        let row = |lease: &Rc<crate::leases::Lease>| {
            let real = lease.granted().map_or("(being made)", |granted| &granted.database);
            vec![
                lease.id.0.to_string(),
                lease.key.test.as_str().to_owned(),
                lease.key.database.clone(),
                real.to_owned(),
                identified_by(&lease.identity),
                lease.session_count().to_string(),
            ]
        };
        Answer::rows(self.shared.leases.held_now().iter().map(row).collect())
    }

    fn databases(&self) -> Answer {
        let held = self.shared.leases.held_now();
        let row = |database: String| {
            let of_it = || held.iter().filter(|lease| lease.key.database == database);
            let granted = of_it().filter_map(|lease| lease.granted());
            let warm: usize = granted.map(|granted| self.shared.warm.count_at(granted)).sum();
            vec![database.clone(), of_it().count().to_string(), warm.to_string()]
        };
        Answer::rows(self.shared.source.databases().into_iter().map(row).collect())
    }

    fn trace(&self) -> Answer {
        let counts = &self.shared.counts;
        let row = |what: &str, count: &Cell<u64>| vec![what.to_owned(), count.get().to_string()];
        Answer::rows(vec![
            row("leases given", &counts.leases),
            row("sessions opened", &counts.sessions),
            row("of them with a warm backend", &counts.warm_sessions),
            row("statements of closed sessions", &counts.statements),
            row("refusals", &counts.errors),
            row("connections turned away", &counts.turned_away),
        ])
    }

    async fn lease(
        &self,
        template: &str,
        test: TestName,
        is_direct: bool,
    ) -> Result<Answer, OwnError> {
        let templates = self.shared.source.databases();
        if !templates.iter().any(|known| known == template) {
            let message = format!("there is no database \"{}\"", template.escape_debug());
            let hint = format!("there is: {}", templates.join(", "));
            return Err(OwnError::error("3D000", message, hint));
        }
        if test.as_str().is_empty() {
            return Err(OwnError::error("22023", "a test needs a name", COMMANDS));
        }
        let key = LeaseKey { database: template.to_owned(), test, process: None };
        let join = Join { key, identity: Identity::Console, holder: self.holder() };
        let held = self.shared.leases.hold(&self.shared, &join).await;
        let (lease, granted) = held.map_err(not_held)?;
        let (url, lane) = if is_direct {
            lease.lane.set(Lane::Direct);
            (url::direct(&granted, &self.user), "direct")
        } else {
            open_ahead(&self.shared, template, &granted);
            (url::proxied(&lease, &self.user, self.shared.port), "proxy")
        };
        let test = lease.key.test.as_str().to_owned();
        Ok(Answer::rows(vec![vec![test, url, granted.database, lane.to_owned()]]))
    }

    /// Takes what a test on the direct lane was told as seen.
    fn refused(&self, template: &str, test: &TestName, told: &str) -> Result<Answer, OwnError> {
        let leases = self.shared.leases.of_test(test);
        let Some(lease) = leases.iter().find(|lease| lease.key.database == template) else {
            let (test, template) = (test.as_str().escape_debug(), template.escape_debug());
            let message = format!("no lease of \"{template}\" is held for '{test}'");
            return Err(OwnError::error("42704", message, "SHOW LEASES lists what is held"));
        };
        if lease.lane.get() == Lane::Proxy {
            let message = "what is refused on the proxy's lane is seen by itself";
            let hint = "tell it of a lease that was taken with DIRECT";
            return Err(OwnError::error("55000", message, hint));
        }
        Told::read(told)?.tell(&self.shared, lease);
        Ok(Answer::done("REFUSED"))
    }

    /// The process with which a lease taken here ends: the one that would hold a lease of its own,
    /// where the command started it.
    fn holder(&self) -> Option<Holder> {
        let root = self.shared.root_pid()?;
        let table = &mut self.shared.processes.borrow_mut();
        let line = table.line(self.peer.pid?);
        line.iter().find(|process| process.pid == root)?;
        let keys = &self.shared.options.identity_env;
        recognise(self.peer.pid, table, Some(root), keys).holder
    }

    async fn take_back(&self, test: &TestName, failed: bool) -> Result<Answer, OwnError> {
        let leases = self.shared.leases.of_test(test);
        if leases.is_empty() {
            let message = format!("no lease is held for '{}'", test.as_str().escape_debug());
            return Err(OwnError::error("42704", message, "SHOW LEASES lists what is held"));
        }
        let ends = leases
            .iter()
            .map(|lease| end(&self.shared, lease, Ended::Returned, CloseReason::Returned, failed));
        let said = join_all(ends).await;
        let broken: Vec<&str> =
            said.iter().flat_map(|said| &said.broken).map(String::as_str).collect();
        if broken.is_empty() {
            return Ok(Answer::done("RETURN"));
        }
        let hint = said.iter().find_map(|said| said.kept.as_deref()).map_or_else(
            || "the lease has ended".to_owned(),
            |database| format!("the lease has ended; look at it with: proofmark psql {database}"),
        );
        Err(OwnError::error(INVARIANT_BROKEN, broken.join("\n"), hint))
    }
}

/// RETURN's error when an invariant does not hold in the database that came back:
/// `assert_failure`, which is what happened.
const INVARIANT_BROKEN: &str = "P0004";

/// The error for a statement that is none.
pub(super) fn not_a_command(error: &CommandError) -> OwnError {
    OwnError::error("42601", error.to_string(), COMMANDS)
}

fn value<'a>(text: &'a Text, parameters: &'a [String]) -> Result<&'a str, OwnError> {
    match text {
        Text::Given(text) => Ok(text),
        Text::Parameter(number) => {
            parameters.get(number - 1).map(String::as_str).ok_or_else(|| {
                let message = format!("there is no value for ${number}");
                OwnError::error("42P02", message, "bind a text to every parameter")
            })
        }
    }
}

fn identified_by(identity: &Identity) -> String {
    match identity {
        Identity::DatabaseName => "database name".to_owned(),
        Identity::Options => "options".to_owned(),
        Identity::Environment { key } => key.clone(),
        Identity::Process => "process".to_owned(),
        Identity::Console => "console".to_owned(),
        Identity::Unknown => "nothing".to_owned(),
    }
}

fn not_held(error: JoinError) -> OwnError {
    match error {
        JoinError::Source(error) => {
            let message = format!("no database could be given: {error}");
            OwnError::error("58000", message, error.help())
        }
        JoinError::Ended => {
            OwnError::error("57P01", "the lease was returned while it was being made", COMMANDS)
        }
        JoinError::ShuttingDown => OwnError::shutting_down(),
    }
}

fn help() -> Answer {
    let rows = [
        ("LEASE shop FOR 'name'", "gives the test a database of its own and answers its URL"),
        ("LEASE shop FOR 'name' DIRECT", "the same, with the URL of the database itself"),
        ("RETURN 'name'", "takes the test's database back"),
        ("RETURN 'name' FAILED", "the same, and says that the test failed"),
        (EXAMPLE, "tells what a test on the direct lane was refused"),
        ("SHOW LEASES", "which test holds which database"),
        ("SHOW DATABASES", "what can be leased, how often it is now, and backends that wait"),
        ("SHOW TRACE", "how much has been seen so far"),
        ("SHOW VERSION", "the version of Proofmark"),
    ];
    let row = |(command, what): &(&str, &str)| vec![(*command).to_owned(), (*what).to_owned()];
    Answer::rows(rows.iter().map(row).collect())
}
