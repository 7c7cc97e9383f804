//! What the server answered to one step, kept until it may be delivered.
//!
//! **Invariant**: bytes are delivered as they came, except the state in the last ReadyForQuery and,
//! when the held commit failed, what the server itself would have left out.

use std::ops::Range;

use proofmark_wire::backend::{CommandComplete, ErrorFields, ReadyForQuery};
use proofmark_wire::{TransactionStatus, tag};

use super::batch::Frame;
use super::step::Ending;

/// The answer so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// Where the last CommandComplete is.
    complete: Option<Range<usize>>,
    /// Where the ReadyForQuery is.
    ready: Option<Range<usize>>,
    ending: Option<Ending>,
}

impl Answer {
    pub(super) fn push(&mut self, frame: &Frame) {
        let range = self.bytes.len()..self.bytes.len() + frame.bytes.len();
        self.bytes.extend_from_slice(&frame.bytes);
        match frame.tag {
            tag::backend::COMMAND_COMPLETE => self.complete = Some(range),
            tag::backend::READY_FOR_QUERY => self.ready = Some(range),
            _ => {}
        }
        self.note(frame);
    }

    /// Takes note of how it ended, without keeping the bytes.
    pub(super) fn note(&mut self, frame: &Frame) {
        match frame.tag {
            tag::backend::ERROR_RESPONSE => self.ending = Some(failed(frame)),
            tag::backend::COMMAND_COMPLETE if !self.has_failed() => {
                let command = CommandComplete::parse(frame.body()).map(|complete| complete.command);
                let command = String::from_utf8_lossy(command.unwrap_or_default()).into_owned();
                self.ending = Some(Ending::Done(command));
            }
            _ => {}
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.ending, Some(Ending::Failed { .. }))
    }

    pub(super) fn ending(&self) -> Ending {
        self.ending.clone().unwrap_or_else(|| Ending::Done(String::new()))
    }

    /// Says that no transaction is open, as the client believes.
    pub(super) fn say_idle(&mut self) {
        if let Some(ready) = self.ready.take() {
            self.bytes.truncate(ready.start);
            ReadyForQuery { status: TransactionStatus::Idle }.write(&mut self.bytes);
            self.ready = Some(ready.start..self.bytes.len());
        }
    }

    /// Puts the error of the commit where the server would have: a simple Query's CommandComplete
    /// is only sent behind the commit, that of an Execute before it.
    pub(super) fn commit_failed(&mut self, error: &Frame, is_simple: bool) {
        if let Some(ready) = self.ready.take() {
            self.bytes.truncate(ready.start);
        }
        if let (true, Some(complete)) = (is_simple, self.complete.take())
            && complete.end == self.bytes.len()
        {
            self.bytes.truncate(complete.start);
        }
        self.bytes.extend_from_slice(&error.bytes);
        ReadyForQuery { status: TransactionStatus::Idle }.write(&mut self.bytes);
    }
}

/// The ending that an ErrorResponse tells.
pub(super) fn failed(frame: &Frame) -> Ending {
    let fields = ErrorFields::new(frame.body());
    Ending::Failed {
        sqlstate: fields.sqlstate().unwrap_or("?????").to_owned(),
        message: String::from_utf8_lossy(fields.message().unwrap_or_default()).into_owned(),
    }
}
