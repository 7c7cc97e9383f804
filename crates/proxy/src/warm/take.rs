//! Gives a client a backend that is ready, if there is one.
//!
//! In goes a fit, out comes a backend that has just answered. Main function: [`take`].
//!
//! **Invariant**: a backend that does not answer as it should is closed, and the next one tried.

use std::rc::Rc;

use proofmark_wire::frontend::Query;
use proofmark_wire::{frame, tag};

use super::exchange::exchange;
use super::{Backend, Fit};
use crate::frontend::TEST_SETTING;
use crate::shared::Shared;

/// A backend for a client, and what the client is greeted with.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) backend: Backend,
    pub(crate) greeting: Vec<u8>,
}

/// A backend that fits, ready for a client whose test has this name in its startup message.
pub(crate) async fn take(shared: &Rc<Shared>, fit: &Fit, test: Option<&[u8]>) -> Option<Taken> {
    loop {
        let mut backend = shared.warm.take(fit).await?;
        let question = question(test);
        if exchange(&mut backend.server, &question, 1, |_| {}).await.is_ok() {
            backend.past.uses += 1;
            let greeting = backend.greeting.again();
            return Some(Taken { backend, greeting });
        }
        shared.warm.close(backend);
    }
}

/// The least that a server answers; or, where the startup message names a test, its new name, which
/// is all in which the message differs from that of the backend.
fn question(test: Option<&[u8]>) -> Vec<u8> {
    let mut question = Vec::new();
    let Some(test) = test else {
        frame(&mut question, tag::frontend::SYNC, |_| {});
        return question;
    };
    let mut text = format!("SET {TEST_SETTING} = E'").into_bytes();
    for byte in test {
        if matches!(byte, b'\'' | b'\\') {
            text.push(*byte);
        }
        text.push(*byte);
    }
    text.push(b'\'');
    Query { text: &text }.write(&mut question);
    question
}
