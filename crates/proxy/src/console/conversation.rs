//! Talks with one client of the console.
//!
//! In goes a connection that asked for the database `proofmark`; it is served until it leaves.
//! Main function: [`run`].
//!
//! **Invariant**: it answers message by message, and after an error in the extended protocol
//! nothing until the next Sync, as a server does.

use std::cell::Cell;
use std::rc::Rc;

use proofmark_wire::backend::{Empty, ReadyForQuery};
use proofmark_wire::frontend::{Execute, Query};
use proofmark_wire::lexer::Strings;
use proofmark_wire::startup::StartupMessage;
use proofmark_wire::{TransactionStatus, statements, tag};

use super::answer::describe;
use super::command::Command;
use super::commands::{Speaker, not_a_command};
use super::extended::{Extended, malformed, text};
use super::messages::{Incoming, NoMessage, Whole, greet, send};
use crate::frontend::OwnError;
use crate::identity::Peer;
use crate::shared::Shared;
use crate::stream::Stream;

/// Serves one client until it leaves or the proxy shuts down.
pub(crate) async fn run(
    shared: &Rc<Shared>,
    mut client: Stream,
    startup: &StartupMessage,
    peer: Peer,
    behind: Vec<u8>,
) {
    let user = String::from_utf8_lossy(startup.user().unwrap_or_default()).into_owned();
    let is_in_transaction = Cell::new(false);
    let speaker = Speaker { shared: Rc::clone(shared), user, peer, is_in_transaction };
    let mut conversation = Conversation {
        speaker,
        extended: Extended::default(),
        is_skipping: false,
        out: Vec::new(),
    };
    greet(startup, &mut conversation.out);
    conversation.ready();
    let mut incoming = Incoming::starting_with(behind);
    while send(&mut client, &mut conversation.out).await.is_ok() {
        let next = tokio::select! {
            next = incoming.next(&mut client) => next,
            () = shared.closed() => {
                return OwnError::shutting_down().send_and_close(client).await;
            }
        };
        match next {
            Ok(message) if message.tag == tag::frontend::TERMINATE => return,
            Ok(message) => conversation.take(&message).await,
            Err(NoMessage::Left) => return,
            Err(NoMessage::TooLong) => {
                let hint = "connect with a PostgreSQL driver, and keep statements short";
                let error = OwnError::fatal("08P01", "a message is too long for the console", hint);
                return error.send_and_close(client).await;
            }
        }
    }
}

struct Conversation {
    speaker: Speaker,
    extended: Extended,
    /// After an error, until the next Sync.
    is_skipping: bool,
    out: Vec<u8>,
}

impl Conversation {
    async fn take(&mut self, message: &Whole) {
        use tag::frontend as f;
        if self.is_skipping && message.tag != f::SYNC {
            return;
        }
        let body = message.body();
        let taken = match message.tag {
            f::SYNC => {
                self.is_skipping = false;
                self.ready();
                Ok(())
            }
            f::QUERY => {
                if let Err(error) = self.query(body).await {
                    error.write(&mut self.out);
                }
                self.ready();
                Ok(())
            }
            f::PARSE => self.extended.parse(body, &mut self.out),
            f::BIND => self.extended.bind(body, &mut self.out),
            f::DESCRIBE => self.extended.describe(body, &mut self.out),
            f::CLOSE => self.extended.close(body, &mut self.out),
            f::EXECUTE => self.execute(body).await,
            f::FLUSH | f::COPY_DATA | f::COPY_DONE | f::COPY_FAIL => Ok(()),
            _ => Err(OwnError::error(
                "0A000",
                "the console does not speak this part of the protocol",
                "send commands as simple queries or prepared statements",
            )),
        };
        if let Err(error) = taken {
            error.write(&mut self.out);
            self.is_skipping = true;
        }
    }

    /// Every statement of a Query, until one fails.
    async fn query(&mut self, body: &[u8]) -> Result<(), OwnError> {
        let query = Query::parse(body).map_err(malformed)?;
        let mut is_empty = true;
        for statement in statements(query.text, Strings::Standard) {
            is_empty = false;
            let command =
                Command::parse(text(statement)?).map_err(|error| not_a_command(&error))?;
            let answer = self.speaker.carry_out(&command, &[]).await?;
            describe(command.columns(), &[], &mut self.out);
            answer.write(&mut self.out);
        }
        if is_empty {
            Empty::EmptyQueryResponse.write(&mut self.out);
        }
        Ok(())
    }

    async fn execute(&mut self, body: &[u8]) -> Result<(), OwnError> {
        let execute = Execute::parse(body).map_err(malformed)?;
        let portal = self.extended.portal(execute.portal)?;
        if portal.command == Command::Empty {
            Empty::EmptyQueryResponse.write(&mut self.out);
            return Ok(());
        }
        let answer = self.speaker.carry_out(&portal.command, &portal.parameters).await?;
        answer.write(&mut self.out);
        Ok(())
    }

    fn ready(&mut self) {
        let is_open = self.speaker.is_in_transaction.get();
        let status = if is_open { TransactionStatus::Open } else { TransactionStatus::Idle };
        ReadyForQuery { status }.write(&mut self.out);
    }
}
