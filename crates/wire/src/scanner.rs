//! Finds messages in a stream of bytes without holding them.
//!
//! In go chunks of any size, out come [`Message`]s: tag, length, and as much of the body as the
//! [`Interest`] in that tag asks for. A message nobody is interested in costs a few nanoseconds,
//! whatever its length. Main type: [`Scanner`].
//!
//! **Invariant**: it holds at most the largest prefix asked for, and a stream that makes no sense
//! stops the looking ([`Scanner::is_lost`]), never the caller.

/// Length of tag and length field.
const HEADER_LENGTH: usize = 5;
/// A captured body's buffer is given back when it grew beyond this.
const BUFFER_KEPT_MAX: usize = 4096;

/// How much of each message's body is wanted, by tag.
#[derive(Debug, Clone)]
pub struct Interest {
    wanted: [Option<u32>; 256],
}

impl Interest {
    /// Interest in nothing.
    pub const fn none() -> Self {
        Self { wanted: [None; 256] }
    }

    /// Adds interest in messages with this tag: 0 bytes to learn that there was one, otherwise a
    /// prefix of the body of at most so many bytes.
    #[must_use]
    pub const fn with(mut self, tag: u8, prefix_bytes: u32) -> Self {
        self.wanted[tag as usize] = Some(prefix_bytes);
        self
    }
}

/// A message that somebody is interested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its tag.
    pub tag: u8,
    /// Length of the whole body in bytes.
    pub body_length: usize,
    /// The body's beginning, as far as it was asked for.
    pub body: &'a [u8],
}

impl Message<'_> {
    /// Whether the body goes on beyond what is shown.
    pub fn is_cut(&self) -> bool {
        self.body.len() < self.body_length
    }
}

#[derive(Debug)]
enum Position {
    /// Between messages, with so many bytes of a header.
    Header { bytes: [u8; HEADER_LENGTH], filled: usize },
    /// Inside a message whose body is being captured.
    Capture { tag: u8, body_length: usize, wanted: usize },
    /// Inside a message of which nothing more is wanted.
    Skip { left: usize },
    /// The stream made no sense.
    Lost,
}

const BETWEEN: Position = Position::Header { bytes: [0; HEADER_LENGTH], filled: 0 };

/// Reads one direction of a session.
#[derive(Debug)]
pub struct Scanner {
    interest: &'static Interest,
    position: Position,
    captured: Vec<u8>,
}

impl Scanner {
    /// A scanner at the first byte of a tagged message.
    pub fn new(interest: &'static Interest) -> Self {
        Self { interest, position: BETWEEN, captured: Vec::new() }
    }

    /// Whether the stream held a length that no message can have. Nothing is found any more.
    pub fn is_lost(&self) -> bool {
        matches!(self.position, Position::Lost)
    }

    /// Whether the last byte seen was the last of a message.
    pub fn is_between_messages(&self) -> bool {
        matches!(self.position, Position::Header { filled: 0, .. })
    }

    /// Looks at the next bytes of the stream and calls `found` for every message that somebody is
    /// interested in, as soon as its wanted prefix is complete.
    #[inline]
    pub fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Message<'_>)) {
        while !bytes.is_empty() {
            match &mut self.position {
                Position::Header { filled: 0, .. } if bytes.len() >= HEADER_LENGTH => {
                    bytes = self.whole_header(bytes, &mut found);
                }
                Position::Header { .. } => bytes = self.split_header(bytes, &mut found),
                Position::Capture { .. } => bytes = self.capture(bytes, &mut found),
                Position::Skip { left } => {
                    let skipped = bytes.len().min(*left);
                    *left -= skipped;
                    if *left == 0 {
                        self.position = BETWEEN;
                    }
                    bytes = &bytes[skipped..];
                }
                Position::Lost => return,
            }
        }
    }

    /// The fast path: header, and mostly the body too, lie in one chunk.
    #[inline]
    fn whole_header<'a>(
        &mut self,
        bytes: &'a [u8],
        found: &mut impl FnMut(Message<'_>),
    ) -> &'a [u8] {
        let tag = bytes[0];
        let length = u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        let rest = &bytes[HEADER_LENGTH..];
        let Some(body_length) = body_length(length) else {
            self.position = Position::Lost;
            return &[];
        };
        let Some(prefix) = self.interest.wanted[usize::from(tag)] else {
            return self.skip(rest, body_length);
        };
        let wanted = (prefix as usize).min(body_length);
        if let Some(body) = rest.get(..wanted) {
            found(Message { tag, body_length, body });
            return self.skip(rest, body_length);
        }
        self.captured.extend_from_slice(rest);
        self.position = Position::Capture { tag, body_length, wanted };
        &[]
    }

    fn split_header<'a>(
        &mut self,
        chunk: &'a [u8],
        found: &mut impl FnMut(Message<'_>),
    ) -> &'a [u8] {
        let Position::Header { bytes, filled } = &mut self.position else { return chunk };
        let taken = chunk.len().min(HEADER_LENGTH - *filled);
        bytes[*filled..*filled + taken].copy_from_slice(&chunk[..taken]);
        *filled += taken;
        if *filled == HEADER_LENGTH {
            let header = *bytes;
            self.position = BETWEEN;
            self.whole_header(&header, found);
        }
        &chunk[taken..]
    }

    fn capture<'a>(&mut self, chunk: &'a [u8], found: &mut impl FnMut(Message<'_>)) -> &'a [u8] {
        let Position::Capture { tag, body_length, wanted } = self.position else { return chunk };
        let taken = chunk.len().min(wanted - self.captured.len());
        self.captured.extend_from_slice(&chunk[..taken]);
        if self.captured.len() == wanted {
            found(Message { tag, body_length, body: &self.captured });
            self.captured.clear();
            self.captured.shrink_to(BUFFER_KEPT_MAX);
            self.position = after(body_length - wanted);
        }
        &chunk[taken..]
    }

    #[inline]
    fn skip<'a>(&mut self, rest: &'a [u8], body_length: usize) -> &'a [u8] {
        let skipped = rest.len().min(body_length);
        self.position = after(body_length - skipped);
        &rest[skipped..]
    }
}

#[inline]
fn after(left: usize) -> Position {
    if left == 0 { BETWEEN } else { Position::Skip { left } }
}

/// The body's length, unless no message can have it: the field counts itself and is signed.
#[inline]
fn body_length(length: u32) -> Option<usize> {
    let length = i32::try_from(length).ok()?;
    usize::try_from(length.checked_sub(4)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    static INTEREST: Interest = Interest::none().with(b'Q', 8).with(b'S', 0).with(b'E', 100);

    fn scan<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<(u8, usize, Vec<u8>)>, bool) {
        let mut scanner = Scanner::new(&INTEREST);
        let mut seen = Vec::new();
        for chunk in chunks {
            scanner.feed(chunk, |message| {
                seen.push((message.tag, message.body_length, message.body.to_vec()));
            });
        }
        (seen, scanner.is_lost())
    }

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        crate::frame(&mut out, tag, |bytes| bytes.extend_from_slice(body));
        out
    }

    #[test]
    fn only_interesting_messages_are_found_and_bodies_are_cut() {
        let stream =
            [message(b'd', &[1; 100]), message(b'Q', b"select 12345\0"), message(b'S', b"x")];
        let (seen, lost) = scan([stream.concat().as_slice()]);
        assert_eq!(seen, [(b'Q', 13, b"select 1".to_vec()), (b'S', 1, Vec::new())]);
        assert!(!lost);
    }

    #[test]
    fn a_message_of_a_gigabyte_is_never_held() {
        let mut scanner = Scanner::new(&INTEREST);
        let mut header = vec![b'E'];
        header.extend_from_slice(&1_000_000_004_u32.to_be_bytes());
        let mut seen = 0;
        scanner.feed(&header, |_| seen += 1);
        let chunk = vec![0; 1_000_000];
        for _ in 0..1_000 {
            assert!(!scanner.is_between_messages());
            scanner.feed(&chunk, |message| seen += message.body.len());
        }
        assert_eq!(seen, 100);
        assert!(scanner.is_between_messages());
        assert!(scanner.captured.capacity() <= BUFFER_KEPT_MAX);
    }

    #[test]
    fn an_impossible_length_stops_the_looking() {
        for length in [0_u32, 3, 0x8000_0000, u32::MAX] {
            let mut stream = vec![b'Q'];
            stream.extend_from_slice(&length.to_be_bytes());
            stream.extend_from_slice(&message(b'S', b""));
            assert_eq!(scan([stream.as_slice()]), (Vec::new(), true));
        }
    }

    #[test]
    fn an_empty_body_is_found_at_its_header() {
        let stream = message(b'E', b"");
        assert_eq!(scan([&stream[..4], &stream[4..]]).0, [(b'E', 0, Vec::new())]);
    }
}
