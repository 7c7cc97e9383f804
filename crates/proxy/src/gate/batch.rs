//! Collects what a client sends until it waits for an answer, and cuts it into units.
//!
//! In go messages, out come [`Unit`]s: what can be sent at once. A batch is whole at Query, Sync,
//! Flush or FunctionCall; one with several Executes is cut behind each, and a Flush is put there so
//! that the server answers.
//!
//! **Invariant**: everything that was collected is sent, once and in order.

use std::collections::HashMap;
use std::sync::Arc;

use proofmark_wire::frontend::{Bind, Close, Execute, Parse, Query, Target};
use proofmark_wire::{frame, tag};

/// A tag and a length.
const HEADER: usize = 5;
/// Longer messages are no messages (`PQ_LARGE_MESSAGE_LIMIT` is 1 GiB).
const LENGTH_MAX: usize = 1 << 30;

/// A whole message.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) tag: u8,
    pub(super) bytes: Vec<u8>,
}

impl Frame {
    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[HEADER..]
    }
}

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub(super) struct Frames {
    pub(super) buffer: Vec<u8>,
}

/// The stream makes no sense.
#[derive(Debug)]
pub(super) struct NoMessage;

impl Frames {
    /// The next whole message, if one has arrived.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, NoMessage> {
        let Some(header) = self.buffer.first_chunk::<HEADER>() else { return Ok(None) };
        let [tag, length @ ..] = *header;
        let length = u32::from_be_bytes(length) as usize;
        if !(4..=LENGTH_MAX).contains(&length) {
            return Err(NoMessage);
        }
        if self.buffer.len() <= length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(length + 1);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        Ok(Some(Frame { tag, bytes }))
    }
}

/// How the server shows that it is done with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// ReadyForQuery.
    Ready,
    /// The end of the statement: CommandComplete, an error, ...
    Statement,
    /// Not at all.
    Nothing,
}

/// Messages that are sent together.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) bytes: Vec<u8>,
    /// What it runs.
    pub(super) sql: Option<Arc<str>>,
    /// What it prepares.
    pub(super) prepares: Option<Arc<str>>,
    pub(super) until: Until,
    /// It is a simple Query.
    pub(super) is_simple: bool,
}

/// What one client has sent.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pending: Vec<Frame>,
    statements: HashMap<Vec<u8>, Arc<str>>,
    portals: HashMap<Vec<u8>, Arc<str>>,
}

impl Collector {
    /// Takes a message; gives units when it was the last of a batch.
    pub(super) fn push(&mut self, message: Frame) -> Vec<Unit> {
        use tag::frontend as f;
        let is_last = matches!(message.tag, f::QUERY | f::SYNC | f::FLUSH | f::FUNCTION_CALL);
        self.pending.push(message);
        if is_last { self.units() } else { Vec::new() }
    }

    fn units(&mut self) -> Vec<Unit> {
        use tag::frontend as f;
        let batch = std::mem::take(&mut self.pending);
        let mut executes = batch.iter().filter(|message| message.tag == f::EXECUTE).count();
        let mut units = Vec::new();
        let mut unit = Unit::empty();
        for message in batch {
            unit.bytes.extend_from_slice(&message.bytes);
            match message.tag {
                f::QUERY => {
                    unit.sql = Some(text(Query::text(message.body())));
                    unit.is_simple = true;
                }
                f::FUNCTION_CALL => unit.sql = Some("a function call by its number".into()),
                f::PARSE => {
                    let parse = Parse::head(message.body());
                    let sql = text(parse.text);
                    unit.prepares = Some(Arc::clone(&sql));
                    self.statements.insert(parse.name.to_vec(), sql);
                }
                f::BIND => {
                    let bind = Bind::head(message.body());
                    let sql = self.statements.get(bind.statement).cloned();
                    let sql = sql.unwrap_or_else(|| "a statement prepared elsewhere".into());
                    self.portals.insert(bind.portal.to_vec(), sql);
                }
                f::EXECUTE => {
                    let sql = self.portals.get(Execute::portal(message.body())).cloned();
                    unit.sql = Some(sql.unwrap_or_else(|| "a cursor".into()));
                    unit.until = Until::Statement;
                    executes -= 1;
                    if executes > 0 {
                        frame(&mut unit.bytes, f::FLUSH, |_| {});
                        units.push(std::mem::replace(&mut unit, Unit::empty()));
                    }
                }
                f::CLOSE => self.close(message.body()),
                _ => {}
            }
            if matches!(message.tag, f::QUERY | f::SYNC | f::FUNCTION_CALL) {
                unit.until = Until::Ready;
            }
        }
        units.push(unit);
        units
    }

    fn close(&mut self, body: &[u8]) {
        match Close::head(body) {
            Close { target: Target::Statement, name } => self.statements.remove(name),
            Close { target: Target::Portal, name } => self.portals.remove(name),
        };
    }
}

impl Unit {
    fn empty() -> Self {
        let bytes = Vec::new();
        Self { bytes, sql: None, prepares: None, until: Until::Nothing, is_simple: false }
    }
}

fn text(bytes: &[u8]) -> Arc<str> {
    String::from_utf8_lossy(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Write<'a> = &'a dyn Fn(&mut Vec<u8>);

    fn send(messages: &[Write<'_>]) -> Vec<Unit> {
        let mut frames = Frames::default();
        for write in messages {
            write(&mut frames.buffer);
        }
        let mut collector = Collector::default();
        let mut units = Vec::new();
        while let Some(message) = frames.next().expect("whole messages") {
            units.extend(collector.push(message));
        }
        assert!(frames.buffer.is_empty());
        units
    }

    fn run(out: &mut Vec<u8>, name: &[u8]) {
        let bind = Bind {
            portal: b"",
            statement: name,
            parameter_formats: vec![],
            parameters: vec![],
            result_formats: vec![],
        };
        bind.write(out);
        Execute { portal: b"", rows_max: 0 }.write(out);
    }

    fn prepare(out: &mut Vec<u8>, name: &[u8], text: &[u8]) {
        Parse { name, text, parameter_types: vec![] }.write(out);
    }

    fn sync(out: &mut Vec<u8>) {
        frame(out, tag::frontend::SYNC, |_| {});
    }

    #[test]
    fn a_pipeline_is_cut_behind_each_statement() {
        let units = send(&[
            &|out| prepare(out, b"one", b"select 1"),
            &|out| run(out, b"one"),
            &|out| prepare(out, b"", b"select 2"),
            &|out| run(out, b""),
            &sync,
        ]);
        let shown: Vec<_> =
            units.iter().map(|unit| (unit.sql.as_deref().unwrap_or(""), unit.until)).collect();
        assert_eq!(shown, [("select 1", Until::Statement), ("select 2", Until::Ready)]);
        assert!(units[0].bytes.ends_with(&[b'H', 0, 0, 0, 4]));
    }

    #[test]
    fn a_name_is_known_in_a_later_batch() {
        let units =
            send(&[&|out| prepare(out, b"s", b"commit"), &sync, &|out| run(out, b"s"), &sync]);
        assert_eq!(units.len(), 2);
        assert_eq!(units[0].prepares.as_deref(), Some("commit"));
        assert_eq!((units[0].sql.as_deref(), units[1].sql.as_deref()), (None, Some("commit")));
    }

    #[test]
    fn a_length_that_no_message_has_is_refused() {
        let mut frames = Frames { buffer: vec![b'Q', 0, 0, 0, 3, 0] };
        assert!(frames.next().is_err());
    }
}
