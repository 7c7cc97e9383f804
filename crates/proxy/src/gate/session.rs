//! One session of the gate: what has arrived, what is held, what the server owes.
//!
//! In go messages of both sides and commands, out go messages to both sides. Main type:
//! [`Session`].
//!
//! **Invariant**: the server has at most one unit to work on, and the client gets every answer
//! once, in the order of its questions.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use proofmark_wire::backend::{BackendKeyData, ReadyForQuery};
use proofmark_wire::frontend::Query;
use proofmark_wire::{TransactionStatus, tag};
use tokio::io::{AsyncWriteExt, WriteHalf};

use super::answer::{Answer, failed};
use super::batch::{Collector, Frame, Unit, Until};
use super::classify::{Wrap, classify};
use super::implied;
use super::serve::Local;
use super::stage::{Closing, Stage, Working};
use super::state::Command;
use super::step::{Actor, Ending, Step, StepKind};
use crate::stream::Stream;

/// Makes the deadlock detector look early. A role that may not say so keeps its second.
const TUNING: &[u8] = b"SET deadlock_timeout = '1ms'";

/// The session is over.
#[derive(Debug)]
pub(super) struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// The state of one session.
#[derive(Debug)]
pub(super) struct Session {
    local: Rc<Local>,
    id: u64,
    actor: Actor,
    pid: i32,
    to_client: WriteHalf<Stream>,
    to_server: WriteHalf<Stream>,
    collector: Collector,
    queue: VecDeque<Unit>,
    stage: Stage,
    status: TransactionStatus,
    /// A transaction is open that the client does not know of.
    implied: Option<Wrap>,
    /// The server drops everything up to the next Sync.
    is_skipping: bool,
    /// The transaction keeps its first snapshot, and has it not yet.
    takes_snapshot: bool,
    cuts_after: bool,
    /// The client has ended its COPY data and will send the Sync that the server waits for.
    owes_sync: bool,
}

impl Session {
    pub(super) fn new(
        local: Rc<Local>,
        (id, actor): (u64, Actor),
        to_client: WriteHalf<Stream>,
        to_server: WriteHalf<Stream>,
    ) -> Self {
        Self {
            local,
            id,
            actor,
            pid: 0,
            to_client,
            to_server,
            collector: Collector::default(),
            queue: VecDeque::new(),
            stage: Stage::Login,
            status: TransactionStatus::Idle,
            implied: None,
            is_skipping: false,
            takes_snapshot: false,
            cuts_after: false,
            owes_sync: false,
        }
    }

    /// A message of the client.
    pub(super) async fn asked(&mut self, message: Frame) -> Result<(), Over> {
        use tag::frontend as f;
        match message.tag {
            f::PASSWORD | f::COPY_DATA => self.to_server.write_all(&message.bytes).await?,
            f::COPY_DONE | f::COPY_FAIL => {
                self.owes_sync = self.is_copying_in();
                self.to_server.write_all(&message.bytes).await?;
            }
            // Behind COPY data comes the Sync that counts: those before it were dropped.
            f::SYNC if std::mem::take(&mut self.owes_sync) => {
                self.to_server.write_all(&message.bytes).await?;
            }
            f::TERMINATE => {
                self.to_server.write_all(&message.bytes).await?;
                return Err(Over);
            }
            _ => {
                self.queue.extend(self.collector.push(message));
            }
        }
        self.advance().await
    }

    /// Whether the server takes COPY data that an Execute asked for.
    fn is_copying_in(&self) -> bool {
        let Stage::Working(working) = &self.stage else { return false };
        working.is_streaming && !working.is_simple
    }

    /// Goes on with the next unit, if the last one is done.
    async fn advance(&mut self) -> Result<(), Over> {
        while matches!(self.stage, Stage::Idle) {
            let Some(unit) = self.queue.pop_front() else { break };
            self.begin(unit).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, unit: Unit) -> Result<(), Over> {
        let Some((kind, wrap)) = self.step_of(&unit) else {
            return self.pass(unit).await;
        };
        let step = self.step(kind, unit.sql.as_ref().or(unit.prepares.as_ref()));
        if self.local.shared.change(|state| state.arrive(step)) {
            self.stage = Stage::Held(unit, wrap);
            return Ok(());
        }
        self.start(unit, wrap).await
    }

    fn step(&self, kind: StepKind, sql: Option<&Arc<str>>) -> Step {
        let sql = sql.cloned().unwrap_or_else(|| "".into());
        Step { actor: self.actor, session: self.id, kind, sql, implied: false }
    }

    /// Whether a unit is a step, and which.
    fn step_of(&mut self, unit: &Unit) -> Option<(StepKind, Wrap)> {
        if self.is_skipping {
            return None;
        }
        let is_open = self.status == TransactionStatus::Open;
        let Some(sql) = &unit.sql else {
            let prepares = unit.prepares.as_ref().filter(|_| is_open && self.takes_snapshot)?;
            if !classify(prepares.as_bytes()).is_step {
                return None;
            }
            self.takes_snapshot = false;
            return Some((StepKind::Prepare, Wrap::Never));
        };
        let class = classify(sql.as_bytes());
        if let Some(keeps) = class.keeps_snapshot {
            self.takes_snapshot = keeps;
        }
        if !class.is_step {
            return None;
        }
        self.takes_snapshot = false;
        let is_watched = self.local.shared.lock().watches(self.actor);
        let may_wrap =
            is_watched && self.status == TransactionStatus::Idle && self.implied.is_none();
        Some((class.kind, if may_wrap { class.wrap } else { Wrap::Never }))
    }

    async fn pass(&mut self, unit: Unit) -> Result<(), Over> {
        self.to_server.write_all(&unit.bytes).await?;
        if unit.until == Until::Ready {
            self.is_skipping = false;
            self.stage = Stage::Passing;
            self.local.shared.change(|state| state.pass(self.id));
        }
        Ok(())
    }

    async fn start(&mut self, unit: Unit, wrap: Wrap) -> Result<(), Over> {
        if matches!(wrap, Wrap::Always | Wrap::IfItWrote) {
            self.to_server.write_all(&implied::run("BEGIN")).await?;
            self.stage = Stage::Opening(unit, wrap);
            return Ok(());
        }
        self.send(unit).await
    }

    async fn send(&mut self, unit: Unit) -> Result<(), Over> {
        let Unit { bytes, until, is_simple, .. } = unit;
        self.to_server.write_all(&bytes).await?;
        // A preparation that ends with a Flush is not answered in a way that ends it.
        if until == Until::Nothing {
            return self.ended(Ending::Done(String::new()), None).await;
        }
        let answer = Answer::default();
        self.stage = Stage::Working(Working { answer, until, is_simple, is_streaming: false });
        Ok(())
    }

    /// A command of whoever holds the step.
    pub(super) async fn command(&mut self, command: Command) -> Result<(), Over> {
        self.told(command).await?;
        self.advance().await
    }

    async fn told(&mut self, command: Command) -> Result<(), Over> {
        match command {
            Command::Cut => return Err(Over),
            Command::RunAndCut => self.cuts_after = true,
            Command::Go => {}
        }
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Held(unit, wrap) => {
                self.local.shared.change(|state| state.work(self.id));
                self.start(unit, wrap).await
            }
            Stage::HeldCommit(answer, is_simple) => {
                self.local.shared.change(|state| state.work(self.id));
                self.close_implied("COMMIT", answer, is_simple).await
            }
            Stage::Answered(answer) => {
                self.deliver(&answer).await?;
                self.local.shared.change(|state| state.delivered(self.id));
                Ok(())
            }
            other => {
                self.stage = other;
                Ok(())
            }
        }
    }

    async fn deliver(&mut self, answer: &Answer) -> Result<(), Over> {
        if self.cuts_after {
            return Err(Over);
        }
        Ok(self.to_client.write_all(&answer.bytes).await?)
    }

    /// A message of the server.
    pub(super) async fn heard(&mut self, message: Frame) -> Result<(), Over> {
        self.answered(message).await?;
        self.advance().await
    }

    async fn answered(&mut self, message: Frame) -> Result<(), Over> {
        use tag::backend as b;
        if matches!(message.tag, b::READY_FOR_QUERY)
            && let Ok(ready) = ReadyForQuery::parse(message.body())
        {
            self.status = ready.status;
        }
        let is_ready = message.tag == b::READY_FOR_QUERY;
        match &mut self.stage {
            Stage::Login => self.login(message).await,
            Stage::Idle | Stage::Held(..) | Stage::HeldCommit(..) => {
                Ok(self.to_client.write_all(&message.bytes).await?)
            }
            Stage::Passing if is_ready => self.passed(message).await,
            Stage::Passing => Ok(self.to_client.write_all(&message.bytes).await?),
            Stage::Tuning(_) | Stage::Opening(..) if !is_ready => self.forward(message).await,
            Stage::Tuning(_) | Stage::Opening(..) => self.go_on().await,
            Stage::Working(_) => self.working(message).await,
            Stage::Answered(answer) => {
                answer.push(&message);
                Ok(())
            }
            Stage::Ending(closing) => {
                if message.tag == b::ERROR_RESPONSE {
                    closing.error = Some(message);
                    return Ok(());
                }
                if is_ready { self.implied_closed().await } else { self.forward(message).await }
            }
        }
    }

    /// Passes on what the client must see although it did not ask: settings and notifications.
    async fn forward(&mut self, message: Frame) -> Result<(), Over> {
        use tag::backend as b;
        if matches!(message.tag, b::PARAMETER_STATUS | b::NOTIFICATION_RESPONSE) {
            self.to_client.write_all(&message.bytes).await?;
        }
        Ok(())
    }

    async fn login(&mut self, message: Frame) -> Result<(), Over> {
        match message.tag {
            tag::backend::BACKEND_KEY_DATA => {
                if let Ok(key) = BackendKeyData::parse(message.body()) {
                    self.pid = key.process;
                    self.local.shared.change(|state| {
                        if let Some(session) = state.sessions.get_mut(&self.id) {
                            session.pid = self.pid;
                        }
                    });
                }
            }
            tag::backend::READY_FOR_QUERY => {
                let mut setting = Vec::new();
                Query { text: TUNING }.write(&mut setting);
                self.to_server.write_all(&setting).await?;
                self.stage = Stage::Tuning(message);
                return Ok(());
            }
            _ => {}
        }
        Ok(self.to_client.write_all(&message.bytes).await?)
    }

    /// What the gate itself asked for is done.
    async fn go_on(&mut self) -> Result<(), Over> {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Tuning(ready) => {
                self.to_client.write_all(&ready.bytes).await?;
                Ok(())
            }
            Stage::Opening(unit, wrap) => {
                if self.status == TransactionStatus::Open {
                    self.implied = Some(wrap);
                }
                self.send(unit).await
            }
            other => {
                self.stage = other;
                Ok(())
            }
        }
    }

    async fn passed(&mut self, ready: Frame) -> Result<(), Over> {
        if self.implied.is_some() {
            // The Sync behind statements that were flushed one by one.
            let mut answer = Answer::default();
            answer.push(&ready);
            return self.implied_ran(answer, false).await;
        }
        self.stage = Stage::Idle;
        let is_open = self.status != TransactionStatus::Idle;
        self.local.shared.change(|state| state.passed(self.id, is_open));
        self.to_client.write_all(&ready.bytes).await?;
        Ok(())
    }

    async fn working(&mut self, message: Frame) -> Result<(), Over> {
        use tag::backend as b;
        let Stage::Working(working) = &mut self.stage else { return Ok(()) };
        if working.is_streaming {
            working.answer.note(&message);
            self.to_client.write_all(&message.bytes).await?;
        } else {
            working.answer.push(&message);
        }
        let is_end = match working.until {
            Until::Ready => message.tag == b::READY_FOR_QUERY,
            _ => matches!(
                message.tag,
                b::COMMAND_COMPLETE
                    | b::EMPTY_QUERY_RESPONSE
                    | b::PORTAL_SUSPENDED
                    | b::ERROR_RESPONSE
            ),
        };
        let begins_copy = matches!(
            message.tag,
            b::COPY_IN_RESPONSE | b::COPY_OUT_RESPONSE | b::COPY_BOTH_RESPONSE
        );
        if begins_copy && !working.is_streaming {
            working.is_streaming = true;
            let so_far = std::mem::take(&mut working.answer);
            self.to_client.write_all(&so_far.bytes).await?;
        } else if is_end {
            let Stage::Working(working) = std::mem::replace(&mut self.stage, Stage::Idle) else {
                return Ok(());
            };
            return self.ran(working).await;
        }
        Ok(())
    }

    /// The server is done with a unit.
    async fn ran(&mut self, working: Working) -> Result<(), Over> {
        let Working { answer, until, is_simple, .. } = working;
        if until == Until::Ready && self.implied.is_some() {
            return self.implied_ran(answer, is_simple).await;
        }
        self.is_skipping = until == Until::Statement && answer.has_failed();
        self.ended(answer.ending(), Some(answer)).await
    }

    /// A step is over; its answer is delivered now or when its actor's turn has come.
    async fn ended(&mut self, ending: Ending, answer: Option<Answer>) -> Result<(), Over> {
        let is_open = self.status != TransactionStatus::Idle && self.implied.is_none();
        let (id, answer) = (self.id, answer.unwrap_or_default());
        if self.local.shared.change(|state| state.complete(id, ending, is_open)) {
            self.stage = Stage::Idle;
            self.deliver(&answer).await?;
            return Ok(());
        }
        self.stage = Stage::Answered(answer);
        Ok(())
    }

    /// A statement inside an implied transaction is over: its commit comes next.
    async fn implied_ran(&mut self, mut answer: Answer, is_simple: bool) -> Result<(), Over> {
        let wrap = self.implied.unwrap_or(Wrap::Always);
        match self.status {
            TransactionStatus::Idle => {
                self.implied = None;
                self.ended(answer.ending(), Some(answer)).await
            }
            TransactionStatus::Failed => {
                answer.say_idle();
                self.close_implied("ROLLBACK", answer, is_simple).await
            }
            TransactionStatus::Open => {
                answer.say_idle();
                let is_worth_holding = !self.cuts_after
                    && (wrap == Wrap::Always || self.local.control.has_written(self.pid).await);
                if !is_worth_holding {
                    return self.close_implied("COMMIT", answer, is_simple).await;
                }
                let mut commit = self.step(StepKind::Commit, Some(&"COMMIT".into()));
                commit.implied = true;
                let (id, ending) = (self.id, answer.ending());
                let change =
                    |state: &mut super::state::State| state.complete_before(id, ending, commit);
                if self.local.shared.change(change) {
                    self.stage = Stage::HeldCommit(answer, is_simple);
                    return Ok(());
                }
                self.close_implied("COMMIT", answer, is_simple).await
            }
        }
    }

    async fn close_implied(
        &mut self,
        sql: &str,
        answer: Answer,
        is_simple: bool,
    ) -> Result<(), Over> {
        self.to_server.write_all(&implied::run(sql)).await?;
        let is_commit = sql == "COMMIT";
        self.stage = Stage::Ending(Closing { answer, is_simple, error: None, is_commit });
        Ok(())
    }

    async fn implied_closed(&mut self) -> Result<(), Over> {
        let Stage::Ending(closing) = std::mem::replace(&mut self.stage, Stage::Idle) else {
            return Ok(());
        };
        let Closing { mut answer, is_simple, error, is_commit } = closing;
        self.implied = None;
        let ending = match (is_commit, &error) {
            (true, Some(error)) => {
                answer.commit_failed(error, is_simple);
                failed(error)
            }
            (true, None) => Ending::Done("COMMIT".to_owned()),
            (false, _) => answer.ending(),
        };
        self.ended(ending, Some(answer)).await
    }
}
