//! The queue of what the server still owes.
//!
//! In go expectations in the order sent; out they come in the order paid. Main type: [`Queue`].
//!
//! **Invariant**: it holds at most [`LENGTH_MAX`] entries and [`TEXT_BYTES_MAX`] of text. Beyond
//! that it forgets all of them and only counts the ReadyForQuery that are owed, until none is.

use std::collections::VecDeque;
use std::sync::Arc;

use super::prepared::NameId;

/// Entries that are kept; drivers pipeline some thousands at most.
const LENGTH_MAX: usize = 16_384;
/// Bytes of statement text that are kept for entries not yet paid.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// What an answer must pay for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Query {
        text: Arc<[u8]>,
    },
    Parse {
        statement: NameId,
        text: Arc<[u8]>,
    },
    Bind {
        portal: NameId,
        statement: NameId,
    },
    Execute {
        portal: NameId,
    },
    DescribeStatement {
        statement: NameId,
    },
    DescribePortal {
        portal: NameId,
    },
    CloseStatement {
        statement: NameId,
    },
    ClosePortal {
        portal: NameId,
    },
    FunctionCall,
    Sync,
    /// Not owed anything: marks where the client ended its COPY data.
    CopyEnd,
}

impl Expected {
    pub(super) fn query(text: &[u8]) -> Self {
        Self::Query { text: text.into() }
    }

    pub(super) fn parse(statement: NameId, text: &[u8]) -> Self {
        Self::Parse { statement, text: text.into() }
    }

    fn is_paid_by_ready(&self) -> bool {
        matches!(self, Self::Query { .. } | Self::FunctionCall | Self::Sync)
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::Query { text } | Self::Parse { text, .. } => text.len(),
            _ => 0,
        }
    }
}

/// How far the queue can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueState {
    /// Nothing is owed.
    Empty,
    /// Something is owed, and it is known what.
    Owing,
    /// More was sent ahead than is kept; errors are not attributed until the server caught up.
    Overflowed,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: VecDeque<Expected>,
    text_bytes: usize,
    /// The server drops everything that is sent until a Sync.
    dropping: bool,
    /// The server takes COPY data; the client has not ended it yet, so it also drops Syncs.
    copying: bool,
    /// Set while overflowed: how many ReadyForQuery are owed.
    ready_owed: Option<u64>,
}

impl Queue {
    pub(super) fn state(&self) -> QueueState {
        match (self.ready_owed, self.entries.is_empty()) {
            (Some(_), _) => QueueState::Overflowed,
            (None, true) => QueueState::Empty,
            (None, false) => QueueState::Owing,
        }
    }

    /// Whether the server will be ready when it has answered what was sent.
    pub(super) fn will_be_ready(&self) -> bool {
        let last = self.entries.iter().rev().find(|entry| **entry != Expected::CopyEnd);
        self.ready_owed.is_none()
            && !self.copying
            && !self.dropping
            && last.is_some_and(Expected::is_paid_by_ready)
    }

    #[inline]
    pub(super) fn push(&mut self, expected: Expected) {
        if let Some(owed) = &mut self.ready_owed {
            *owed += u64::from(expected.is_paid_by_ready());
            return;
        }
        if self.dropping {
            if expected != Expected::Sync {
                return;
            }
            self.dropping = false;
        }
        if self.copying {
            match expected {
                Expected::CopyEnd => self.copying = false,
                Expected::Sync => return,
                _ => {}
            }
        }
        if expected == Expected::CopyEnd && self.entries.is_empty() {
            return;
        }
        self.text_bytes += expected.text_bytes();
        self.entries.push_back(expected);
        if self.entries.len() > LENGTH_MAX || self.text_bytes > TEXT_BYTES_MAX {
            self.overflow();
        }
    }

    fn overflow(&mut self) {
        let owed = self.entries.iter().filter(|entry| entry.is_paid_by_ready()).count();
        *self = Self { ready_owed: Some(owed as u64), ..Self::default() };
    }

    /// What must be paid next.
    #[inline]
    pub(super) fn front(&mut self) -> Option<&Expected> {
        while self.entries.front() == Some(&Expected::CopyEnd) {
            self.entries.pop_front();
        }
        self.entries.front()
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Expected> {
        let paid = self.entries.pop_front()?;
        self.text_bytes -= paid.text_bytes();
        Some(paid)
    }

    /// Takes the front if it is what was just paid; an answer that fits nothing changes nothing.
    #[inline]
    pub(super) fn pay(&mut self, fits: impl Fn(&Expected) -> bool) -> Option<Expected> {
        if self.front().is_some_and(fits) { self.pop() } else { None }
    }

    /// The server began to take COPY data for the front.
    pub(super) fn copy_began(&mut self) {
        let end = self.entries.iter().position(|entry| *entry == Expected::CopyEnd);
        self.copying = end.is_none() && !self.entries.is_empty();
        let mut index = 0;
        let end = end.unwrap_or(self.entries.len());
        self.entries.retain(|entry| {
            index += 1;
            index > end || *entry != Expected::Sync
        });
    }

    /// The server takes no more COPY data.
    #[inline]
    pub(super) fn copy_ended(&mut self) {
        self.copying = false;
    }

    /// The front failed: in the extended protocol everything up to the next Sync is dropped.
    pub(super) fn failed(&mut self) {
        if self.front().is_none_or(Expected::is_paid_by_ready) {
            return;
        }
        while let Some(entry) = self.entries.front() {
            if *entry == Expected::Sync {
                return;
            }
            self.pop();
        }
        self.dropping = true;
    }

    /// The server is ready: the command at the front is paid.
    #[inline]
    pub(super) fn ready(&mut self) {
        if let Some(owed) = &mut self.ready_owed {
            *owed = owed.saturating_sub(1);
            if *owed == 0 {
                self.ready_owed = None;
            }
            return;
        }
        self.dropping = false;
        while let Some(paid) = self.pop() {
            if paid.is_paid_by_ready() {
                break;
            }
        }
        self.front();
    }
}
