//! The messages of a server that have no body.
//!
//! **Invariant**: five bytes each.

use crate::frame::frame;
use crate::tag;

/// A message without a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// Parse succeeded.
    ParseComplete,
    /// Bind succeeded.
    BindComplete,
    /// Close succeeded.
    CloseComplete,
    /// The statement returns no rows.
    NoData,
    /// The statement was empty.
    EmptyQueryResponse,
    /// Execute stopped at its row limit.
    PortalSuspended,
}

impl Empty {
    /// Appends the message.
    pub fn write(self, out: &mut Vec<u8>) {
        use tag::backend as b;
        let tag = match self {
            Self::ParseComplete => b::PARSE_COMPLETE,
            Self::BindComplete => b::BIND_COMPLETE,
            Self::CloseComplete => b::CLOSE_COMPLETE,
            Self::NoData => b::NO_DATA,
            Self::EmptyQueryResponse => b::EMPTY_QUERY_RESPONSE,
            Self::PortalSuspended => b::PORTAL_SUSPENDED,
        };
        frame(out, tag, |_| {});
    }
}
