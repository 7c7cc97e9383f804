//! What a server says to a client that it lets in, kept to be said again.
//!
//! In go the server's first bytes, out comes a [`Greeting`] that can be told to another client,
//! with another cancel key. Main types: [`Opening`], [`Greeting`].
//!
//! **Invariant**: a greeting is known only where the server let the client in without a question,
//! and it is told as it came, but for the secret of the cancel key.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use proofmark_wire::backend::{Authentication, BackendKeyData, ParameterStatus};
use proofmark_wire::tag;

/// A greeting is about 500 bytes long.
const LENGTH_MAX: usize = 64 * 1024;

/// A server's greeting, while it comes and when it has.
#[derive(Debug)]
pub(crate) enum Opening {
    /// So far.
    Coming(Vec<u8>),
    Known(Rc<Greeting>),
    /// Nothing that could be said again.
    Unusable,
}

/// A server's greeting.
#[derive(Debug, Clone)]
pub(crate) struct Greeting {
    /// Messages before the cancel key.
    before: Vec<u8>,
    /// The body of BackendKeyData.
    pub(crate) key: Vec<u8>,
    /// Messages behind it, the ReadyForQuery included.
    behind: Vec<u8>,
    /// The settings that the server tells.
    settings: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Opening {
    /// Looks at what the server sent.
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        let Self::Coming(so_far) = self else { return };
        so_far.extend_from_slice(bytes);
        match Greeting::read(so_far) {
            Reading::Whole(greeting) => *self = Self::Known(Rc::new(greeting)),
            Reading::Needs if so_far.len() < LENGTH_MAX => {}
            Reading::Needs | Reading::Odd => *self = Self::Unusable,
        }
    }

    pub(crate) fn known(&self) -> Option<&Rc<Greeting>> {
        match self {
            Self::Known(greeting) => Some(greeting),
            _ => None,
        }
    }

    /// Whether nothing more of a greeting is to come.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self, Self::Coming(_))
    }
}

enum Reading {
    Whole(Greeting),
    Needs,
    Odd,
}

impl Greeting {
    fn read(bytes: &[u8]) -> Reading {
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        let mut key = None;
        let mut settings = BTreeMap::new();
        let mut was_let_in = false;
        let mut rest = bytes;
        while let Some((header, _)) = rest.split_first_chunk::<5>() {
            let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
            let Some(length) = usize::try_from(length).ok().filter(|length| *length >= 4) else {
                return Reading::Odd;
            };
            let Some((message, next)) = rest.split_at_checked(length + 1) else { break };
            let body = &message[5..];
            match header[0] {
                tag::backend::AUTHENTICATION => {
                    was_let_in = matches!(Authentication::parse(body), Ok(Authentication::Ok));
                    if !was_let_in {
                        return Reading::Odd;
                    }
                }
                tag::backend::PARAMETER_STATUS => {
                    let Ok(status) = ParameterStatus::parse(body) else { return Reading::Odd };
                    settings.insert(status.name.to_vec(), status.value.to_vec());
                }
                tag::backend::BACKEND_KEY_DATA => {
                    if key.is_some() || BackendKeyData::parse(body).is_err() {
                        return Reading::Odd;
                    }
                    key = Some(body.to_vec());
                    rest = next;
                    continue;
                }
                tag::backend::READY_FOR_QUERY => {
                    behind.extend_from_slice(message);
                    let Some(key) = key.filter(|_| was_let_in && body == b"I") else {
                        return Reading::Odd;
                    };
                    return Reading::Whole(Self { before, key, behind, settings });
                }
                tag::backend::NEGOTIATE_PROTOCOL_VERSION | tag::backend::NOTICE_RESPONSE => {}
                _ => return Reading::Odd,
            }
            let kept = if key.is_none() { &mut before } else { &mut behind };
            kept.extend_from_slice(message);
            rest = next;
        }
        Reading::Needs
    }

    /// The process id of the backend.
    pub(crate) fn process(&self) -> i32 {
        BackendKeyData::parse(&self.key).map_or(0, |key| key.process)
    }

    /// The first number of the server's version.
    pub(crate) fn server_major(&self) -> u32 {
        let version = self.settings.get(&b"server_version"[..]).map(Vec::as_slice);
        let text = String::from_utf8_lossy(version.unwrap_or_default());
        let digits = text.find(|byte: char| !byte.is_ascii_digit()).unwrap_or(text.len());
        text[..digits].parse().unwrap_or(0)
    }

    /// The greeting for another client, with a key of its own.
    pub(crate) fn again(&self) -> Vec<u8> {
        let process = self.process();
        let secret = secret(self.key.len() - 4);
        let mut out = self.before.clone();
        BackendKeyData { process, secret: &secret }.write(&mut out);
        out.extend_from_slice(&self.behind);
        out
    }

    /// Whether a setting has the value that it had at the start.
    pub(crate) fn is_setting(&self, name: &[u8], value: &[u8]) -> bool {
        self.settings.get(name).is_some_and(|at_start| at_start == value)
    }
}

/// A secret that nobody can guess: a keyed hash whose key is the system's.
fn secret(length: usize) -> Vec<u8> {
    let state = RandomState::new();
    let words = (0..length.div_ceil(8)).map(|index| state.hash_one(index).to_be_bytes());
    words.flatten().take(length).collect()
}

/// A number between -1 and 1, drawn the same way.
pub(super) fn seed() -> f64 {
    let drawn = RandomState::new().hash_one(0_u8) >> 34;
    // 30 bits fit a double exactly.
    f64::from(u32::try_from(drawn).unwrap_or(0)) / f64::from(1_u32 << 29) - 1.0
}

#[cfg(test)]
mod tests {
    use proofmark_wire::TransactionStatus;
    use proofmark_wire::backend::ReadyForQuery;

    use super::*;

    fn greeting(secret: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Authentication::write_ok(&mut bytes);
        ParameterStatus { name: b"server_version", value: b"18.1 (x)" }.write(&mut bytes);
        BackendKeyData { process: 77, secret }.write(&mut bytes);
        ReadyForQuery { status: TransactionStatus::Idle }.write(&mut bytes);
        bytes
    }

    #[test]
    fn a_greeting_is_known_when_it_is_whole() {
        let bytes = greeting(&[1, 2, 3, 4]);
        let mut opening = Opening::Coming(Vec::new());
        for byte in &bytes {
            assert!(opening.known().is_none());
            opening.received(&[*byte]);
        }
        let known = opening.known().expect("it is whole");
        assert_eq!((known.process(), known.server_major()), (77, 18));
        assert!(known.is_setting(b"server_version", b"18.1 (x)"));
        assert!(!known.is_setting(b"TimeZone", b"UTC"));
    }

    #[test]
    fn another_client_gets_another_key_of_the_same_length() {
        for length in [4, 32] {
            let bytes = greeting(&vec![0; length]);
            let mut opening = Opening::Coming(Vec::new());
            opening.received(&bytes);
            let again = opening.known().expect("it is whole").again();
            assert_eq!(again.len(), bytes.len());
            assert_ne!(again, bytes);
            let mut opening = Opening::Coming(Vec::new());
            opening.received(&again);
            assert_eq!(opening.known().expect("it is whole").process(), 77);
        }
    }

    #[test]
    fn a_server_that_asks_for_a_password_is_not_greeted_from_again() {
        let mut opening = Opening::Coming(Vec::new());
        opening.received(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]);
        assert!(opening.is_over() && opening.known().is_none());
    }

    #[test]
    fn seeds_are_what_the_server_takes() {
        for _ in 0..1_000 {
            assert!((-1.0..=1.0).contains(&seed()));
        }
    }
}
