//! How a question goes.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::value::Slug;

/// Holds a question up until a test opens it.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.0.close();
    }

    pub(super) async fn pass(&self) {
        // A closed semaphore gives an error at once, an open one without permits never anything.
        drop(self.0.acquire().await);
    }
}

/// How the fake goes about a question.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// It does what is asked.
    Succeed,
    /// It does not, this time.
    Decline(Slug),
    /// It does not, at all.
    Fail(Slug),
    /// The customer must act first.
    RequireAction,
    /// It will tell later.
    Pend,
    /// It does nothing, and does not answer.
    TimeOutBefore,
    /// It does what is asked, and does not answer.
    TimeOutAfter,
    /// It does what is asked when the gate is opened.
    HoldBefore(Gate),
    /// It does what is asked, and answers when the gate is opened.
    HoldAfter(Gate),
}
